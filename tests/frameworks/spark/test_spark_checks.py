"""The checks that are put before a write, run by Spark: clean rows are written, each planted row stops the job."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from support.planted_frames import COLUMNS, PLANTS, Plant, checked

pytestmark = pytest.mark.framework

JOB = """\
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
orders = spark.table("raw_orders")
orders.write.mode("overwrite").format("parquet").option("path", "{folder}/orders").saveAsTable("mart.orders")
"""
TYPES = (
    "order_id BIGINT, customer_id BIGINT, email STRING, age INT, status STRING, discount_pct DOUBLE, "
    "started_at TIMESTAMP, ended_at TIMESTAMP, loaded_at TIMESTAMP"
)


@pytest.fixture(scope="module")
def job() -> str:
    return checked(JOB)


def run(text: str, folder: Path) -> None:
    exec(compile(text.replace("{folder}", str(folder)), "script.py", "exec"), {})


@pytest.mark.parametrize("plant", PLANTS, ids=[each.name for each in PLANTS])
def test_each_planted_row_stops_the_write(plant: Plant, job: str, tmp_path: Path, spark: SparkSession) -> None:
    spark.sql("CREATE DATABASE IF NOT EXISTS mart")
    spark.sql("DROP TABLE IF EXISTS mart.orders")
    rows = [tuple(each[name] for name in COLUMNS) for each in plant.rows]
    spark.createDataFrame(rows, TYPES).createOrReplaceTempView("raw_orders")
    if not plant.fails:
        run(job, tmp_path)
        assert spark.table("mart.orders").count() == len(rows)
        return
    with pytest.raises(ValueError, match=plant.fails) as raised:
        run(job, tmp_path)
    assert str(raised.value).count("'") == 2, raised.value
    assert not spark.catalog.tableExists("mart.orders")
    # Without the checks the same rows are written, and nobody is told.
    run(JOB, tmp_path)
    assert spark.table("mart.orders").count() == len(rows)
