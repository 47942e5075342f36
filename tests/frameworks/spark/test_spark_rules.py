"""What the rules say of Spark's jobs and streams: what they call refused is refused, and the fixed scripts run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyspark
import pytest
from pyspark.errors import AnalysisException, NumberFormatException
from pyspark.sql import DataFrame, SparkSession

from frameworks.proving import Script
from pipesense_rules.upgrade.not_on_connect import OF_FRAME, OF_SESSION

pytestmark = pytest.mark.framework

HEAD = """\
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
clicks = spark.readStream.format("rate").load()
"""
NO_WATERMARK = (
    HEAD
    + """\
query = (
    clicks.groupBy(F.window("timestamp", "1 hour"))
    .count()
    .writeStream.format("parquet")
    .option("checkpointLocation", "{folder}/checkpoint")
    .start("{folder}/counts")
)
"""
)
NO_CHECKPOINT = HEAD + 'query = clicks.writeStream.format("parquet").start("{folder}/clicks")\n'


def started(text: str, folder: Path, spark: SparkSession) -> None:
    """Run a script, and stop the query that it starts."""
    made: dict[str, object] = {}
    exec(compile(text.replace("{folder}", str(folder)), "script.py", "exec"), made)
    for query in spark.streams.active:
        query.stop()


@pytest.mark.parametrize(
    ("rule", "text"),
    [("streaming/no-watermark", NO_WATERMARK), ("streaming/no-checkpoint", NO_CHECKPOINT)],
    ids=["watermark", "checkpoint"],
)
def test_the_query_is_refused_and_starts_after_the_fix(
    rule: str, text: str, tmp_path: Path, spark: SparkSession
) -> None:
    script = Script(text)
    assert script.found(rule).severity.word == "error"
    with pytest.raises(AnalysisException):
        started(text, tmp_path, spark)
    started(script.fixed(rule), tmp_path, spark)


OVERWRITE = """\
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

day = "b"
spark = SparkSession.builder.getOrCreate()
orders = spark.read.parquet("{folder}/raw").filter(F.col("day") == day)
orders.write.mode("overwrite").partitionBy("day").parquet("{folder}/orders")
"""


def test_the_dynamic_overwrite_keeps_the_other_partitions(tmp_path: Path, spark: SparkSession) -> None:
    rule = "idempotency/overwrite-all-partitions"
    script = Script(OVERWRITE)
    left: dict[str, list[str]] = {}
    for name, text in (("as written", OVERWRITE), ("fixed", script.fixed(rule))):
        folder = tmp_path / name.replace(" ", "-")
        rows = spark.createDataFrame([(1, "a"), (2, "b")], ["id", "day"])
        rows.write.parquet(f"{folder}/raw")
        rows.write.partitionBy("day").parquet(f"{folder}/orders")
        started(text, folder, spark)
        days = spark.read.parquet(f"{folder}/orders").select("day").distinct().orderBy("day").collect()
        left[name] = [row.day for row in days]
    assert left == {"as written": ["b"], "fixed": ["a", "b"]}


COLUMNS = """\
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def trimmed(df: DataFrame, columns: list[str]) -> DataFrame:
    for name in columns:
        df = df.withColumn(name, F.trim(name))
    return df
"""


def test_columns_added_at_once_are_the_same_columns(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(" a ", " b "), ("c", "d ")], ["x", "y"])
    found = []
    for text in (COLUMNS, Script(COLUMNS).fixed("performance/with-column-loop")):
        made: dict[str, Callable[..., object]] = {}
        exec(compile(text, "script.py", "exec"), made)
        found.append(made["trimmed"](frame, ["x", "y"]).collect())  # type: ignore[attr-defined]
    assert found[0] == found[1]


STATE = HEAD + (
    'counts = clicks.groupBy("value").count()\n'
    'query = counts.writeStream.outputMode("complete").format("memory").queryName("counts").start()\n'
)


def test_a_state_without_bound_is_accepted(tmp_path: Path, spark: SparkSession) -> None:
    assert Script(STATE).found("streaming/unbounded-state").severity.word == "warning"
    started(STATE, tmp_path, spark)


ROWS = """\
from pyspark.sql import DataFrame
from pyspark.sql.functions import udf
from pyspark.sql.types import StringType


@udf(returnType=StringType())
def clean(name: str) -> str:
    return name.strip().lower() if name is not None else None


def cleaned(df: DataFrame) -> DataFrame:
    return df.select(clean("name").alias("name"))
"""


def test_a_function_of_spark_gives_what_the_function_of_rows_gave(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(" Ada ",), (None,), ("BOB",)], "name STRING")
    found = []
    for text in (ROWS, Script(ROWS).fixed("performance/udf-for-builtin")):
        made: dict[str, Callable[..., DataFrame]] = {}
        exec(compile(text, "script.py", "exec"), made)
        found.append(made["cleaned"](frame))
    before, after = (each.collect() for each in found)
    assert before == after
    plans = [each._jdf.queryExecution().toString() for each in found]
    assert ["BatchEvalPython" in plan for plan in plans] == [True, False]


def test_what_is_called_missing_on_connect_raises_there() -> None:
    """Spark Connect asks for packages of its own; its source says which names raise."""
    folder = Path(pyspark.__file__).parent / "sql" / "connect"
    for name, words in (("dataframe", OF_FRAME), ("session", OF_SESSION)):
        source = (folder / f"{name}.py").read_text("utf-8")
        raising = source[source.index("def __getattr__") :].partition("JVM_ATTRIBUTE_NOT_SUPPORTED")[0]
        assert [word for word in words if f'"{word}"' not in raising] == []


CAST = """\
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def orders(lines: DataFrame) -> DataFrame:
    return lines.select(F.regexp_extract("line", "order=(.*)", 1).cast("int").alias("order_id"))
"""


def test_a_text_that_is_no_number_stops_the_job_and_is_null_after_the_fix(spark: SparkSession) -> None:
    lines = spark.createDataFrame([("order=7",), ("order=none",)], "line STRING")
    found = []
    for text in (CAST, Script(CAST, f"pyspark=={pyspark.__version__}\n").fixed("reliability/ansi-cast")):
        made: dict[str, Callable[..., DataFrame]] = {}
        exec(compile(text, "script.py", "exec"), made)
        found.append(made["orders"](lines))
    with pytest.raises(NumberFormatException):
        found[0].collect()
    assert [row.order_id for row in found[1].collect()] == [7, None]
