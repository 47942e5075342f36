"""The suite that is put before a write, run by Great Expectations: each planted row stops the load."""

from __future__ import annotations

import runpy
from pathlib import Path

import great_expectations as gx
import pandas as pd
import pytest
import sqlalchemy as sa

from support.planted_frames import COLUMNS, PLANTS, Plant, checked

pytestmark = pytest.mark.framework

JOB = """\
import pandas as pd
from sqlalchemy import create_engine

engine = create_engine("sqlite:///{folder}/warehouse.db")
orders = pd.read_csv("{folder}/orders.csv", parse_dates=["started_at", "ended_at", "loaded_at"])
orders.to_sql("orders", engine, schema="mart", if_exists="append", index=False)
"""
OF_FRAMES = [each for each in PLANTS if not each.of_tables]


@pytest.fixture(scope="module")
def job() -> str:
    text = checked(JOB, f"great_expectations=={gx.__version__}\n")
    assert "gx.ExpectationSuite" in text
    return text


def run(text: str, folder: Path) -> None:
    path = folder / "script.py"
    # SQLite knows schemas as files that are attached.
    path.write_text(text.replace("{folder}", str(folder)).replace(', schema="mart"', ""), encoding="utf-8")
    runpy.run_path(str(path))


@pytest.mark.parametrize("plant", OF_FRAMES, ids=[each.name for each in OF_FRAMES])
def test_each_planted_row_stops_the_load(plant: Plant, job: str, tmp_path: Path) -> None:
    frame = pd.DataFrame([dict(each) for each in plant.rows], columns=list(COLUMNS))
    frame.to_csv(tmp_path / "orders.csv", index=False)
    if not plant.fails:
        run(job, tmp_path)
        with sa.create_engine(f"sqlite:///{tmp_path}/warehouse.db").connect() as connection:
            assert connection.execute(sa.text("SELECT COUNT(*) FROM orders")).scalar() == len(frame)
        return
    with pytest.raises(ValueError, match="fails its checks"):
        run(job, tmp_path)
    with sa.create_engine(f"sqlite:///{tmp_path}/warehouse.db").connect() as connection:
        assert not sa.inspect(connection).has_table("orders")
