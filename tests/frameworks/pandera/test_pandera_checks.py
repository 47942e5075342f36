"""The schema that is put before a write, run by pandera: clean rows are written, each planted row stops the load."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pandera.errors
import pytest
import sqlalchemy as sa

from frameworks.proving import Script
from support.planted_frames import COLUMNS, PLANTS, Plant, checked

pytestmark = pytest.mark.framework

JOB = """\
import pandas as pd
from sqlalchemy import create_engine

engine = create_engine("sqlite:///{folder}/warehouse.db")
orders = pd.read_csv("{folder}/orders.csv", parse_dates=["started_at", "ended_at", "loaded_at"])
orders.to_sql("orders", engine, schema="mart", if_exists="append", index=False)
"""


@pytest.fixture(scope="module")
def job() -> str:
    return checked(JOB)


def run(text: str, folder: Path) -> None:
    path = folder / "script.py"
    # SQLite knows schemas as files that are attached.
    path.write_text(text.replace("{folder}", str(folder)).replace(', schema="mart"', ""), encoding="utf-8")
    runpy.run_path(str(path))


def loaded(folder: Path) -> int:
    with sa.create_engine(f"sqlite:///{folder}/warehouse.db").connect() as connection:
        if not sa.inspect(connection).has_table("orders"):
            return 0
        return int(connection.execute(sa.text("SELECT COUNT(*) FROM orders")).scalar() or 0)


@pytest.mark.parametrize("plant", PLANTS, ids=[each.name for each in PLANTS])
def test_each_planted_row_stops_the_load(plant: Plant, job: str, tmp_path: Path) -> None:
    frame = pd.DataFrame([dict(each) for each in plant.rows], columns=list(COLUMNS))
    frame.to_csv(tmp_path / "orders.csv", index=False)
    if not plant.fails:
        run(job, tmp_path)
        assert loaded(tmp_path) == len(frame)
        return
    with pytest.raises(pandera.errors.SchemaErrors) as raised:
        run(job, tmp_path)
    told = raised.value.failure_cases
    columns = {str(each) for each in told["column"].dropna()} | {str(each) for each in told["check"].dropna()}
    assert any(name in plant.fails or plant.fails in name for name in columns), told
    assert loaded(tmp_path) == 0
    # Without the schema the same rows are written, and nobody is told.
    run(JOB, tmp_path)
    assert loaded(tmp_path) == len(frame)


DROPS = """\
import pandas as pd
import pandera.pandas as pa

schema = pa.DataFrameSchema({"amount": pa.Column(float, pa.Check.ge(0))}, drop_invalid_rows=True)


def load(orders: pd.DataFrame) -> pd.DataFrame:
    return schema.validate(orders, lazy=True)
"""


def test_a_schema_that_drops_rows_says_nothing() -> None:
    assert Script(DROPS).found("quality/rows-dropped-silently").variant == "schema"
    made: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {}
    exec(DROPS, made)
    assert len(made["load"](pd.DataFrame({"amount": [1.0, -1.0, -2.0]}))) == 1
