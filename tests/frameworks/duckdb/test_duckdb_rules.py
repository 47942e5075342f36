"""What rules say about queries, on DuckDB: the query that is reported fails or gives the wrong rows, and what the
fix makes of it gives the right ones.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import pytest

import pipesense_rules
from pipesense.host.testing import EngineChecker
from pipesense.rule.registry import Registry

pytestmark = pytest.mark.framework

CHECKER: Final = EngineChecker(Registry(pipesense_rules.rules(), pipesense_rules.page, pipesense_rules.pattern))
DIALECT: Final = "-- pipesense: dialect=duckdb\n"
SETUP: Final = """
CREATE TABLE customers (id INT, name TEXT, referred_by INT);
INSERT INTO customers VALUES (1, 'Ann', NULL), (2, 'Ben', 1), (3, 'Cid', 1);
CREATE TABLE orders (order_id INT, customer_id INT, status TEXT, amount INT, created_at TIMESTAMP);
INSERT INTO orders VALUES
    (10, 1, 'paid', 5, '2024-01-01 00:00:00'),
    (11, 1, 'open', 7, '2024-01-31 12:00:00'),
    (12, 2, 'paid', 9, '2024-02-01 00:00:00');
CREATE TABLE refunds (order_id INT, refunded INT);
INSERT INTO refunds VALUES (10, 1), (11, 2);
CREATE TABLE versions (id INT, valid_from DATE);
INSERT INTO versions VALUES (7, '2024-03-01'), (7, '2024-05-05'), (8, '2024-01-02');
CREATE TABLE shop_orders (nr INT, tax INT, net INT);
INSERT INTO shop_orders VALUES (1, 19, 100);
CREATE TABLE loaded (order_id INT, created_at TIMESTAMP);
"""


@dataclass(frozen=True)
class Proof:
    """``wrong`` gives ``gives`` (or DuckDB's ``refuses``); the fix, or ``instead`` where there is none, ``right``.

    ``fix`` is how the title of the fix begins, where the finding offers several.
    """

    rule: str
    wrong: str
    right: list[tuple[Any, ...]]
    gives: list[tuple[Any, ...]] | None = None
    refuses: str = ""
    instead: str = ""
    fix: str = ""


PROOFS: Final = (
    Proof(
        "correctness/equals-null",
        "SELECT id FROM customers WHERE referred_by = NULL;",
        gives=[],
        right=[(1,)],
    ),
    Proof(
        "correctness/not-in-nullable",
        "SELECT id FROM customers WHERE id NOT IN (SELECT referred_by FROM customers) ORDER BY id;",
        gives=[],
        right=[(2,), (3,)],
    ),
    Proof(
        "correctness/left-join-nullified",
        "SELECT c.id, o.order_id FROM customers AS c LEFT JOIN orders AS o ON o.customer_id = c.id "
        "WHERE o.status = 'paid' ORDER BY c.id;",
        gives=[(1, 10), (2, 12)],
        right=[(1, 10), (2, 12)],
        fix="Write JOIN",
    ),
    Proof(
        "correctness/left-join-nullified",
        "SELECT c.id, o.order_id FROM customers AS c LEFT JOIN orders AS o ON o.customer_id = c.id "
        "WHERE o.status = 'paid' ORDER BY c.id;",
        gives=[(1, 10), (2, 12)],
        right=[(1, 10), (2, 12), (3, None)],
        fix="Move the condition into ON",
    ),
    Proof(
        "correctness/count-star-after-left-join",
        "SELECT c.id, COUNT(*) AS orders FROM customers AS c LEFT JOIN orders AS o ON o.customer_id = c.id "
        "GROUP BY c.id ORDER BY c.id;",
        gives=[(1, 2), (2, 1), (3, 1)],
        right=[(1, 2), (2, 1), (3, 0)],
    ),
    Proof(
        "correctness/condition-misses-table",
        "SELECT COUNT(r.refunded) AS n FROM customers AS c JOIN orders AS o ON o.customer_id = c.id "
        "JOIN refunds AS r ON o.customer_id = c.id;",
        gives=[(6,)],
        instead="SELECT COUNT(r.refunded) AS n FROM customers AS c JOIN orders AS o ON o.customer_id = c.id "
        "JOIN refunds AS r ON r.order_id = o.order_id;",
        right=[(2,)],
    ),
    Proof(
        "correctness/implicit-cross-join",
        "SELECT SUM(o.amount) AS amount FROM orders AS o, customers AS c WHERE o.status = 'paid';",
        gives=[(42,)],
        instead="SELECT SUM(o.amount) AS amount FROM orders AS o, customers AS c "
        "WHERE o.status = 'paid' AND o.customer_id = c.id;",
        right=[(14,)],
    ),
    Proof(
        "correctness/between-timestamp",
        "SELECT order_id FROM orders WHERE created_at BETWEEN '2024-01-01' AND '2024-01-31' ORDER BY order_id;",
        gives=[(10,)],
        right=[(10,), (11,)],
    ),
    Proof(
        "correctness/last-value-default-frame",
        "SELECT order_id, LAST_VALUE(status) OVER (PARTITION BY customer_id ORDER BY created_at) AS s "
        "FROM orders WHERE customer_id = 1 ORDER BY order_id;",
        gives=[(10, "paid"), (11, "open")],
        right=[(10, "open"), (11, "open")],
    ),
    Proof(
        "correctness/last-value-default-frame",
        "SELECT order_id, NTH_VALUE(status, 2) OVER (PARTITION BY customer_id ORDER BY created_at) AS s "
        "FROM orders WHERE customer_id = 1 ORDER BY order_id;",
        gives=[(10, None), (11, "open")],
        right=[(10, "open"), (11, "open")],
    ),
    Proof(
        "modelling/scd2-window-without-partition",
        "SELECT id, CAST(LEAD(valid_from) OVER (ORDER BY id, valid_from) AS TEXT) AS valid_to "
        "FROM versions ORDER BY id, valid_from;",
        gives=[(7, "2024-05-05"), (7, "2024-01-02"), (8, None)],
        right=[(7, "2024-05-05"), (7, None), (8, None)],
    ),
    Proof(
        "correctness/ungrouped-column",
        "SELECT customer_id, COUNT(*) AS orders FROM orders ORDER BY customer_id;",
        refuses="must appear in the GROUP BY clause",
        right=[(1, 2), (2, 1)],
    ),
    Proof(
        "correctness/ungrouped-column",
        "SELECT customer_id, status, COUNT(*) AS orders FROM orders GROUP BY customer_id;",
        refuses="must appear in the GROUP BY clause",
        instead="SELECT customer_id, MIN(status) AS status, COUNT(*) AS orders FROM orders GROUP BY 1 ORDER BY 1;",
        right=[(1, "open", 2), (2, "paid", 1)],
    ),
    Proof(
        "correctness/having-without-group",
        "SELECT order_id FROM orders HAVING amount > 6 ORDER BY order_id;",
        refuses="GROUP BY",
        right=[(11,), (12,)],
    ),
    Proof(
        "schema/ordinal-reference",
        "SELECT customer_id, COUNT(*) AS n FROM orders GROUP BY 1, 3;",
        refuses="out of range",
        instead="SELECT customer_id, COUNT(*) AS n FROM orders GROUP BY 1 ORDER BY 1;",
        right=[(1, 2), (2, 1)],
    ),
    Proof(
        "schema/set-op-column-order",
        "SELECT 2 AS nr, 50 AS net, 9 AS tax UNION ALL SELECT nr, tax, net FROM shop_orders ORDER BY nr;",
        gives=[(1, 19, 100), (2, 50, 9)],
        right=[(1, 100, 19), (2, 50, 9)],
    ),
    Proof(
        "correctness/null-unsafe-surrogate-key",
        "SELECT COUNT(DISTINCT region_key) AS keys FROM (SELECT MD5(a || b) AS region_key "
        "FROM (VALUES ('ab', 'c'), ('a', 'bc'), ('a', NULL)) AS t(a, b)) AS k;",
        gives=[(1,)],
        instead="SELECT COUNT(DISTINCT region_key) AS keys FROM (SELECT MD5(COALESCE(a, '') || '|' || COALESCE(b, '')) "
        "AS region_key FROM (VALUES ('ab', 'c'), ('a', 'bc'), ('a', NULL)) AS t(a, b)) AS k;",
        right=[(3,)],
    ),
    Proof(
        "correctness/count-nullable-as-rows",
        "SELECT COUNT(referred_by) AS total_rows FROM customers;",
        gives=[(2,)],
        right=[(3,)],
    ),
    Proof(
        "correctness/fan-out-aggregate",
        "WITH lines AS (SELECT order_id, refunded FROM refunds UNION ALL SELECT order_id, 3 FROM refunds), "
        "parts AS (SELECT order_id, refunded FROM lines GROUP BY order_id, refunded) "
        "SELECT SUM(o.amount) AS amount FROM orders AS o JOIN parts AS p ON p.order_id = o.order_id;",
        gives=[(24,)],
        instead="WITH lines AS (SELECT order_id, refunded FROM refunds UNION ALL SELECT order_id, 3 FROM refunds), "
        "parts AS (SELECT order_id, SUM(refunded) AS refunded FROM lines GROUP BY order_id) "
        "SELECT SUM(o.amount) AS amount FROM orders AS o JOIN parts AS p ON p.order_id = o.order_id;",
        right=[(12,)],
    ),
)
"""Queries over what SETUP makes."""


def _findings(text: str, rule: str) -> list[Any]:
    return [seen for seen in CHECKER.check({"query.sql": text}).findings if seen.rule == rule]


def _mended(text: str, rule: str, fix: str = "") -> str:
    (seen,) = _findings(text, rule)
    title = next(each for each in seen.fixes if each.startswith(fix))
    files = CHECKER.fix({"query.sql": text}, seen, title)
    assert not isinstance(files, str), files
    return files["query.sql"]


@pytest.mark.parametrize("proof", PROOFS, ids=[f"{each.rule}-{index}" for index, each in enumerate(PROOFS)])
def test_what_is_reported_is_wrong_and_what_is_advised_is_right(proof: Proof) -> None:
    database = duckdb.connect()
    database.execute(SETUP)
    text = DIALECT + proof.wrong

    assert len(_findings(text, proof.rule)) == 1
    if proof.refuses:
        with pytest.raises(duckdb.Error, match=proof.refuses):
            database.execute(text).fetchall()
    else:
        assert database.execute(text).fetchall() == proof.gives

    better = DIALECT + proof.instead if proof.instead else _mended(text, proof.rule, proof.fix)
    assert database.execute(better).fetchall() == proof.right
    assert _findings(better, proof.rule) == []


def test_an_empty_target_never_starts() -> None:
    database = duckdb.connect()
    database.execute(SETUP)
    text = DIALECT + (
        "INSERT INTO loaded (order_id, created_at) SELECT order_id, created_at FROM orders "
        "WHERE created_at > (SELECT MAX(created_at) FROM loaded);"
    )

    database.execute(text)
    assert database.execute("SELECT COUNT(*) FROM loaded").fetchall() == [(0,)]

    database.execute(_mended(text, "idempotency/watermark-starts-null"))
    assert database.execute("SELECT COUNT(*) FROM loaded").fetchall() == [(3,)]


def test_union_all_keeps_what_union_would_keep() -> None:
    text = DIALECT + "SELECT 1 AS id, 'web' AS src UNION SELECT 1, 'shop';"

    better = _mended(text, "performance/union-of-disjoint")

    connection = duckdb.connect()
    assert sorted(connection.execute(better).fetchall()) == sorted(connection.execute(text).fetchall())


@pytest.mark.parametrize("money", ["DOUBLE", "DECIMAL(18, 2)"])
def test_sums_of_money(money: str) -> None:
    declared = DIALECT + f"CREATE TABLE lines (amount {money});"
    total = (
        f"SELECT SUM(a) = CAST(0.30 AS {money}) FROM (VALUES (CAST(0.10 AS {money})), (CAST(0.20 AS {money}))) t(a);"
    )

    exact = not _findings(declared, "modelling/float-money")

    assert duckdb.connect().execute(total).fetchall() == [(exact,)]


def test_a_row_that_an_upsert_meets_twice_is_refused_or_keeps_one_of_both() -> None:
    database = duckdb.connect()
    setup = "CREATE TABLE daily (customer_id INT PRIMARY KEY, visits INT);\n"
    load = (
        "INSERT INTO daily (customer_id, visits) SELECT customer_id, amount FROM (SELECT customer_id, amount FROM orders "
        "GROUP BY customer_id, amount) AS v ON CONFLICT (customer_id) DO UPDATE SET visits = EXCLUDED.visits;"
    )
    database.execute(SETUP + setup)

    assert len(_findings(DIALECT + setup + load, "idempotency/merge-source-not-unique")) == 1
    with contextlib.suppress(duckdb.ConstraintException, duckdb.BinderException, duckdb.InvalidInputException):
        database.execute(load)  # older versions refuse
    kept = database.execute("SELECT visits FROM daily WHERE customer_id = 1").fetchall()
    assert kept in ([], [(5,)], [(7,)])


def test_what_alter_table_refuses() -> None:
    database = duckdb.connect()
    database.execute(SETUP + "CREATE TABLE names (name TEXT); INSERT INTO names VALUES ('no number');")
    narrower = "ALTER TABLE names ALTER COLUMN name TYPE INT;"

    assert len(_findings(f"{DIALECT}CREATE TABLE names (name TEXT);\n{narrower}", "schema/breaking-alter")) == 1
    with pytest.raises(duckdb.Error, match="Could not convert"):
        database.execute(narrower)


def test_a_literal_of_another_kind_is_refused_or_stops_at_a_value() -> None:
    database = duckdb.connect()
    database.execute("CREATE TABLE addresses (zip TEXT); INSERT INTO addresses VALUES ('02134'), ('SW1A 1AA');")
    setup = f"{DIALECT}CREATE TABLE addresses (zip TEXT);\n"
    query = "SELECT zip FROM addresses WHERE zip = 2134;"

    assert len(_findings(setup + query, "correctness/implicit-cast-compare")) == 1
    with pytest.raises(duckdb.Error, match=r"[Cc]annot compare|Could not convert"):
        database.execute(query).fetchall()


def test_null_does_not_pass_what_the_catalogue_says_it_does_not_pass() -> None:
    database = duckdb.connect()
    database.execute("CREATE TABLE t (a INT, b INT); INSERT INTO t VALUES (NULL, 1), (1, NULL), (NULL, NULL), (1, 1);")

    for kept in (
        "a = 1",
        "a <> 1",
        "a BETWEEN 0 AND 2",
        "a IN (1, 2)",
        "a NOT IN (3)",
        "a IS NOT NULL",
        "a::TEXT LIKE '1'",
    ):
        assert (None,) not in database.execute(f"SELECT a FROM t WHERE {kept}").fetchall()
    assert (None,) in database.execute("SELECT a FROM t WHERE 1 IN (a, b)").fetchall()
    assert (None,) in database.execute("SELECT a FROM t WHERE b NOT BETWEEN 5 AND a").fetchall()
