"""Long chains of operations on frames cost their own length, and what nobody knows is no frame."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from support.memory import ROOT, settle, workspace

HEAD = (
    "from pyspark.sql import SparkSession\nimport pandas as pd\nimport polars as pl\n\n"
    "spark = SparkSession.builder.getOrCreate()\norders = spark.table('raw.orders')\n"
)


def calls(text: str) -> int:
    """How many calls of Python functions it takes to read and judge a file."""
    made = workspace({"jobs/load.py": text})
    count = 0

    def counted(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        made.index_all()
    finally:
        sys.setprofile(None)
    return count


def assigned(count: int) -> str:
    lines = "".join(f"orders = orders.withColumn('c{number}', orders.a)\n" for number in range(count))
    return f"{HEAD}{lines}orders.write.mode('append').saveAsTable('mart.orders')\n"


def chained(count: int) -> str:
    lines = "".join(f"    .withColumn('c{number}', orders.a)\n" for number in range(count))
    return f"{HEAD}wide = (\n    orders\n{lines})\nwide.write.saveAsTable('mart.orders')\n"


def deduplicated(count: int) -> str:
    lines = "orders = orders.dropDuplicates(['id'])\n" * count
    return f"{HEAD}{lines}orders.write.mode('overwrite').saveAsTable('mart.orders')\n"


def cached(count: int) -> str:
    return HEAD + "".join(f"c{number} = orders.cache()\nprint(c{number}.count())\n" for number in range(count))


def merged(count: int) -> str:
    read = "orders = pd.read_csv('orders.csv')\ncodes = pd.read_csv('codes.csv')\n"
    lines = "orders = orders.merge(codes, on='id')\n" * count
    return f"{HEAD}{read}{lines}orders.to_parquet('orders.parquet')\n"


def of_polars(count: int) -> str:
    lines = "orders = orders.with_columns(pl.col('a').cum_sum())\n" * count
    return f"{HEAD}orders = pl.read_csv('orders.csv')\n{lines}orders.write_parquet('orders.parquet')\n"


def of_topics(count: int) -> str:
    """A configuration of topics: how each is kept, who writes and who reads it."""
    lines = [
        f"    'orders_{number}': {{'partitions': {number % 12 + 1}, 'config': {{'retention.ms': '604800000'}}}},\n"
        for number in range(count)
    ]
    made = "".join(
        f"producers['orders_{number}'] = Producer({{**BASE, 'client.id': 'orders_{number}', 'acks': 'all'}})\n"
        f"producers['orders_{number}'].produce('orders_{number}', b'1')\n"
        for number in range(count)
    )
    return (
        "from confluent_kafka import Consumer, Producer\n\nBASE = {'bootstrap.servers': 'broker:9092'}\n"
        f"TOPICS = {{\n{''.join(lines)}}}\n"
        "consumer = Consumer({**BASE, 'group.id': 'load'})\nconsumer.subscribe(list(TOPICS))\n"
        f"producers = {{}}\n{made}"
    )


def of_stream_tables(count: int) -> str:
    """A program that declares a table for each topic."""
    lines = "".join(
        f"tables.execute_sql(\"CREATE TABLE t{number} (id BIGINT) WITH ('connector' = 'kafka', 'topic' = 't{number}', "
        "'properties.bootstrap.servers' = 'b', 'format' = 'json')\")\n"
        for number in range(count)
    )
    head = "from pyflink.table import EnvironmentSettings, TableEnvironment\n\n"
    made = "tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())\n"
    return f"{head}{made}{lines}"


@pytest.mark.parametrize(
    ("written", "count"),
    [(of_topics, 500), (of_stream_tables, 500)],
)
def test_four_times_as_many_topics_cost_four_times_as_much(written: Callable[[int], str], count: int) -> None:
    small, large = calls(written(count // 4)), calls(written(count))
    assert large < 5 * small, (small, large)


@pytest.mark.parametrize(
    ("written", "count"),
    [(assigned, 800), (chained, 2_000), (deduplicated, 400), (cached, 400), (merged, 400), (of_polars, 400)],
)
def test_four_times_as_many_operations_cost_four_times_as_much(written: Callable[[int], str], count: int) -> None:
    small, large = calls(written(count // 4)), calls(written(count))
    assert large < 5 * small, (small, large)


def kept(operands: int) -> str:
    lines = [
        f"    def step{number}(self):\n        self.a{number} = pd.concat(["
        + ", ".join(f"self.a{(number + far) % 12}" for far in range(1, operands + 1))
        + "])\n"
        for number in range(12)
    ]
    return f"{HEAD}class Features:\n" + "".join(lines)


def test_attributes_that_are_made_of_one_another_are_searched_once() -> None:
    one, four = calls(kept(1)), calls(kept(4))
    assert four < 25 * one, (one, four)


STRANGERS = {
    "a repository of one's own": "from jobs.store import Repo\n\nfor row in Repo().collect():\n    print(row)\nRepo().toPandas()\n",
    "polars": "import polars as pl\n\nfor row in pl.scan_csv('a.csv').collect().rows():\n    print(row)\n",
    "an RDD": (
        "from pyspark import SparkContext\n\nsc = SparkContext.getOrCreate()\n"
        "lines = sc.textFile('s3://raw/lines').map(len)\nprint(lines.collect())\nlines.cache()\nprint(lines.count() == 0)\n"
    ),
    "the RDD of a frame": (
        "from pyspark.sql import SparkSession\n\nspark = SparkSession.builder.getOrCreate()\n"
        "print(spark.table('raw.orders').rdd.map(len).collect())\n"
    ),
    "DynamicFrames": (
        "from awsglue.context import GlueContext\nfrom pyspark.context import SparkContext\n\n"
        "glue = GlueContext(SparkContext())\n"
        "orders = glue.create_dynamic_frame.from_catalog(database='raw', table_name='orders')\n"
        "orders.collect()\norders.coalesce(1).write.partitionBy('user_id').save('x')\n"
    ),
    "a parameter without a type": (
        "def load(frame, engine):\n    frame.collect()\n    frame['a'][frame['b'] > 1] = 0\n"
        "    frame.to_sql('orders', engine, if_exists='replace')\n    frame.write.partitionBy('user_id').save('x')\n"
    ),
    "lists and dictionaries": (
        "import pandas as pd\n\nrows = {'a': [1, 2]}\nrows['a'][0] = 3\nnames = ['x']\nnames.append('y')\n"
        "if names.count('x') == 0:\n    raise ValueError\n"
    ),
    "another broadcast": "from jobs.radio import broadcast, events\n\nbroadcast(events.read('fct_orders'))\n",
}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_what_is_no_frame_is_not_judged_as_one(stranger: str) -> None:
    made = workspace({"jobs/load.py": STRANGERS[stranger]})
    settle(made)
    assert [each.rule for each in made.findings(f"{ROOT}/jobs/load.py")] == []
