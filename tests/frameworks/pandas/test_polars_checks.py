"""The query that is put before a write of polars: clean rows are written, each planted row stops the load."""

from __future__ import annotations

import runpy
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from support.planted_frames import COLUMNS, PLANTS, Plant, checked

pytestmark = pytest.mark.framework

JOB = """\
import polars as pl

orders = pl.read_parquet("{folder}/orders.parquet")
orders.write_database("mart.orders", "sqlite:///{folder}/warehouse.db", if_table_exists="append")
"""
TYPES = {
    **dict.fromkeys(("order_id", "customer_id", "age"), pl.Int64),
    **dict.fromkeys(("email", "status"), pl.String),
    **dict.fromkeys(("started_at", "ended_at", "loaded_at"), pl.Datetime),
    "discount_pct": pl.Float64,
}
OF_FRAMES = [each for each in PLANTS if not each.of_tables]


@pytest.fixture(scope="module")
def job() -> str:
    return checked(JOB)


def run(text: str, folder: Path) -> None:
    path = folder / "script.py"
    # SQLite knows schemas as files that are attached.
    path.write_text(text.replace("{folder}", str(folder)).replace('"mart.orders"', '"orders"'), encoding="utf-8")
    runpy.run_path(str(path))


def loaded(folder: Path) -> int:
    with sa.create_engine(f"sqlite:///{folder}/warehouse.db").connect() as connection:
        if not sa.inspect(connection).has_table("orders"):
            return 0
        return int(connection.execute(sa.text("SELECT COUNT(*) FROM orders")).scalar() or 0)


@pytest.mark.parametrize("plant", OF_FRAMES, ids=[each.name for each in OF_FRAMES])
def test_each_planted_row_stops_the_load(plant: Plant, job: str, tmp_path: Path) -> None:
    rows = [dict(each) for each in plant.rows]
    frame = pl.DataFrame(rows, schema={name: TYPES[name] for name in COLUMNS})
    frame.write_parquet(tmp_path / "orders.parquet")
    if not plant.fails:
        run(job, tmp_path)
        assert loaded(tmp_path) == len(rows)
        return
    with pytest.raises(ValueError, match=plant.fails) as raised:
        run(job, tmp_path)
    assert str(raised.value).count("'") == 2, raised.value
    assert loaded(tmp_path) == 0
    # Without the checks the same rows are written, and nobody is told.
    run(JOB, tmp_path)
    assert loaded(tmp_path) == len(rows)
