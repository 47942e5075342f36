"""Completion inside SQL. ``|`` is the cursor; the words behind it must come first, in that order."""

from __future__ import annotations

import pytest

from pipesense.engine.features.completion import Item, ItemKind
from support.memory import ROOT, settle, workspace

TABLES = """\
CREATE TABLE shop.customers (id INT PRIMARY KEY, name TEXT, country CHAR(2), created_at TIMESTAMP);
CREATE TABLE shop.orders (
  id INT PRIMARY KEY, customer_id INT REFERENCES shop.customers (id), status TEXT, amount DECIMAL(9, 2), ordered_at DATE
);
CREATE VIEW shop.paid AS SELECT o.*, o.amount * 2 AS doubled FROM shop.orders o WHERE o.status = 'paid';
"""
HABITS = """\
SELECT country, sum(amount) FROM shop.orders o JOIN shop.customers c ON o.customer_id = c.id
WHERE o.status = 'paid' GROUP BY country;
SELECT ordered_at, sum(amount) FROM shop.orders WHERE status = 'paid' GROUP BY ordered_at;
"""


def asked(text: str, name: str = "q.sql", **others: str) -> tuple[Item, ...]:
    at = text.index("|")
    files = {"tables.sql": TABLES, "habits.sql": HABITS, **others, name: text[:at] + text[at + 1 :]}
    made = workspace(files)
    made.features.learned.wanted = True
    made.open(f"{ROOT}/{name}", files[name])
    settle(made)
    return made.features.completion.at(f"{ROOT}/{name}", at)


def inserted(text: str, name: str = "q.sql", **others: str) -> str:
    """The text with the first completion put in."""
    at = text.index("|")
    first = asked(text, name, **others)[0]
    text = text[:at] + text[at + 1 :]
    return text[: first.span.start] + first.insert + text[first.span.end :]


COLUMNS = [
    # of one table, in the order of habit and place
    ("SELECT | FROM shop.customers", {"id", "name", "country", "created_at"}),
    ("SELECT o.| FROM shop.orders o", {"id", "customer_id", "status", "amount", "ordered_at"}),
    ("SELECT o.am| FROM shop.orders o", {"id", "customer_id", "status", "amount", "ordered_at"}),
    # through CTEs, subqueries, stars and views
    ("WITH c AS (SELECT id AS key, name FROM shop.customers) SELECT c.| FROM c", {"key", "name"}),
    ("SELECT q.| FROM (SELECT amount AS a FROM shop.orders) q", {"a"}),
    (
        "WITH c AS (SELECT * FROM shop.customers) SELECT | FROM c",
        {"id", "name", "country", "created_at"},
    ),
    ("SELECT | FROM shop.paid", {"id", "customer_id", "status", "amount", "ordered_at", "doubled"}),
    # a subquery sees the query around it, a derived table does not
    (
        "SELECT 1 FROM shop.customers c WHERE EXISTS (SELECT 1 FROM shop.paid p WHERE c.| = 1)",
        {"id", "name", "country", "created_at"},
    ),
    (
        "SELECT 1 FROM shop.customers c, (SELECT | FROM shop.orders) o",
        {"id", "customer_id", "status", "amount", "ordered_at"},
    ),
    # changes of rows
    ("UPDATE shop.customers SET name = 'x' WHERE |", {"id", "name", "country", "created_at"}),
    ("UPDATE shop.customers SET | = 1", {"id", "name", "country", "created_at"}),
    ("DELETE FROM shop.customers WHERE | = 3", {"id", "name", "country", "created_at"}),
    ("INSERT INTO shop.customers (id, |) SELECT 1, 'x'", {"name", "country", "created_at"}),
    # half typed: what is missing does not matter
    ("SELECT name FROM shop.customers WHERE |", {"id", "name", "country", "created_at"}),
    ("SELECT name FROM shop.customers WHERE id = 1 AND |", {"id", "name", "country", "created_at"}),
    ("SELECT name FROM shop.customers ORDER BY |", {"id", "name", "country", "created_at"}),
    ("SELECT name, | FROM shop.customers", {"id", "name", "country", "created_at"}),
    ("SELECT name, upper(| FROM shop.customers", {"id", "name", "country", "created_at"}),
    ("SELECT c.| FROM shop.customers c WHERE c.id = (", {"id", "name", "country", "created_at"}),
    ("SELECT CASE WHEN | FROM shop.customers", {"id", "name", "country", "created_at"}),
    (
        "SELECT x FROM (SELECT c.| FROM shop.customers c) q WHERE q.",
        {"id", "name", "country", "created_at"},
    ),
    # an earlier statement of the same file
    ("CREATE TABLE tmp (a INT, b INT);\nSELECT | FROM tmp;\nSELECT 1", {"a", "b"}),
]


@pytest.mark.parametrize(("text", "expected"), COLUMNS)
def test_the_columns_in_scope_are_offered(text: str, expected: set[str]) -> None:
    found = {item.label for item in asked(text) if item.kind is ItemKind.COLUMN}
    assert found == expected


FIRST = [
    # a join is made by what the workspace joins by, by keys and by names
    ("SELECT 1 FROM shop.orders o JOIN shop.customers c ON o.| = c.id", ["customer_id"]),
    ("SELECT 1 FROM shop.orders o JOIN shop.customers c ON o.customer_id = c.|", ["id"]),
    ("SELECT 1 FROM shop.orders o JOIN shop.customers c ON |", ["o.customer_id = c.id"]),
    # the value, the function and the list tell
    ("SELECT 1 FROM shop.orders WHERE | = 'paid'", ["status"]),
    ("SELECT sum(|) FROM shop.orders", ["amount"]),
    ("SELECT country, count(*) FROM shop.customers GROUP BY |", ["country"]),
    ("SELECT |, count(*) FROM shop.customers GROUP BY name", ["name"]),
    ("SELECT name, country FROM shop.customers GROUP BY name, |", ["country"]),
    ("SELECT amount * 2 AS doubled FROM shop.orders ORDER BY |", ["doubled"]),
    ("SELECT status FROM shop.orders UNION SELECT | FROM shop.paid", ["status"]),
    # the field of a structure says what it holds
    (
        "-- pipesense: dialect=bigquery\nSELECT STRUCT(id, | AS createdAt) AS s FROM shop.customers",
        ["created_at"],
    ),
    (
        "-- pipesense: dialect=bigquery\nSELECT STRUCT(jobName AS name, | AS nameTruncated) AS job"
        " FROM (SELECT 1 AS jobName, 2 AS jobStart, 3 AS jobNameTruncated) AS j",
        ["jobNameTruncated"],
    ),
    # what the query around it reads is what is missing here
    ("WITH c AS (SELECT id, | FROM shop.customers) SELECT id, created_at FROM c", ["created_at"]),
]


@pytest.mark.parametrize(("text", "expected"), FIRST)
def test_the_likeliest_comes_first(text: str, expected: list[str]) -> None:
    assert [item.label for item in asked(text)][: len(expected)] == expected


NOTHING = [
    "SELECT 1 -- a| comment",
    "SELECT '|' FROM shop.customers",
    "SELECT 'a|",
    "SELECT /* | */ 1 FROM shop.customers",
    "SELECT 12| FROM shop.customers",
    "SELECT {{ thing.| }} FROM shop.customers",
    "SELECT $$ | $$ FROM shop.customers",
    "SELECT name AS | FROM shop.customers",
]


@pytest.mark.parametrize("text", NOTHING)
def test_nothing_is_offered_where_no_name_can_stand(text: str) -> None:
    assert asked(text) == ()


def test_names_of_several_tables_come_with_their_alias() -> None:
    found = [item.insert for item in asked("SELECT | FROM shop.orders o JOIN shop.customers c ON o.customer_id = c.id")]
    assert {"o.id", "c.id", "amount"} <= set(found)
    assert "id" not in found


def test_tables_and_ctes_are_offered_behind_from() -> None:
    found = asked("WITH recent AS (SELECT 1 AS a) SELECT * FROM |")
    assert [(item.label, item.kind) for item in found] == [
        ("recent", ItemKind.CTE),
        ("shop.orders", ItemKind.TABLE),
        ("shop.customers", ItemKind.TABLE),
        ("shop.paid", ItemKind.TABLE),
    ]
    behind = asked("SELECT * FROM shop.|")
    assert {item.label for item in behind} == {"orders", "customers", "paid"}


def test_a_word_that_is_typed_is_replaced_and_its_quotes_stay() -> None:
    assert inserted("SELECT sum(am|) FROM shop.orders") == "SELECT sum(amount) FROM shop.orders"
    assert inserted('SELECT sum("am|") FROM shop.orders') == 'SELECT sum("amount") FROM shop.orders'
    strange = 'CREATE TABLE t ("order no" INT);\n'
    assert inserted(strange + "SELECT | FROM t") == strange + 'SELECT "order no" FROM t'


def test_what_is_offered_says_its_type_and_where_it_is_from() -> None:
    found = {item.label: item.detail for item in asked("SELECT | FROM shop.orders")}
    assert found["amount"] == "DECIMAL(9,2), shop.orders"


def test_all_columns_can_be_put_in_at_once() -> None:
    found = next(item for item in asked("SELECT | FROM shop.customers c") if item.kind is ItemKind.COLUMNS)
    assert found.insert == "id, name, country, created_at"


def test_models_and_sources_are_offered_inside_their_tags() -> None:
    project = {
        "dbt_project.yml": "name: shop\n",
        "models/stg_orders.sql": "select id, total from {{ source('raw', 'orders') }}",
        "models/stg_people.sql": "select 1 as id",
        "seeds/countries.csv": "code,name\n",
    }
    name = "models/mart.sql"
    models = asked("select * from {{ ref('|') }}", name, **project)
    assert [item.label for item in models] == ["countries", "stg_orders", "stg_people"]
    assert inserted("select * from {{ ref('stg_pe|') }}", name, **project).startswith("select * from {{ ref('")
    assert [item.label for item in asked("select * from {{ source('|') }}", name, **project)] == ["raw"]
    assert [item.label for item in asked("select * from {{ source('raw', '|') }}", name, **project)] == ["orders"]
    columns = asked("select o.| from {{ ref('stg_orders') }} o", name, **project)
    assert [item.label for item in columns if item.kind is ItemKind.COLUMN] == ["id", "total"]


DAG = """\
from airflow import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

with DAG("d"):
    SQLExecuteQueryOperator(task_id="t", sql="SELECT 'ü', o.| FROM shop.orders o WHERE o.ordered_at = '{{ ds }}'")
"""


def test_sql_in_a_string_is_completed_at_its_place() -> None:
    found = asked(DAG, "dag.py")
    assert {item.label for item in found} >= {"id", "customer_id", "status", "amount", "ordered_at"}
    assert {item.span.start for item in found} == {DAG.index("|")}


def test_the_statement_itself_is_no_evidence_of_what_it_was() -> None:
    made = workspace({"tables.sql": TABLES, "q.sql": "SELECT 1 FROM shop.customers WHERE country = 'x'"})
    made.features.learned.wanted = True
    settle(made)
    path = f"{ROOT}/q.sql"
    learned = made.features.learned
    assert learned.habits.counts[("value", "x")] == {"country": 1}
    made.open(path, "SELECT 1 FROM shop.customers WHERE  = 'x'")
    settle(made)
    learned.refresh()
    assert ("value", "x") not in learned.habits.counts
    made.touched([path])
    made.close(path)
    settle(made)
    assert learned.habits.counts[("value", "x")] == {"country": 1}


def test_forgetting_every_file_leaves_nothing() -> None:
    made = workspace({"tables.sql": TABLES, "habits.sql": HABITS})
    made.features.learned.wanted = True
    settle(made)
    assert made.features.learned.habits.counts
    made.remove_root(ROOT)
    assert made.features.learned.habits.counts == {}
    assert made.features.learned.habits.size == 0


def test_a_large_file_is_learned_in_steps() -> None:
    text = "\n".join(f"SELECT a{number} FROM t;" for number in range(7))
    made = workspace({"q.sql": text})
    made.features.learned.wanted = True
    made.open(f"{ROOT}/q.sql", text)
    settle(made)
    learned = made.features.learned
    assert [learned.refresh(3), learned.refresh(3), learned.refresh(3)] == [True, True, False]
    assert len(learned.habits.counts[("clause", "select")]) == 7
