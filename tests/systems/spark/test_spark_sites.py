"""What a hover says of a place in Spark code."""

from __future__ import annotations

from pipesense.model.value import Version
from pipesense.systems.spark.lift import lift
from systems.lifting import Workspace

TEXT = """\
def run(spark, customers):
    orders = spark.table("raw.orders").repartition(8).cache()
    orders.write.mode("append").partitionBy("day").parquet("/lake/orders")
    orders.write.mode("overwrite").saveAsTable("mart.orders")
    orders.write.mode("overwrite").option("partitionOverwriteMode", "dynamic").parquet("/lake/days")
"""


def test_a_write_says_what_its_rerun_does() -> None:
    workspace = Workspace({"jobs/run.py": TEXT})
    sites = lift(workspace.module("jobs/run.py"), Version()).sites
    told = [workspace.written("jobs/run.py", site.loc) for site in sites]
    written = ["parquet", "saveAsTable", "parquet"]
    assert told == [*written, "repartition", "cache", "partitionBy", "parquet", "parquet"]
    assert "once more" in sites[0].note
    assert "replaces everything" in sites[1].note
    assert "leaves the others" in sites[2].note
