"""Statements that are known for what they are while nothing in them is judged: said, and never counted as judged."""

from __future__ import annotations

import pytest

from pipesense.lang.sql.facts import read_statement

RECOGNISED = [
    ("a call", "CALL p.refresh()", "bigquery", "call", "CALL is recognised"),
    ("a task that is started", "EXECUTE TASK t", "snowflake", "execute", "EXECUTE is recognised"),
    ("upkeep", "REINDEX TABLE t", "postgres", "reindex", "REINDEX reads and changes no rows"),
    (
        "a table's order",
        "CLUSTER shop.orders USING orders_pk",
        "postgres",
        "cluster",
        "CLUSTER reads and changes no rows",
    ),
    ("another object", "CREATE WAREHOUSE <NAME> WAREHOUSE_SIZE=XSMALL", "", "create", "CREATE WAREHOUSE reads and"),
    ("a file that is run", "\\i tables.sql", "postgres", "psql", "A psql command that runs a file has no SQL"),
    ("rows that are moved", "\\copy t FROM 'a.csv'", "postgres", "psql", "A psql command that moves rows is"),
    ("pipe syntax", "FROM t |> WHERE a = 1 |> SELECT a", "bigquery", "pipe", "A query in pipe syntax"),
    ("a check by a macro", "{{ is_unique(['id']) }}", "", "template", "Template tags make the whole statement"),
    ("macros", "{% macro cents(x) %} {{ x }} / 100 {% endmacro %}", "", "macro", "A template that defines something"),
    ("an included file", "{% include 'head.sql' %}", "", "macro", "A template that defines something"),
    ("a fragment", "base_{{ app }} AS (\n  SELECT 1\n),", "", "template", "A part of a query"),
]
JUDGED = [
    ("a query", "SELECT 1"),
    ("a tag for a table", "SELECT a FROM {{ ref('orders') }}"),
    ("a setting", "SET search_path = shop"),
    ("a transaction", "BEGIN"),
    ("a longer transaction", "START TRANSACTION"),
    ("files that are removed", "VACUUM t RETAIN 168 HOURS"),
    ("nothing", "-- only a comment"),
]


@pytest.mark.parametrize(
    ("text", "dialect", "kind", "why"), [c[1:] for c in RECOGNISED], ids=[c[0] for c in RECOGNISED]
)
def test_recognised_statements(text: str, dialect: str, kind: str, why: str) -> None:
    facts = read_statement(text, dialect)

    assert facts.unjudged.startswith(why)
    assert facts.unjudged.endswith(".")
    assert (facts.kind, facts.error, facts.blocks, facts.write) == (kind, "", (), None)


@pytest.mark.parametrize("text", [case[1] for case in JUDGED], ids=[case[0] for case in JUDGED])
def test_judged_statements(text: str) -> None:
    facts = read_statement(text, "")

    assert (facts.unjudged, facts.error) == ("", "")


def test_what_cannot_be_read_is_not_recognised() -> None:
    assert read_statement("base AS (SELECT 1)", "").error, "without a template it is a statement half typed"


def test_a_function_of_any_type_is_read() -> None:
    text = "CREATE OR REPLACE FUNCTION udf.first(items ANY TYPE) AS ((SELECT MAX(v) FROM UNNEST(items) AS v WHERE v = NULL))"
    facts = read_statement(text, "bigquery")

    assert (facts.error, facts.unjudged) == ("", "")
    assert [comparison.span.of(text) for comparison in facts.comparisons] == ["v = NULL"]
