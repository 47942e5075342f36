"""A data set of Great Expectations 0.x over a frame of Spark, written as a batch of 1.x: it finds the planted rows."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import great_expectations as gx
import pytest
from pyspark.sql import SparkSession

from frameworks.proving import Script

pytestmark = pytest.mark.framework

OLD = """\
from great_expectations.dataset import SparkDFDataset
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()


def check(rows):
    orders = SparkDFDataset(spark.createDataFrame(rows, "order_id long, amount double, status string"))
    orders.expect_column_values_to_not_be_null("order_id")
    orders.expect_column_values_to_be_unique("order_id")
    orders.expect_column_values_to_be_between("amount", 0, 1000)
    orders.expect_column_values_to_be_in_set("status", ["paid", "sent"])
    return orders.validate()
"""
GOOD = [(1, 10.0, "paid"), (2, 20.0, "sent")]
PLANTED: list[tuple[Any, ...]] = [(None, 30.0, "paid"), (2, 30.0, "paid"), (3, -1.0, "paid"), (4, 30.0, "lost")]
"""A missing id, an id twice, an amount below zero, an unknown status: one row for each expectation."""


def run(text: str, folder: Path) -> dict[str, Any]:
    path = folder / "script.py"
    path.write_text(text, encoding="utf-8")
    return runpy.run_path(str(path))


def test_the_old_class_is_gone_and_the_batch_finds_each_planted_row(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(ModuleNotFoundError):
        run(OLD, tmp_path)
    made = run(Script(OLD, f"great_expectations=={gx.__version__}\n").fixed("upgrade/removed-api"), tmp_path)
    assert made["check"](GOOD).success is True
    found = made["check"]([*GOOD, *PLANTED])
    assert found.success is False
    assert [each.success for each in found.results] == [False] * 4
