"""Data libraries: whatever was lifted before, a file gives what it gives when it is read for the first time.

And a long chain costs its own length, counted in operations that are told, never in time.
"""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipesense.lang.python.flow import Library, Made, Step, read_top_level
from pipesense.systems.pandas import SYSTEM as PANDAS
from pipesense.systems.pandas.tables import LIBRARY as PANDAS_LIBRARY
from pipesense.systems.spark import SYSTEM as SPARK
from pipesense.systems.sql_clients import SYSTEM as SQL_CLIENTS
from systems.editing import Editor, check_script, scripts
from systems.lifting import Workspace

TEXT = """\
import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from sqlalchemy import create_engine, text

PATH = "s3://lake/orders"
engine = create_engine("postgresql://warehouse/dwh")
spark = SparkSession.builder.config("spark.sql.ansi.enabled", "false").getOrCreate()


def read(path: str):
    frame = pd.read_csv(path)
    return frame.dropna(subset=["id"])


def save(batch, batch_id):
    batch.write.mode("append").parquet(PATH)


class Job:
    def __init__(self, session: SparkSession):
        self.session = session

    def run(self, day):
        orders = self.session.table("raw.orders")
        for name in ("a", "b"):
            orders = orders.withColumn(name, F.trim(name))
        if day:
            orders = orders.filter(F.col("day") == day)
        orders.write.mode("overwrite").partitionBy("day").parquet(PATH)
        return orders


def load(day):
    frame = read("orders.csv")
    frame["amount"][frame["amount"] < 0] = 0
    with engine.connect() as connection:
        connection.execute(text("DELETE FROM orders WHERE day = 1"))
    frame.to_sql("orders", engine, if_exists="append")


clicks = spark.readStream.format("rate").load()
clicks.writeStream.foreachBatch(save).start()
rows = read(PATH)
rows.to_parquet("rows.parquet")
"""


@pytest.mark.parametrize("system", [PANDAS, SPARK, SQL_CLIENTS], ids=lambda system: system.name)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_lifted_does_not_depend_on_what_was_lifted_before(system: object, data: st.DataObject) -> None:
    check_script(partial(Editor, system), TEXT, data.draw(scripts(TEXT)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("system", "old", "new"),
    [
        (PANDAS, "frame = pd.read_csv(path)", "frame = path"),
        (SPARK, 'PATH = "s3://lake/orders"', 'PATH = "s3://lake/other"'),
        (SPARK, "foreachBatch(save)", "foreachBatch(load)"),
        (SPARK, '"spark.sql.ansi.enabled", "false"', '"spark.sql.ansi.enabled", "true"'),
        (SPARK, "self.session = session", "self.session = None"),
        (SQL_CLIENTS, "engine = create_engine(", "engine = connect("),
        (SQL_CLIENTS, "DELETE FROM orders WHERE", "SELECT 1 FROM orders WHERE"),
    ],
)
def test_an_edit_and_its_opposite_are_seen(system: object, old: str, new: str) -> None:
    editor = Editor(system)  # type: ignore[arg-type]
    before = editor.lift(TEXT)
    assert old in TEXT
    changed = editor.lift(TEXT.replace(old, new, 1))
    assert changed == Editor(system).lift(TEXT.replace(old, new, 1))  # type: ignore[arg-type]
    assert changed != before
    assert editor.lift(TEXT) == before


def test_a_chain_of_two_thousand_operations_is_judged_two_thousand_times() -> None:
    asked = 0

    def counted(step: Step) -> Made | None:
        nonlocal asked
        asked += 1
        return PANDAS_LIBRARY.operation(step)

    library = Library("pandas", ("pandas.",), PANDAS_LIBRARY.objects, PANDAS_LIBRARY.function, counted)
    lines = "frame = frame.dropna()\n" * 2_000
    module = Workspace({"jobs/long.py": f"import pandas as pd\n\nframe = pd.read_csv('a.csv')\n{lines}"}).module(
        "jobs/long.py"
    )
    read = read_top_level(module, module.body, library, {})
    assert len(read.operations) == 2_001
    assert read.operations[-1].result == "frame"
    assert asked == 2_000
