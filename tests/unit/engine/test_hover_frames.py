"""Hovers over what code does with frames and connections; the place is marked by ``|``."""

from __future__ import annotations

import pytest

from support.memory import ROOT, settle, workspace


def hovered(text: str, pins: str = "") -> str:
    """What the hover says at the mark."""
    files = {"jobs/load.py": text.replace("|", "", 1), **({"requirements.txt": pins} if pins else {})}
    made = workspace(files)
    settle(made)
    found = made.hover(f"{ROOT}/jobs/load.py", text.index("|"))
    return found.markdown if found is not None else ""


SPARK = (
    "from pyspark.sql import SparkSession\nfrom pyspark.sql import functions as F\n\n"
    "spark = SparkSession.builder.getOrCreate()\norders = spark.table('raw.orders')\n"
)
SPARK_SAID = [
    ("orders.write.mode('append').par|quet('s3://lake/orders')", "A rerun adds the rows once more"),
    ("orders.write.mode('overwrite').saveAs|Table('mart.orders')", "A rerun replaces everything that is there"),
    ("orders.write.saveAs|Table('mart.orders')", "A rerun fails: it raises where there is something already"),
    (
        "orders.write.mode('overwrite').option('partitionOverwriteMode', 'dynamic').par|quet('s3://lake/orders')",
        "A rerun replaces the partitions that it brings, and leaves the others",
    ),
    ("orders.writeTo('lake.orders').overwrite|Partitions()", "replaces the partitions that it brings"),
    (
        "orders.write.format('delta').option('txnAppId', 'a').option('txnVersion', 1).mode('append').sa|ve('s3://l/o')",
        "A rerun leaves one copy of the rows (txnAppId and txnVersion)",
    ),
    ("orders.write.partition|By('day').parquet('s3://lake/o')", "Each value of day becomes a folder"),
    ("orders.write.partition|By('day', 'shop').parquet('s3://l/o')", "Each combination of values of day, shop"),
    ("orders.repar|tition(200, 'country').count()", "to 200 tasks, rows of the same country in the same one"),
    ("orders.repar|tition(8).count()", "to 8 tasks, spread evenly"),
    ("orders.repartition|ByRange(8, 'day').count()", "each with a range of day"),
    ("orders.coal|esce(4).count()", "until 4 are left, without moving rows"),
    ("orders.coal|esce(1).count()", "until one is left, without moving rows"),
    ("orders.sortWithin|Partitions('day').count()", "no order across tasks"),
    ("orders.write.bucket|By(8, 'id').saveAsTable('mart.orders')", "Rows go to files by the hash of these columns"),
    ("orders = orders.check|point()", "the recipe before them is forgotten. The files stay"),
    ("orders.local|Checkpoint().count()", "an executor that is lost takes its part with it"),
    ("orders.join(F.broad|cast(dimension('c')), 'code').count()", "copied to every executor"),
    ("kept = orders.ca|che()", "Nothing is kept yet: the first action that follows"),
    ("orders.unper|sist()", "The executors forget"),
    ("orders.join(F.broad|cast(spark.table('c')), 'code').count()", "copied to every executor"),
    ("spark.table('c').hi|nt('broadcast')", "copied to every executor"),
    ("orders.coll|ect()", "sent to the driver"),
]


@pytest.mark.parametrize(("line", "said"), SPARK_SAID, ids=[line for line, _ in SPARK_SAID])
def test_spark(line: str, said: str) -> None:
    assert said in hovered(SPARK + line + "\n")


PANDAS = "import pandas as pd\n\n\ndef load(path, engine, how):\n    orders = pd.read_csv(path)\n    "
PANDAS_SAID = [
    ("orders.to_|sql('orders', engine, if_exists='append')", "A rerun adds the rows once more"),
    ("orders.to_|sql('orders', engine, if_exists='replace')", "dropped and made anew from the frame's types"),
    (
        "orders.to_|sql('orders', engine, if_exists='delete_rows')",
        "deleted first, and the table stays. A rerun replaces",
    ),
    ("orders.to_|sql('orders', engine)", "A rerun fails: it raises where the table is there already"),
    ("orders.to_|sql('orders', engine, if_exists=how)", "cannot be told here: how it writes is computed"),
    ("orders.to_|parquet('orders.parquet')", "A rerun replaces everything that is there"),
    ("orders.to_|csv('orders.csv', mode='a')", "A rerun adds the rows once more"),
    ("orders.mer|ge(pd.read_csv('c'), on='code')", "a key that comes twice on one side doubles the rows"),
    ("orders.mer|ge(pd.read_csv('c'), on='code', validate='m:1')", "raises MergeError"),
]


@pytest.mark.parametrize(("line", "said"), PANDAS_SAID, ids=[line for line, _ in PANDAS_SAID])
def test_pandas(line: str, said: str) -> None:
    assert said in hovered(PANDAS + line + "\n")


POLARS_SAID = [
    ("pl.read_csv('a').write_data|base('t.o', 'uri', if_table_exists='append')", "A rerun adds the rows once more"),
    ("pl.read_csv('a').write_data|base('t.o', 'uri', if_table_exists='replace')", "A rerun replaces everything"),
    ("pl.read_csv('a').write_del|ta('s3://l/o')", "A rerun fails: it raises where there is something already"),
    ("pl.scan_csv('a').sink_par|quet('b.parquet')", "batch by batch, so that the whole is never in memory. A rerun"),
    ("pl.sc|an_parquet('a.parquet')", "Nothing is read yet"),
    ("pl.scan_csv('a').filter(pl.col('x') > 1).coll|ect()", "The plan runs here, as a whole"),
    ("pl.read_csv('a').jo|in(pl.read_csv('b'), on='k')", "doubles the rows of the other"),
    ("pl.read_csv('a').jo|in(pl.read_csv('b'), on='k', validate='m:1')", "raises ComputeError"),
]


@pytest.mark.parametrize(("line", "said"), POLARS_SAID, ids=[line for line, _ in POLARS_SAID])
def test_polars(line: str, said: str) -> None:
    assert said in hovered(f"import polars as pl\n\n{line}\n")


SQL = "from sqlalchemy import create_engine\nimport psycopg2\nimport duckdb\n\n"
SQL_SAID = [
    ("engine = create_|engine('sqlite://')", "", "One engine per process|No connection is opened yet"),
    ("with create_engine('sqlite://').be|gin() as c:\n    pass", "", "committed at its end, and rolled back"),
    ("with create_engine('sqlite://').con|nect() as c:\n    pass", "", "commits nothing by itself"),
    (
        "with create_engine('sqlite://').con|nect() as c:\n    pass",
        "sqlalchemy==1.4.54\n",
        "below 2 commits each changing statement by itself",
    ),
    (
        "with create_engine('sqlite://', isolation_level='AUTOCOMMIT').con|nect() as c:\n    pass",
        "",
        "Each statement is committed by itself",
    ),
    ("c = psycopg2.con|nect('dsn')", "", "Leaving a with block over it commits. Closing it without commit() drops"),
    ("c = duckdb.con|nect('f')", "", "Each statement is committed by itself"),
]


@pytest.mark.parametrize(("line", "pins", "said"), SQL_SAID, ids=[line + pins for line, pins, _ in SQL_SAID])
def test_connections(line: str, pins: str, said: str) -> None:
    assert said.rpartition("|")[2] in hovered(SQL + line + "\n", pins)


GX = (
    "import great_expectations as gx\n\nbatch = gx.get_context().data_sources.pandas_default.read_csv('a')\n"
    "suite = gx.ExpectationSuite(name='a')\n"
)


def test_great_expectations() -> None:
    found = hovered(GX + "result = batch.vali|date(suite)\nif not result.success:\n    raise ValueError\n")
    assert "only code that looks at result.success stops the run" in found
    assert "Nobody looks" not in found
    assert "Nobody looks at it here" in hovered(GX + "batch.vali|date(suite)\n")


PANDERA = (
    "import pandera.pandas as pa\n\nschema = pa.DataFrameSchema({'id': pa.Column(int, unique=True), "
    "'amount': pa.Column(float, pa.Check.ge(0), nullable=True)})\n\n\ndef load(frame):\n    "
)


def test_pandera() -> None:
    found = hovered(PANDERA + "return schema.vali|date(frame)\n")
    assert "schema demands of id (never missing, unique), amount (>= 0)" in found
    assert "Rows that do not fit raise SchemaError, and nothing behind it runs" in found
    assert "gathered and raised as SchemaErrors" in hovered(PANDERA + "return schema.vali|date(frame, lazy=True)\n")


@pytest.mark.parametrize(
    "text",
    [
        "from jobs.store import Store\n\nStore().coll|ect()\n",
        "from jobs.store import Store\n\nStore().write.partition|By('day').save('x')\n",
        "def load(frame):\n    frame.to_|sql('orders', None, if_exists='append')\n",
        "def check(form, data):\n    return form.vali|date(data)\n",
    ],
)
def test_what_nobody_knows_has_no_hover(text: str) -> None:
    assert hovered(text) == ""
