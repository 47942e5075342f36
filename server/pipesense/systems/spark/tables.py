"""What Spark's operations give: sessions, readers, frames, writers, streams.

https://spark.apache.org/docs/4.0.0/api/python/reference/pyspark.sql/index.html; traits are our own words:
"source" (read from outside), "bounded" (few rows, by the operation that made it), "local" (made from values of the
program), "command" (the answer of SHOW, DESCRIBE ...), "streaming", "watermarked", "aggregated", "cached", "events" (a
stream of a message broker or of a table's changes: one key may come several times), "deduplicated", "remote" (through
Spark Connect).
"""

from __future__ import annotations

import re
from typing import Final

from pipesense.lang.python.flow import NO_TRAITS, Library, Made, Step
from pipesense.model.code import ApiChange
from pipesense.model.value import Known
from pipesense.systems.renames import Renamed
from pipesense.text.regex import regex

BUILDER, SESSION, READER, FRAME, GROUPED, WRITER = ("builder", "session", "reader", "frame", "grouped", "writer")
STREAM_WRITER, TABLE_WRITER, QUERY, WINDOW, UDF, NA = ("stream writer", "table writer", "query", "window", "udf", "na")
CONF, RDD, COLUMN, DELTA, MERGE, CONTEXT = ("conf", "rdd", "column", "delta table", "merge", "context")
CATALOG: Final = "catalog"

_SESSIONS: Final = (
    "pyspark.sql.SparkSession",
    "pyspark.sql.session.SparkSession",
    "databricks.connect.DatabricksSession",
)
_FRAMES: Final = (
    *("pyspark.sql.DataFrame", "pyspark.sql.dataframe.DataFrame", "pyspark.sql.connect.dataframe.DataFrame"),
    "pyspark.sql.classic.dataframe.DataFrame",
)
OBJECTS: Final = {
    **dict.fromkeys(_SESSIONS, SESSION),
    **dict.fromkeys(_FRAMES, FRAME),
    "pyspark.sql.SQLContext": SESSION,
    "pyspark.sql.HiveContext": SESSION,
    "pyspark.sql.Column": COLUMN,
    "delta.tables.DeltaTable": DELTA,
    "delta.DeltaTable": DELTA,
}

_SAME: Final = frozenset(
    {
        *("alias", "coalesce", "colRegex", "drop", "dropna", "fillna", "filter", "hint", "intersect", "intersectAll"),
        *("exceptAll", "subtract", "mapInPandas", "mapInArrow", "melt", "orderBy", "repartition", "repartitionByRange"),
        *("replace", "sample", "sampleBy", "select", "selectExpr", "sort", "sortWithinPartitions", "toDF", "to"),
        *("transform", "unpivot", "where", "withColumn", "withColumnRenamed", "withColumns", "withColumnsRenamed"),
        *("withMetadata", "observe", "offset", "transpose"),
    }
)
_JOINS: Final = frozenset({"join", "crossJoin", "union", "unionAll", "unionByName", "lateralJoin"})
_READS: Final = frozenset({"csv", "json", "parquet", "orc", "text", "jdbc", "table", "load", "xml"})
_READER: Final = frozenset({"option", "options", "schema", "format", "name"})
_WRITER: Final = frozenset({"mode", "option", "options", "format", "partitionBy", "bucketBy", "sortBy", "clusterBy"})
_STREAM_WRITER: Final = frozenset(
    {"format", "option", "options", "outputMode", "trigger", "partitionBy", "queryName", "foreachBatch", "foreach"}
)
_TABLE_WRITER: Final = frozenset({"using", "option", "options", "tableProperty", "partitionedBy", "clusterBy"})
_GROUPED: Final = frozenset(
    {
        *("agg", "count", "sum", "avg", "mean", "max", "min", "apply", "applyInPandas", "applyInPandasWithState"),
        *("transformWithState", "transformWithStateInPandas", "applyInArrow"),
    }
)
_COMMAND: Final = regex(
    r"\s*(?:show|describe|desc|set|vacuum|explain|optimize|use|create|drop|alter|insert|merge|update|delete|refresh|"
    r"analyze|cache|msck|repair|truncate|grant|add|reset|call|restore)\b",
    re.I,
)
_GROUPS: Final = regex(r"\bgroup\s+by\b", re.IGNORECASE)
_SMALL_QUERY: Final = regex(
    r"\s*select\s+(?:count|max|min|sum|avg)\s*\([^)]*\)(?:\s+(?:as\s+)?\w+)?(?:\s*,\s*(?:count|max|min|sum|avg)\s*\([^)]*\)"
    r"(?:\s+(?:as\s+)?\w+)?)*\s+from\s+(?!.*\bgroup\s+by\b)",
    re.I | re.S,
)
_LIMIT: Final = regex(r"\blimit\s+\d+\s*;?\s*$", re.I)


def function(name: str, step: Step) -> Made | None:
    """What a function of pyspark.sql gives."""
    if name.startswith(("Window.", "window.Window.")):
        kind = name.rpartition(".")[2]
        traits = {"partitionBy": {"partitioned"}, "orderBy": {"ordered"}}.get(kind, set())
        return Made(WINDOW, frozenset(traits))
    if name in ("functions.broadcast", "broadcast"):
        # It takes nothing but a frame, whatever is known of what it is given.
        given = step.argument("df", 0)
        known = given.traits if given is not None and given.kind == FRAME else NO_TRAITS
        return Made(FRAME, known | {"broadcast"})
    if name in ("functions.udf", "functions.pandas_udf", "udf.udf"):
        return Made(UDF, frozenset({"vectorised"} if "pandas" in name else {"by row"}))
    if name.endswith(("DeltaTable.forPath", "DeltaTable.forName", "DeltaTable.createIfNotExists")):
        return Made(DELTA)
    if name in ("configure_spark_with_delta_pip", "pip_utils.configure_spark_with_delta_pip"):
        return Made(BUILDER)
    if name in ("SparkSession.getActiveSession", "SparkSession.active", "session.SparkSession.getActiveSession"):
        return Made(SESSION, frozenset({"handed"}))
    return None


def operation(step: Step) -> Made | None:
    """What an operation on a value of Spark gives."""
    reader = _BY_KIND.get(step.kind)
    return reader(step) if reader is not None else None


def _session(step: Step) -> Made | None:
    attributes = {
        "builder": BUILDER,
        "conf": CONF,
        "sparkContext": CONTEXT,
        "catalog": CATALOG,
        "newSession": SESSION,
        "read": READER,
        "readStream": READER,
    }
    if step.name == "readStream":
        return Made(READER, step.traits | {"streaming"})
    if step.name in attributes:
        return Made(attributes[step.name], step.traits)
    remote = step.traits & _REMOTE
    if step.name == "table":
        return Made(FRAME, remote | {"source"})
    if step.name in ("range", "createDataFrame"):
        return Made(FRAME, remote | {"local"})
    if step.name == "sql":
        return Made(FRAME, remote | _of_query(step))
    return None


_REMOTE: Final = frozenset({"remote"})


def _of_query(step: Step) -> frozenset[str]:
    given = step.argument("sqlQuery", 0)
    known = given.value.value if given is not None and isinstance(given.value, Known) else ""
    text = known if isinstance(known, str) and known else given.starts if given is not None else ""
    if not text:
        return NO_TRAITS
    if _COMMAND.match(text):
        return frozenset({"command"})
    if not known:
        # Behind what is known a LIMIT or an aggregate may follow, or stand in a part that is put in.
        return NO_TRAITS
    if _LIMIT.search(text) or _SMALL_QUERY.match(text) or _reads_nothing(text):
        return frozenset({"source", "bounded"})
    if _GROUPS.search(text):
        return frozenset({"source", "aggregated"})
    return frozenset({"source"})


_INNERMOST: Final = regex(r"\([^()]*\)")


def _reads_nothing(text: str) -> bool:
    """Whether a query has no FROM of its own, and so gives one row: ``SELECT (SELECT COUNT(*) FROM a) AS n``."""
    if "from" not in text.lower():
        return text.lstrip()[:6].lower() == "select" and "explode" not in text.lower()
    before = ""
    while before != text:
        before, text = text, _INNERMOST.sub("", text)
    words = text.lower().split()
    return words[:1] == ["select"] and "from" not in words and "union" not in words


def _builder(step: Step) -> Made | None:
    if step.name in ("getOrCreate", "create"):
        return Made(SESSION, step.traits & _REMOTE | {"built"})
    return Made(BUILDER, step.traits | (_REMOTE if step.name == "remote" else NO_TRAITS))


def _reader(step: Step) -> Made | None:
    if step.name in _READER:
        more = {"schema"} if step.name == "schema" else {"events"} if _brings_events(step) else NO_TRAITS
        return Made(READER, step.traits | more)
    if step.name in _READS:
        kept = {"streaming", "remote", "events"} if "streaming" in step.traits else {"remote"}
        return Made(FRAME, (step.traits & kept) | {"source"})
    return None


_BROKERS: Final = frozenset({"kafka", "kinesis", "aws-kinesis", "eventhubs", "pulsar", "pubsub"})
_CHANGES: Final = frozenset({"readChangeFeed", "readChangeData"})


def _brings_events(step: Step) -> bool:
    """Whether a reader is pointed at a message broker, or at the changes of a table."""
    words = {
        each.value.value for each in step.given if isinstance(each.value, Known) and isinstance(each.value.value, str)
    }
    if step.name == "format":
        return not words.isdisjoint(_BROKERS)
    return not (words | {each.name for each in step.given}).isdisjoint(_CHANGES)


def _frame(step: Step) -> Made | None:
    if step.form == "item":
        key = step.given[0] if step.given else None
        return Made(FRAME, step.traits) if key is not None and key.form in ("list", "operator") else Made(COLUMN)
    special = _SPECIAL.get(step.name)
    if special is not None:
        return Made(special[0], (step.traits | special[1]) - special[2])
    if step.name == "select" and step.given and all(each.aggregate for each in step.given):
        return Made(FRAME, step.traits | {"bounded", "aggregated"})
    if step.name == "toDF" and not step.given:
        # It takes the new names of all columns; without any it is a DynamicFrame of Glue that is turned into a frame.
        return None
    if step.name in _SAME:
        return Made(FRAME, step.traits)
    if step.name in _JOINS:
        return Made(FRAME, _joined(step))
    if step.name in ("groupBy", "groupby", "rollup", "cube", "groupingSets"):
        return Made(GROUPED, step.traits - {"bounded"} | ({"bounded"} if not step.given else NO_TRAITS))
    if step.name == "agg":
        return Made(FRAME, step.traits | {"bounded", "aggregated"})
    return None


_NONE: Final[frozenset[str]] = frozenset()
_SPECIAL: Final[dict[str, tuple[str, frozenset[str], frozenset[str]]]] = {
    "limit": (FRAME, frozenset({"bounded"}), _NONE),
    "describe": (FRAME, frozenset({"bounded"}), _NONE),
    "summary": (FRAME, frozenset({"bounded"}), _NONE),
    "cache": (FRAME, frozenset({"cached"}), _NONE),
    "persist": (FRAME, frozenset({"cached"}), _NONE),
    "checkpoint": (FRAME, frozenset({"cached"}), _NONE),
    "localCheckpoint": (FRAME, frozenset({"cached"}), _NONE),
    "unpersist": (FRAME, _NONE, frozenset({"cached"})),
    **dict.fromkeys(
        ("dropDuplicates", "drop_duplicates", "dropDuplicatesWithinWatermark", "distinct"),
        (FRAME, frozenset({"deduplicated"}), _NONE),
    ),
    "withWatermark": (FRAME, frozenset({"watermarked"}), _NONE),
    "write": (WRITER, _NONE, _NONE),
    "writeStream": (STREAM_WRITER, _NONE, _NONE),
    "writeTo": (TABLE_WRITER, _NONE, _NONE),
    "mergeInto": (MERGE, _NONE, _NONE),
    "rdd": (RDD, _NONE, _NONE),
    "na": (NA, _NONE, _NONE),
    "sparkSession": (SESSION, _NONE, _NONE),
}


_KEPT: Final = frozenset({"remote", "events", "deduplicated"})


def _joined(step: Step) -> frozenset[str]:
    other = next((each for each in step.given if each.kind == FRAME), None)
    theirs = other.traits if other is not None else NO_TRAITS
    both = step.traits & theirs & {"bounded", "local", "source"}
    either = (step.traits | theirs) & {"streaming", "watermarked", "aggregated", "mixed", "source", *_KEPT}
    if ("streaming" in step.traits) != ("streaming" in theirs):
        either |= {"one side streams"}
    return frozenset(both | either)


def _grouped(step: Step) -> Made | None:
    if step.name == "pivot":
        return Made(GROUPED, step.traits)
    return Made(FRAME, step.traits | {"aggregated"}) if step.name in _GROUPED else None


def _stream_writer(step: Step) -> Made | None:
    if step.name in _STREAM_WRITER:
        return Made(STREAM_WRITER, step.traits)
    return Made(QUERY) if step.name in ("start", "toTable", "table") else None


def _window(step: Step) -> Made | None:
    traits = {"partitionBy": {"partitioned"}, "orderBy": {"ordered"}}.get(step.name, set())
    return Made(WINDOW, step.traits | traits) if step.form == "call" else None


def _na(step: Step) -> Made | None:
    return Made(FRAME, step.traits) if step.name in ("fill", "drop", "replace") else None


def _delta(step: Step) -> Made | None:
    if step.name == "merge":
        return Made(MERGE)
    if step.name == "toDF":
        return Made(FRAME, frozenset({"source"}))
    return Made(DELTA) if step.name in ("alias", "as") else None


def _merge(step: Step) -> Made | None:
    return Made(MERGE, step.traits) if step.form == "call" and step.name != "execute" else None


def _writer(step: Step) -> Made | None:
    return Made(WRITER, step.traits) if step.name in _WRITER else None


def _table_writer(step: Step) -> Made | None:
    return Made(TABLE_WRITER, step.traits) if step.name in _TABLE_WRITER else None


_BY_KIND: Final = {
    SESSION: _session,
    BUILDER: _builder,
    READER: _reader,
    FRAME: _frame,
    GROUPED: _grouped,
    WRITER: _writer,
    STREAM_WRITER: _stream_writer,
    TABLE_WRITER: _table_writer,
    WINDOW: _window,
    NA: _na,
    DELTA: _delta,
    MERGE: _merge,
}

_OLD: Final = ApiChange.MOVED
RENAMED: Final = {
    ("frame", "registerTempTable"): Renamed((2, 0), "createOrReplaceTempView", "createOrReplaceTempView", _OLD),
    ("frame", "unionAll"): Renamed((2, 0), "union", "union", _OLD),
    ("", "SQLContext"): Renamed((3, 0), "SparkSession.builder.getOrCreate()", "", _OLD),
    ("", "HiveContext"): Renamed((2, 0), "SparkSession.builder.enableHiveSupport().getOrCreate()", "", _OLD),
}
"""Still there in 4.0 (https://spark.apache.org/docs/4.0.0/api/python/reference/), and deprecated since then."""

_SIGNS: Final = (
    *("withColumn", "withColumns", "withColumnRenamed", "withColumnsRenamed", "withWatermark", "writeStream"),
    *("dropDuplicatesWithinWatermark", "createOrReplaceTempView", "createTempView", "createGlobalTempView"),
    *("createOrReplaceGlobalTempView", "selectExpr", "unionByName", "crossJoin", "repartitionByRange"),
    *("sortWithinPartitions", "mapInPandas", "exceptAll", "intersectAll", "approxQuantile"),
    *("write.mode", "write.format", "write.partitionBy", "write.saveAsTable", "write.insertInto", "write.option"),
    *("write.options", "write.bucketBy", "write.jdbc"),
)
"""Neither pandas nor polars, Dask, Glue's DynamicFrame, RDDs or Flink's tables have these; Snowpark does."""

LIBRARY: Final = Library(
    name="spark",
    packages=("pyspark.sql.", "pyspark.", "delta.tables.", "delta."),
    objects=OBJECTS,
    function=function,
    operation=operation,
    silent=frozenset({COLUMN, RDD, NA, CONTEXT}),
    counts=frozenset({"rdd", "sparkContext", "_jdf", "_jvm", "_jsparkSession"}),
    quiet=("functions.", "types.", "sql.functions.", "sql.types.", "Row"),
    loose={"spark": SESSION},
    signs=dict.fromkeys(_SIGNS, FRAME),
    alike=("snowflake.", "sqlframe."),
)
