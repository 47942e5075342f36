"""The layers of a project, as the settings or the names say them."""

from __future__ import annotations

from support.memory import ROOT, settle, workspace

FILES = {
    "dbt_project.yml": "name: shop\n",
    "models/schema.yml": "sources:\n  - name: shop\n    freshness: null\n    tables:\n      - name: orders\n",
    "models/cleaned/orders.sql": "select order_id from {{ source('shop', 'orders') }}\n",
    "models/cleaned/items.sql": "select order_id from {{ source('shop', 'orders') }}\n",
    "models/products/sales.sql": "{{ config(materialized='table') }}select order_id from {{ source('shop', 'orders') }}\n",
    "models/other/pub_sales.sql": "select order_id from {{ source('shop', 'orders') }}\n",
}
LAYERS = '[layers]\ncleaned = "silver"\nproducts = "gold"\npub_ = "mart"\n'


def _skipping(config: str) -> set[str]:
    made = workspace({**FILES, "pipesense.toml": config})
    settle(made)
    return {
        path.rpartition("/")[2]
        for path in made.paths()
        for each in made.findings(path)
        if each.rule == "modelling/layer-skip" and each.variant == "mart"
    }


def test_the_setting_says_what_names_do_not() -> None:
    assert _skipping("") == set()
    assert _skipping(LAYERS) == {"sales.sql", "pub_sales.sql"}


def test_a_word_that_is_no_layer_is_a_problem_and_says_nothing() -> None:
    config = '[layers]\ncleaned = "sliver"\nproducts = "gold"\n'
    made = workspace({**FILES, "pipesense.toml": config})
    settle(made)

    assert [message for _, _, message in made.configuration_problems()] == [
        '"sliver" is not a layer. Did you mean "silver"?'
    ]
    assert _skipping(config) == set()


def test_a_hover_says_that_the_setting_decided() -> None:
    made = workspace({**FILES, "pipesense.toml": LAYERS})
    settle(made)

    shown = made.hover(f"{ROOT}/models/products/sales.sql", FILES["models/products/sales.sql"].index("config") + 1)

    assert shown is not None
    assert "- layer: mart (gold), by its folder products and the setting layers" in shown.markdown


def test_a_changed_setting_is_seen() -> None:
    made = workspace({**FILES, "pipesense.toml": ""})
    settle(made)
    made._files.texts[f"{ROOT}/pipesense.toml"] = LAYERS  # type: ignore[attr-defined]
    made.touched([f"{ROOT}/pipesense.toml"])
    settle(made)

    assert "modelling/layer-skip" in {each.rule for each in made.findings(f"{ROOT}/models/products/sales.sql")}


TABLES = {
    "clean.sql": "insert into curated.orders select id, amount from landing.orders where amount is not null;\n",
    "publish.sql": "create table products.sales as select day, sum(amount) as amount from landing.sales group by day;\n",
    "publish.py": """\
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
orders = spark.read.parquet("s3a://lake/landing/orders")
orders.groupBy("day").count().write.mode("overwrite").parquet("s3a://lake/products/orders")
""",
}
OF_TABLES = '[layers]\nlanding = "bronze"\ncurated = "silver"\nproducts = "gold"\n'


def _past_silver(config: str) -> dict[str, str]:
    made = workspace({**TABLES, "pipesense.toml": config})
    settle(made)
    found = ((path, each) for path in made.paths() for each in made.findings(path))
    return {path.rpartition("/")[2]: each.message for path, each in found if each.rule == "modelling/layer-skip"}


def test_the_setting_holds_for_schemas_and_storage_paths_too() -> None:
    found = _past_silver(OF_TABLES)

    assert _past_silver("") == {}
    assert set(found) == {"publish.sql", "publish.py"}
    assert found["publish.sql"].startswith("products.sales lies in gold and is made from landing.sales")


def test_without_a_layer_between_nothing_is_passed_by() -> None:
    assert _past_silver('[layers]\nlanding = "bronze"\nproducts = "gold"\n') == {}


def test_a_hover_on_a_table_knows_the_setting() -> None:
    made = workspace({**TABLES, "pipesense.toml": OF_TABLES})
    settle(made)

    shown = made.hover(f"{ROOT}/clean.sql", TABLES["clean.sql"].index("curated") + 1)

    assert shown is not None
    assert "- layer: silver (cleaned and joined), by `curated`" in shown.markdown
