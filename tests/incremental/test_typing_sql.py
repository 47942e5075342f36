"""Real queries typed character by character: nothing fails, and nothing is said of what is only half there."""

from __future__ import annotations

import pytest

from pipesense.engine.report import Reported
from pipesense.engine.workspace import Workspace
from pipesense.host.rulepacks import load_registry
from pipesense.text.encoding import PositionEncoding
from support.memory import ROOT, everything, settle, workspace

REGISTRY = load_registry()
PATH = f"{ROOT}/typed.sql"
BEFORE = "SELECT id FROM customers WHERE deleted_at = NULL;\n"

QUERIES = {
    "grouped with a CTE": """WITH recent AS (
    -- only what was ordered this year; 'open' ones too
    SELECT o.customer_id, o.amount, o."status text"
    FROM shop.orders AS o
    LEFT JOIN shop.customers c ON c.id = o.customer_id AND c.country IN ('DE', 'it''s')
    WHERE o.ordered_at >= DATE '2024-01-01' AND o.deleted_at IS NOT NULL
)
SELECT customer_id, COUNT(*) AS orders, SUM(amount) / NULLIF(COUNT(*), 0) AS mean
FROM recent
GROUP BY customer_id
HAVING SUM(amount) > 100
ORDER BY mean DESC
LIMIT 10""",
    "comma joins": """select n_name, sum(l_extendedprice * (1 - l_discount)) as revenue
from customer, orders, lineitem, nation
where c_custkey = o_custkey and l_orderkey = o_orderkey and c_nationkey = n_nationkey
group by n_name order by revenue desc""",
    "window and CASE": """SELECT x.*, CASE WHEN x.place = 1 THEN 'first' ELSE '😀' END AS medal /* ; not the end ; */
FROM (
    SELECT t.day, ROW_NUMBER() OVER (PARTITION BY t.day ORDER BY t.score DESC) AS place
    FROM scores t
) x
WHERE x.place <= 3 AND NOT EXISTS (SELECT 1 FROM banned b WHERE b.day = x.day)""",
    "delete": "DELETE FROM staging.orders WHERE loaded_at < '2024-01-01' AND NOT is_final",
    "update": "UPDATE staging.orders SET amount = amount * 1.1, note = 'a;b' WHERE id = 7",
    "insert": """INSERT INTO mart.daily (day, total)
SELECT day, SUM(total) FROM staging.daily WHERE day = '{{ ds }}' GROUP BY day
ON CONFLICT (day) DO UPDATE SET total = EXCLUDED.total""",
    "merge": """MERGE INTO mart.customers t USING staging.customers s ON t.id = s.id
WHEN MATCHED THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)""",
    "table": """CREATE TABLE IF NOT EXISTS mart.sales (
    id BIGINT PRIMARY KEY,
    amount NUMERIC(12, 2) NOT NULL CHECK (amount > 0),
    customer_id BIGINT REFERENCES mart.customers (id)
)""",
    "template": """{{ config(materialized='incremental') }}
SELECT a.id, {{ amount('a') }} AS amount
FROM {{ ref('orders') }} a
{% if is_incremental() %}
WHERE a.loaded_at > (SELECT MAX(loaded_at) FROM {{ this }})
{% endif %}""",
    "block": "BEGIN\n  IF total > 0 THEN\n    DELETE FROM t WHERE a = 1;\n  END IF;\nEND",
    "dollar quotes": "CREATE FUNCTION f() RETURNS int AS $body$ SELECT 1; $body$ LANGUAGE sql",
    "set operation": "SELECT a, b FROM one UNION ALL SELECT a, b FROM two EXCEPT SELECT a, b FROM three",
}


def opened(text: str) -> Workspace:
    made = workspace({"pipesense.toml": '[dialect]\n"*.sql" = "postgres"\n', "typed.sql": text}, registry=REGISTRY)
    made.open(PATH, text)
    settle(made)
    return made


def insert(made: Workspace, offset: int, typed: str) -> None:
    buffer = made.text(PATH)
    assert buffer is not None
    place = buffer.lines.client_position(offset, PositionEncoding.UTF32)
    made.change(PATH, place, place, typed, PositionEncoding.UTF32)
    made.analyse(PATH)


def said(found: tuple[Reported, ...], start: int, end: int) -> list[tuple[str, str]]:
    return [(each.rule, each.message) for each in found if start <= each.span.start < end]


@pytest.mark.parametrize("name", QUERIES)
def test_typed_at_the_end(name: str) -> None:
    made = opened(BEFORE)
    standing = said(made.findings(PATH), 0, len(BEFORE))
    assert standing

    for at, letter in enumerate(QUERIES[name]):
        insert(made, len(BEFORE) + at, letter)

        assert said(made.findings(PATH), 0, len(BEFORE)) == standing
        if letter != ";":
            assert said(made.findings(PATH), len(BEFORE), 1 << 60) == [], QUERIES[name][: at + 1][-60:]

    settle(made)
    assert everything(made) == everything(opened(BEFORE + QUERIES[name]))


def test_what_is_wrong_in_a_typed_statement_is_said_at_rest_and_stays_while_it_goes_on() -> None:
    made = opened(BEFORE)
    query = "SELECT a FROM t WHERE b = NULL"
    for at, letter in enumerate(query):
        insert(made, len(BEFORE) + at, letter)
    assert said(made.findings(PATH), len(BEFORE), 1 << 60) == []

    assert made.settle(PATH)
    made.analyse(PATH)
    assert [rule for rule, _ in said(made.findings(PATH), len(BEFORE), 1 << 60)] == ["correctness/equals-null"]

    insert(made, len(BEFORE) + len(query), " AND c = 1")
    assert [rule for rule, _ in said(made.findings(PATH), len(BEFORE), 1 << 60)] == ["correctness/equals-null"]


def test_what_is_wrong_is_said_at_once_when_the_statement_ends_or_is_changed_inside() -> None:
    made = opened(BEFORE)
    for at, letter in enumerate("DELETE FROM t;"):
        insert(made, len(BEFORE) + at, letter)
    assert [rule for rule, _ in said(made.findings(PATH), len(BEFORE), 1 << 60)] == ["security/dml-without-where"]

    made = opened(BEFORE + "SELECT a FROM t WHERE b IS NULL AND c > 1\n")
    made.change(PATH, (1, 24), (1, 26), "=", PositionEncoding.UTF32)
    made.analyse(PATH)
    assert [rule for rule, _ in said(made.findings(PATH), len(BEFORE), 1 << 60)] == ["correctness/equals-null"]


BAD = {
    "an open quote": "SELECT 'never closed FROM t",
    "an open name": 'SELECT "never closed FROM t',
    "an open backtick": "SELECT `never closed FROM t",
    "an open comment": "SELECT a /* never closed FROM t",
    "open dollar quotes": "SELECT $x$ never closed FROM t",
    "a stray tag": "SELECT a {% FROM t",
    "a stray end of a tag": "SELECT a %} FROM t",
    "a stray end of a block": "{% endif %} SELECT a FROM t",
    "an open expression": "SELECT {{ a FROM t",
    "an open template comment": "SELECT {# a FROM t",
    "a bracket too many": "SELECT a) FROM t",
    "open brackets": "SELECT ((((((a FROM t",
    "mixed line endings": "SELECT a,\r\n b,\r c,\n d FROM t",
    "form feeds and separators": "SELECT a,\x0c b,\u2028 c,\x85 d FROM t",
    "emoji": "SELECT '👩‍👩‍👧' AS 👩, a FROM t -- 🎉",
    "a byte order mark": "\ufeffSELECT a FROM t",
    "a null byte": "SELECT a\x00 FROM t",
    "a lone surrogate": "SELECT '\ud800' FROM t",
    "a command alone": "EXPLAIN ",
    "nothing but signs": ") ] } ; ; -- \\ @ $ # ` ",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_costs_no_other_statement(name: str) -> None:
    scratch = opened(BEFORE + BAD[name])
    made = opened(BEFORE)
    standing = said(made.findings(PATH), 0, len(BEFORE))
    for at, letter in enumerate(BAD[name]):
        insert(made, len(BEFORE) + at, letter)
        assert said(made.findings(PATH), 0, len(BEFORE)) == standing

    settle(made)
    assert everything(made) == everything(scratch)
    assert said(scratch.findings(PATH), 0, len(BEFORE)) == standing
