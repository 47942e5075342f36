"""Layers of the medallion architecture, told from names."""

from __future__ import annotations

import pytest

from pipesense.model.data import DatasetName
from pipesense.model.layers import medallion_layer

ROWS = [
    ("gold.sales", None, "gold by gold"),
    ("sales_gold.orders", None, "gold by sales_gold"),
    ("silver_crm.leads", None, "silver by silver_crm"),
    ("lake.bronze.events", None, "bronze by bronze"),
    ("bronze.crm.leads", None, "bronze by bronze"),
    ("lake.silver.orders", "s3", "silver by silver"),
    ("lake.team.silver.orders.daily", None, "silver by silver"),
    ("market.gold_prices", None, ""),
    ("lake.gold_prices.daily", "s3", ""),
    ("gold", None, ""),
    ("golden.sales", None, ""),
    ("marigold.sales", None, ""),
    ("bronze.gold.sales", None, ""),
    ("raw.orders", None, ""),
]


CONFIGURED = {"Landing": "raw", "curated": "silver", "pub_": "mart", "stage": "staging"}
SAID = [
    ("landing.orders", None, "bronze by landing"),
    ("lake.landing.orders", "s3", "bronze by landing"),
    ("curated.orders", None, "silver by curated"),
    ("stage.orders", None, "silver by stage"),
    ("pub_sales.orders", None, "gold by pub_sales"),
    ("public.orders", None, ""),
    ("lake.landing.curated.orders", "s3", ""),
    ("db.curated", None, ""),
    ("bronze.orders", None, "bronze by bronze"),
    ("bronze.curated.orders", None, "silver by curated"),
]


@pytest.mark.parametrize(("name", "platform", "wanted"), SAID)
def test_the_setting_counts_before_the_usual_words(name: str, platform: str | None, wanted: str) -> None:
    found = medallion_layer(DatasetName(tuple(name.split(".")), platform), CONFIGURED)
    assert (f"{found.word} by {found.by}" if found is not None else "") == wanted


@pytest.mark.parametrize(("name", "platform", "wanted"), ROWS)
def test_a_schema_catalogue_or_folder_tells_the_layer(name: str, platform: str | None, wanted: str) -> None:
    found = medallion_layer(DatasetName(tuple(name.split(".")), platform))
    assert (f"{found.word} by {found.by}" if found is not None else "") == wanted
