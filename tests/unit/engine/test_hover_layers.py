"""What a hover says of the layer that a table or a path lies in."""

from __future__ import annotations

import pytest

from support.memory import ROOT, settle, workspace

FILES = {
    "sql/publish.sql": "insert into finance_gold.report select id from silver.orders;\n",
    "jobs/publish.py": (
        "from pyspark.sql import SparkSession\n\nspark = SparkSession.builder.getOrCreate()\n"
        "spark.read.parquet('s3a://lake/bronze/orders').write.mode('overwrite').parquet('s3a://lake/out/orders')\n"
    ),
}


@pytest.mark.parametrize(
    ("path", "word", "wanted"),
    [
        ("sql/publish.sql", "report", "- layer: gold (ready for those who use it), by `finance_gold`"),
        ("sql/publish.sql", "orders", "- layer: silver (cleaned and joined), by `silver`"),
        ("jobs/publish.py", "bronze/orders", "- layer: bronze (rows as they came), by `bronze`"),
        ("jobs/publish.py", "out/orders", ""),
    ],
)
def test_the_layer_is_told_with_what_tells_it(path: str, word: str, wanted: str) -> None:
    made = workspace(FILES)
    settle(made)
    found = made.hover(f"{ROOT}/{path}", FILES[path].index(word) + 1)
    text = found.markdown if found is not None else ""
    assert wanted in text
    assert bool(wanted) is ("- layer:" in text)
