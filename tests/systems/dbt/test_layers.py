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
