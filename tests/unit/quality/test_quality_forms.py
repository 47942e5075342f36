"""The text of checks in each form, and in the spelling of each dialect."""

from __future__ import annotations

import ast

import pytest

from pipesense.lang.sql.facts import read_statement
from pipesense.model.data import DatasetName
from pipesense.model.quality import CheckPlan, HasRows
from pipesense.quality import sql
from pipesense.quality.dbt import dbt_tests
from pipesense.quality.gx import suite
from pipesense.quality.propose import Subject, propose
from unit.quality.test_quality_proposals import table

ORDERS = """CREATE TABLE orders (
    order_id BIGINT PRIMARY KEY,
    customer_id BIGINT REFERENCES customers (id),
    status VARCHAR(10) CHECK (status IN ('new', 'it''s')),
    level INT CHECK (level IN (1, 2)),
    age INT,
    email VARCHAR(90),
    country CHAR(2),
    valid_from DATE,
    valid_to DATE,
    on_day DATE,
    loaded_at TIMESTAMP
)"""
DIALECTS = [
    *("", "duckdb", "postgres", "redshift", "bigquery", "snowflake", "databricks", "spark", "trino", "mysql"),
    *("tsql", "oracle", "clickhouse", "sqlite"),
]


def plan(dialect: str = "") -> CheckPlan:
    return propose(Subject(table(ORDERS), dialect, everything=True))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_check_can_be_read_in_its_dialect(dialect: str) -> None:
    made = plan(dialect)
    writer = sql.Writer(made)
    for check in made.checks:
        text = sql.statement(check, writer)
        assert not read_statement(text.rstrip(";\n"), dialect).error, text


def test_a_missing_value_is_counted_apart_from_a_wrong_one() -> None:
    text = sql.script(plan())
    assert "COUNT(CASE WHEN age < 0 OR age > 150 THEN 1 END) AS wrong_rows,\n" in text
    assert "COUNT(CASE WHEN age IS NULL THEN 1 END) AS rows_without_value,\n" in text


def test_bigquery_asserts() -> None:
    text = sql.file(plan("bigquery"))
    assert (
        "ASSERT NOT EXISTS (\n    SELECT *\n    FROM orders\n    WHERE order_id IS NULL\n) AS 'completeness: " in text
    )
    assert "each of" not in text and "Each statement fails where something is wrong." in text
    assert "CHECK (status IN (\\'new\\', \\'it\\'\\'s\\')) is declared'" in text


def test_dbt_tests_nest_arguments_where_the_version_wants_it() -> None:
    models = {DatasetName(("customers",)): "customers"}
    flat = dbt_tests(plan(), "orders", (1, 8), models).text
    nested = dbt_tests(plan(), "orders", (1, 10, 5), models).text
    assert (
        "          - relationships:  # consistency: customer_id is declared to refer to customers\n"
        "              to: ref('customers')\n              field: id\n" in flat
    )
    assert (
        "          - accepted_values:  # validity: CHECK (status IN ('new', 'it''s')) is declared\n"
        "              values: ['new', 'it''s']\n" in flat
    )
    assert "              values: [1, 2]\n              quote: false\n" in flat
    assert "              arguments:\n                values: [1, 2]\n                quote: false\n" in nested
    assert "arguments:" not in flat


def test_what_dbt_has_no_test_of_becomes_a_query() -> None:
    singular = dbt_tests(plan(), "orders").singular
    assert set(singular) == {
        "orders__age_is_in_range",
        "orders__email_has_its_form",
        "orders__country_has_its_form",
        "orders__valid_from_valid_to_are_in_order",
        "orders__customer_id_exists_in_customers",
        "orders__loaded_at_is_fresh",
        "orders__row_count",
        "orders__row_count_is_near_the_day_before",
    }
    assert all("{{ ref('orders') }}" in text and ";" not in text for text in singular.values())


def test_a_suite_of_expectations_is_a_module() -> None:
    text = suite(plan())
    tree = ast.parse(text)
    (function,) = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    assert function.name == "orders_suite"
    calls = [
        node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    assert len([each for each in calls if each[:6] in ("Expect", "Unexpe")]) == len(plan().checks) + 1, (
        "the suite itself"
    )
    assert any(isinstance(check.ask, HasRows) for check in plan().checks)
