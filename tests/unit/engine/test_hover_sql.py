"""Hovers over names in SQL: the place is marked by ``|``, the text must hold every line that is expected."""

from __future__ import annotations

import pytest

from support.memory import ROOT, settle, workspace

FILES = {
    "ddl/orders.sql": (
        "CREATE TABLE shop.orders (\n  id BIGINT PRIMARY KEY,\n  total DECIMAL(10, 2) NOT NULL,\n  note TEXT\n"
        ") PARTITION BY RANGE (id);\n"
    ),
    "ddl/big.sql": "CREATE VIEW shop.big AS SELECT o.id, o.total * 2 AS twice FROM shop.orders AS o WHERE o.total > 9;\n",
    "dbt_project.yml": "name: x\n",
    "models/base.sql": "select id, amount from {{ source('raw', 'payments') }}",
}
CASES = [
    ("SELECT o.to|tal FROM shop.orders AS o", [
        "**Column total** · `DECIMAL(10,2)` · never NULL",
        "- of: `shop.orders`, called `o` here",
        "- a copy of: `shop.orders.total` (orders.sql, line 3)",
    ]),
    ("SELECT b.tw|ice FROM shop.big AS b", [
        "**Column twice** · `decimal` · never NULL",
        "- of: `shop.big`, called `b` here",
        "- made from: `shop.orders.total` (orders.sql, line 3)",
    ]),
    ("WITH c AS (SELECT id, total FROM shop.orders) SELECT COALESCE(c.total, 0) + id AS al|l_in FROM c", [
        "**Column all_in** · `decimal` · never NULL",
        "- made from: `shop.orders.total` (orders.sql, line 3)",
        "- made from: `shop.orders.id` (orders.sql, line 2)",
    ]),
    ("SELECT lower('X') AS al|l_in FROM a", ["**Column all_in** · `string`", "- made by: `lower('X')`"]),
    ("SELECT l.no|te FROM shop.big AS b LEFT JOIN shop.orders AS l ON l.id = b.id", ["`TEXT` · may be NULL"]),
    ("SELECT mys|tery FROM a JOIN b ON a.x = b.y", ["**Column mystery**", "- unknown: no file of the workspace creates a"]),
    ("SELECT c.id FROM (SELECT 1 AS id) AS c, shop.or|ders", [
        "**Table shop.orders**",
        "- defined in: orders.sql, line 1",
        "- one row per `id`",
        "| total | DECIMAL(10,2) | not null |",
    ]),
    ("WITH raw AS (SELECT * FROM far.away), named AS (SELECT r.x AS y FROM raw AS r) SELECT n.y|  FROM named AS n", [
        "- of: the CTE `named`, called `n` here",
        "- a copy of: `far.away.x`",
    ]),
    ("WITH raw AS (SELECT * EXCEPT (x) FROM far.away) SELECT r.x|  FROM raw AS r", ["- unknown: "]),
    ("SELECT * FROM shop.bi|g", ["**View shop.big**", "| id | BIGINT | key, not null |", "| twice | decimal | not null |"]),
    ("WITH per AS (SELECT id, SUM(total) AS s FROM shop.orders GROUP BY id) SELECT * FROM p|er", [
        "**CTE per**", "- one row per `id`", "| s | decimal |  |",
    ]),
    ("SELECT * FROM {{ re|f('base') }}", ["**Model base**", "| amount |  |  |"]),
    ("SELECT b.am|ount FROM {{ ref('base') }} AS b", ["- of: `base`, called `b` here", "- a copy of: `raw.payments.amount`"]),
    ("SELECT * FROM {{ sour|ce('raw', 'payments') }}", ["**Source raw.payments**", "More columns may exist: no file here says its columns."]),
]  # fmt: skip


@pytest.mark.parametrize(("marked", "expected"), CASES, ids=[case[0] for case in CASES])
def test_hovers(marked: str, expected: list[str]) -> None:
    offset = marked.index("|")
    made = workspace({**FILES, "models/q.sql": marked.replace("|", "", 1)})
    settle(made)
    path = f"{ROOT}/models/q.sql"
    hover = made.hover(path, offset)
    assert hover is not None
    for line in expected:
        assert line in hover.markdown, hover.markdown
