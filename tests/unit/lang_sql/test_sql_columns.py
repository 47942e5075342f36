"""What columns a query gives: a table of queries over the same few tables."""

from __future__ import annotations

import pytest

from pipesense.model.columns import Binding, Missing
from pipesense.model.value import Unknown
from support.catalogue import binder, shown

TABLES = """
CREATE TABLE orders (id BIGINT PRIMARY KEY, customer_id INT NOT NULL, amount DECIMAL(10, 2), placed_at TIMESTAMP);
CREATE TABLE mart.customers (id INT NOT NULL, name VARCHAR(20), born DATE, UNIQUE (id));
CREATE TABLE lines (order_id BIGINT, line INT, sku TEXT, PRIMARY KEY (order_id, line));
CREATE VIEW big AS SELECT *, amount > 100 AS is_big FROM orders;
CREATE VIEW named (a, b) AS SELECT id, amount FROM orders;
CREATE VIEW bigger AS SELECT b.id, b.is_big FROM big b;
CREATE TABLE copied AS WITH o AS (SELECT id AS order_id, customer_id FROM orders) SELECT * FROM o;
"""

CASES = [
    ("SELECT id, amount FROM orders", "", "id:int!, amount:decimal?"),
    ("SELECT * FROM orders", "", "id:int!, customer_id:int!, amount:decimal?, placed_at:timestamp?"),
    ("SELECT o.* FROM orders o", "", "id:int!, customer_id:int!, amount:decimal?, placed_at:timestamp?"),
    ("SELECT * FROM elsewhere", "", "..."),
    ("SELECT a, b AS c, 1 FROM elsewhere", "", "a, c, -:int!"),
    ("SELECT * FROM mart.customers", "", "id:int!, name:string?, born:date?"),
    # The schema is not written, so it may be another table.
    ("SELECT * FROM customers", "", "..."),
    ("SELECT * FROM x.mart.customers", "", "id:int!, name:string?, born:date?"),
    ("SELECT * FROM other.customers", "", "..."),
    ("SELECT * EXCEPT (amount, placed_at) FROM orders", "bigquery", "id:int!, customer_id:int!"),
    ("SELECT * EXCLUDE (amount) RENAME (id AS order_id) FROM orders", "snowflake",
     "order_id:int!, customer_id:int!, placed_at:timestamp?"),
    ("SELECT * REPLACE (CAST(id AS STRING) AS id) FROM orders", "bigquery",
     "id:string!, customer_id:int!, amount:decimal?, placed_at:timestamptz?"),
    ("SELECT * FROM orders o JOIN lines l ON o.id = l.order_id", "",
     "id:int!, customer_id:int!, amount:decimal?, placed_at:timestamp?, order_id:int!, line:int!, sku:string?"),
    ("SELECT l.sku, o.id FROM orders o LEFT JOIN lines l ON o.id = l.order_id", "", "sku:string?, id:int!"),
    ("SELECT o.id, l.line FROM orders o RIGHT JOIN lines l ON o.id = l.order_id", "", "id:int?, line:int!"),
    ("SELECT * FROM copied JOIN lines USING (order_id)", "", "order_id:int!, customer_id:int!, line:int!, sku:string?"),
    ("SELECT * FROM lines NATURAL JOIN copied", "", "order_id:int!, line:int!, sku:string?, customer_id:int!"),
    ("SELECT * FROM orders LEFT SEMI JOIN lines ON orders.id = lines.order_id", "spark",
     "id:int!, customer_id:int!, amount:decimal?, placed_at:timestamptz?"),
    # CTEs and subqueries
    ("WITH c AS (SELECT id FROM orders) SELECT * FROM c", "", "id:int!"),
    ("WITH c (x, y) AS (SELECT id, amount FROM orders) SELECT * FROM c", "", "x:int!, y:decimal?"),
    ("WITH c (x) AS (SELECT 1) SELECT * FROM c UNION ALL SELECT x + 1 FROM c", "", "x:int!"),
    ("WITH orders AS (SELECT 1 AS one) SELECT * FROM orders", "", "one:int!"),
    ("WITH customers AS (SELECT 1 AS one) SELECT * FROM mart.customers", "", "id:int!, name:string?, born:date?"),
    ("WITH a AS (SELECT id FROM orders), b AS (SELECT *, 1 AS n FROM a) SELECT * FROM b", "", "id:int!, n:int!"),
    ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r", "", "n:int"),
    ("SELECT * FROM (SELECT id AS x FROM orders) AS q", "", "x:int!"),
    ("SELECT * FROM (SELECT id, amount FROM orders) AS q (a, b)", "postgres", "a:int!, b:decimal?"),
    ("SELECT q.* FROM (WITH c AS (SELECT 1 AS n) SELECT * FROM c) AS q", "", "n:int!"),
    ("SELECT (SELECT MAX(amount) FROM orders) AS most", "", "most:decimal?"),
    # Views and CTAS of other files
    ("SELECT * FROM big", "",
     "id:int!, customer_id:int!, amount:decimal?, placed_at:timestamp?, is_big:boolean"),
    ("SELECT * FROM bigger", "", "id:int!, is_big:boolean"),
    ("SELECT * FROM named", "", "a:int!, b:decimal?"),
    ("SELECT * FROM copied", "", "order_id:int!, customer_id:int!"),
    # Set operations
    ("SELECT id FROM orders UNION ALL SELECT order_id FROM lines", "", "id:int!"),
    ("SELECT id, amount FROM orders UNION ALL SELECT order_id, sku FROM lines", "", "id:int!, amount?"),
    ("SELECT amount AS v FROM orders UNION SELECT NULL", "", "v:decimal?"),
    (
        "SELECT amount FROM orders WHERE NOT amount IS NULL UNION ALL SELECT amount FROM orders WHERE amount > 0",
        "",
        "amount:decimal!",
    ),
    ("SELECT id FROM orders UNION ALL SELECT * FROM elsewhere", "", "id:int"),
    ("SELECT 1 AS a UNION ALL BY NAME SELECT 2 AS b, 3 AS a", "duckdb", "a:int!, b:int?"),
    # Sources that nobody can list
    ("SELECT * FROM UNNEST([1, 2]) AS n", "bigquery", "n, ..."),
    ("SELECT o.id, n FROM orders o, UNNEST(o.tags) AS n", "bigquery", "id:int!, n"),
    ("SELECT * FROM orders PIVOT (SUM(amount) FOR customer_id IN (1, 2))", "snowflake", "..."),
    ("SELECT * FROM (VALUES (1, 'x')) AS v (a, b)", "postgres", "a, b"),
    ("SELECT * FROM generate_series(1, 3) AS g (n)", "postgres", "n, ..."),
    ("SELECT AS VALUE o FROM orders o", "bigquery", "o"),
    ("SELECT * FROM (SELECT AS VALUE o FROM orders o) AS q", "bigquery", "..."),
    # Template tags
    ("SELECT id, {{ columns() }} FROM orders", "", "id:int!, -, ..."),
    ("SELECT id, {{ amount('x') }} AS amount FROM orders", "", "id:int!, amount"),
    ("SELECT id, a_{{ n }} FROM orders", "", "id:int!, a_{{ n }}, ..."),
    ("SELECT id{% if wide %}, amount{% else %}, sku{% endif %} FROM orders", "", "id:int!, amount:decimal?, ..."),
    ("SELECT * FROM {{ table }}", "", "..."),
    ("SELECT * FROM orders {{ more_joins() }}", "",
     "id:int!, customer_id:int!, amount:decimal?, placed_at:timestamp?, ..."),
    # Types of expressions
    ("SELECT COUNT(*) AS n, SUM(amount) AS s, AVG(id) AS a, MAX(placed_at) AS m FROM orders", "",
     "n:int!, s:decimal, a:decimal, m:timestamp?"),
    ("SELECT COALESCE(amount, 0) AS a, CASE WHEN amount > 1 THEN 'x' END AS b FROM orders", "", "a:decimal!, b:string?"),
    ("SELECT id + 1 AS a, amount * 2 AS b, id || 'x' AS c, id IS NULL AS d FROM orders", "",
     "a:int!, b:decimal?, c:string, d:boolean!"),
    ("SELECT ROW_NUMBER() OVER (ORDER BY id) AS n, LAG(amount) OVER (ORDER BY id) AS l FROM orders", "",
     "n:int!, l:decimal?"),
    ("SELECT DATE '2024-01-01' AS d, CURRENT_TIMESTAMP AS t, NULL AS n", "", "d:date!, t:timestamptz!, n:unknown?"),
    # What WHERE keeps NULL out of
    ("SELECT amount FROM orders WHERE amount > 0", "", "amount:decimal!"),
    ("SELECT * FROM orders WHERE placed_at IS NOT NULL", "",
     "id:int!, customer_id:int!, amount:decimal?, placed_at:timestamp!"),
    ("SELECT amount FROM orders WHERE amount > 0 OR id = 1", "", "amount:decimal?"),
    ("SELECT amount FROM orders WHERE 1 IN (amount, id)", "", "amount:decimal?"),
    ("SELECT o.id, o.amount FROM orders2 LEFT JOIN orders AS o ON o.id = orders2.id WHERE o.customer_id = 7", "",
     "id:int!, amount:decimal?"),
    # Structs
    ("SELECT o.customer.name FROM orders2 o", "bigquery", "name"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "dialect", "expected"), CASES, ids=[case[0] for case in CASES])
def test_columns(sql: str, dialect: str, expected: str) -> None:
    assert shown(binder(sql, *TABLES.split(";\n"), dialect=dialect).outputs()) == expected


NAMES = [
    # What a name means: "found source.column", "missing (near ...)" or the reason why nobody knows.
    ("SELECT id FROM orders", "", "found orders.id"),
    ("SELECT o.amuont FROM orders o", "", "missing (amount)"),
    ("SELECT zzz FROM orders o", "", "missing ()"),
    ("SELECT zzz FROM orders o, elsewhere e", "", "found e.zzz"),
    ("SELECT zzz FROM more m, elsewhere e", "", "no file of the workspace creates more"),
    ("SELECT zzz FROM orders o WHERE EXISTS (SELECT 1 FROM lines l WHERE l.order_id = o.id)", "",
     "missing (); found l.order_id; found o.id"),
    ("SELECT 1 FROM orders o WHERE EXISTS (SELECT 1 FROM lines l WHERE amount > line)", "",
     "found o.amount; found l.line"),
    ("SELECT 1 FROM orders o, (SELECT amount FROM lines) q", "", "missing ()"),
    ("SELECT 1 FROM orders o, LATERAL (SELECT o.amount FROM lines) q", "postgres", "found o.amount"),
    ("SELECT id AS n FROM orders ORDER BY n", "", "found orders.id; alias n"),
    ("SELECT id AS amount FROM orders ORDER BY amount", "", "found orders.id; alias amount"),
    ("SELECT id AS n, n + 1 AS m FROM orders", "snowflake", "found orders.id; alias n"),
    ("SELECT orders.id FROM mart.orders2 AS orders", "", "found orders.id"),
    ("SELECT mart.customers.name FROM mart.customers", "", "found customers.name"),
    ("SELECT placed_at FROM orders o JOIN copied USING (customer_id)", "", "found o.placed_at"),
    ("SELECT customer_id FROM orders o JOIN copied c USING (customer_id)", "", "found o.customer_id"),
    ("SELECT customer_id FROM orders o JOIN copied c ON o.id = 1", "",
     "several tables of this query have a column `customer_id`; found o.id"),
    ("SELECT o.payload.item FROM (SELECT payload FROM far) o", "bigquery", "found o.payload; found far.payload"),
    ("SELECT payload.item FROM (SELECT payload FROM far) o", "bigquery", "found o.payload; found far.payload"),
    ("SELECT o FROM orders o", "bigquery", "`o` may mean a whole row"),
    ("SELECT x.id FROM orders o", "", "`x` is no table of this query"),
    ("SELECT ctid FROM orders", "postgres", "the name means something of its own in some dialects"),
    ('SELECT "zzz" FROM orders', "", "double quotes may hold a string in this dialect"),
    ('SELECT "zzz" FROM orders', "postgres", "missing ()"),
    ("SELECT count FROM (SELECT count(*) FROM orders) q", "postgres",
     "a column without an alias gets its name from the engine, and it may be this one"),
    ("UPDATE orders SET amount = 0 WHERE amuont > 1", "", "missing (amount)"),
    ("UPDATE orders o SET amount = l.line FROM lines l WHERE l.order_id = o.id", "postgres",
     "found l.line; found l.order_id; found o.id"),
    ("DELETE FROM orders WHERE idd = 1", "", "missing (id)"),
    ("MERGE INTO orders t USING lines s ON t.id = s.order_idd WHEN MATCHED THEN UPDATE SET amount = s.line", "",
     "found t.id; missing (order_id); found s.line"),
    ("SELECT DATEADD(DAY, 1, placed_at) FROM orders", "", "found orders.placed_at"),
    ("SELECT DATE_PART(h, placed_at) FROM orders", "redshift", "found orders.placed_at"),
    ("SELECT DATE_TRUNC('month', placed_at), DATE_PART(hh, placed_at) FROM orders", "", "found orders.placed_at"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "dialect", "expected"), NAMES, ids=[case[0] for case in NAMES])
def test_names(sql: str, dialect: str, expected: str) -> None:
    made = binder(sql, *TABLES.split(";\n"), dialect=dialect)
    uses = sorted(made.facts.columns, key=lambda use: use.span)
    assert "; ".join(dict.fromkeys(meaning(made.bind(use)) for use in uses)) == expected


def meaning(bound: Binding) -> str:
    if isinstance(bound, Missing):
        return f"missing ({', '.join(bound.near)})"
    if isinstance(bound, Unknown):
        return bound.why
    return (
        f"found {bound.source.alias}.{bound.column.name}" if bound.source is not None else f"alias {bound.column.name}"
    )


@pytest.mark.parametrize(
    ("sql", "missing"),
    [
        ("SELECT a, b.x FROM t AS b", []),
        ("WITH c AS (SELECT 1 AS a) SELECT a, b FROM c", ["b"]),
        ("WITH c AS (SELECT 1 AS a) SELECT b, d FROM c JOIN t USING (a)", []),
        ("WITH c AS (SELECT 1 AS a) SELECT c.b FROM c, t", ["c.b"]),
        ("WITH c AS (SELECT 1 AS a) SELECT a FROM c WHERE a NOT IN (0x0f, 0x) AND b = 1", ["b"]),
        ("WITH c AS (SELECT 1 AS a) SELECT a FROM c WHERE EXISTS (SELECT 1 FROM t WHERE t.x = c.y)", []),
        ("WITH c AS (SELECT 1 AS a) SELECT a FROM c WHERE 1 = (SELECT c.y FROM (SELECT 1 AS q) AS d)", ["c.y"]),
        ("SELECT z FROM t WHERE EXISTS (SELECT y FROM (SELECT 1 AS q) AS d WHERE d.r = t.s)", ["d.r"]),
        ("WITH c AS (SELECT 1 AS a) UPDATE u SET v = 1 WHERE EXISTS (SELECT 1 FROM c WHERE c.n = u.m)", ["c.n"]),
    ],
)
def test_the_missing_columns_are_those_that_bind_to_nothing(sql: str, missing: list[str]) -> None:
    asked = binder(sql)
    one_by_one = [(use, found) for use in asked.facts.columns if isinstance(found := asked.bind(use), Missing)]
    assert list(binder(sql).missing()) == one_by_one
    assert [".".join(use.path) for use, _ in one_by_one] == missing
