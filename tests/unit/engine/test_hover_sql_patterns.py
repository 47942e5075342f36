"""Which pattern a hover explains at words and names of SQL; ``|`` is the cursor."""

from __future__ import annotations

import pytest

from pipesense.host.rulepacks import load_registry
from support.memory import ROOT, workspace

VAULT = (
    "CREATE TABLE hub_customer (customer_hk CHAR(32) PRIMARY KEY, customer_id INT, load_date TIMESTAMP, rsrc TEXT);\n"
)
CASES = {
    "MERGE": (
        "ME|RGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = s.n",
        "**Upsert**",
    ),
    "INSERT ... ON CONFLICT": (
        "INS|ERT INTO t (id, n) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET n = excluded.n",
        "**Upsert**",
    ),
    "QUALIFY that keeps the first": (
        "SELECT id FROM t QUAL|IFY row_number() OVER (PARTITION BY id ORDER BY at DESC) = 1",
        "**Latest version**",
    ),
    "QUALIFY on a share": (
        "SELECT id FROM t QUAL|IFY sum(n) OVER (PARTITION BY id) > 10",
        "**Window functions**",
    ),
    "a window function": (
        "SELECT l|ag(n) OVER (ORDER BY at) AS before FROM t",
        "**Window functions**",
    ),
    "OVER": (
        "SELECT lag(n) O|VER (ORDER BY at) AS before FROM t",
        "**Window functions**",
    ),
    "a watermark": (
        "CREATE TABLE c (at TIMESTAMP(3), WATER|MARK FOR at AS at - INTERVAL '5' SECOND) WITH ('connector' = 'kafka')",
        "**Watermark**",
    ),
    "the start of a version": (
        "CREATE TABLE dim (sk INT, id INT, valid|_from TIMESTAMP, valid_to TIMESTAMP, is_current BOOLEAN)",
        "A row is true from `valid_from` up to `valid_to`.",
    ),
    "the flag of a version": (
        "CREATE TABLE dim (sk INT, id INT, effective_from DATE, effective_to DATE, is_|current BOOLEAN)",
        "**Slowly changing dimension**",
    ),
    "versions that a query makes": (
        "SELECT id, at AS valid|_from, lead(at) OVER (PARTITION BY id ORDER BY at) AS valid_to FROM t",
        "**Slowly changing dimension**",
    ),
    "a hub": (VAULT.replace("hub_", "hub|_"), "A hub: one row for each business key"),
    "a link": (
        "CREATE TABLE li|nk_order (order_hk CHAR(32), a_hk CHAR(32), b_hk CHAR(32), load_date DATE, record_source TEXT)",
        "A link: one row for each set of keys",
    ),
    "a satellite": (
        "CREATE TABLE sat_cus|tomer (customer_hk CHAR(32), load_date DATE, hash_diff TEXT, name TEXT)",
        "A satellite: each state of a thing",
    ),
    "a hub that is read": (VAULT + "SELECT customer_id FROM hub|_customer", "**Data vault**"),
}


def hovered(marked: str) -> str:
    made = workspace({"a.sql": marked.replace("|", "", 1)}, registry=load_registry())
    made.index_all()
    hover = made.hover(f"{ROOT}/a.sql", marked.index("|"))
    return hover.markdown if hover is not None else ""


@pytest.mark.parametrize("name", CASES)
def test_the_pattern_is_explained(name: str) -> None:
    marked, expected = CASES[name]
    assert expected in hovered(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "CREATE TABLE trip (id INT, valid|_from TIMESTAMP)",
        "CREATE TABLE hub|_users (id INT, login TEXT)",
        "SELECT n FROM t WHERE n| > 1",
        "INSE|RT INTO t (id) VALUES (1)",
    ],
)
def test_what_is_no_case_of_it_is_left_alone(marked: str) -> None:
    told = hovered(marked)
    titles = ("Slowly changing", "Data vault", "Window functions", "Upsert")
    assert not any(f"**{title}" in told for title in titles)
