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
    ("what a query makes is run", "\\gexec", "postgres", "psql", "A psql command that moves rows is"),
    ("a user", "CREATE USER etl DEFAULT_ROLE = loader", "snowflake", "create", "CREATE USER reads and changes no rows"),
    (
        "a procedure that computes",
        "CREATE PROCEDURE p(OUT x INT64)\nBEGIN\n  SET x = 1;\nEND",
        "bigquery",
        "create",
        "CREATE PROCEDURE holds no query and changes no rows",
    ),
    ("pipe syntax", "FROM t |> WHERE a = 1 |> SELECT a", "bigquery", "pipe", "A query in pipe syntax"),
    ("a check by a macro", "{{ is_unique(['id']) }}", "", "template", "Template tags make the whole statement"),
    ("macros", "{% macro cents(x) %} {{ x }} / 100 {% endmacro %}", "", "macro", "A template that defines something"),
    (
        "a macro without SQL",
        "{% macro log_it(x) %}{% do log(x) %}{% endmacro %}",
        "",
        "macro",
        "A template that defines something and holds no SQL",
    ),
    ("an included file", "{% include 'head.sql' %}", "", "macro", "A template that defines something"),
    ("a fragment", "base_{{ app }} AS (\n  SELECT 1\n),", "", "template", "A part of a query"),
]
JUDGED = [
    ("a query", "SELECT 1"),
    ("a tag for a table", "SELECT a FROM {{ ref('orders') }}"),
    ("rows that psql brings", "\\copy shop.orders FROM 'orders.csv' CSV"),
    ("rows that psql writes", "\\copy (SELECT a FROM shop.orders) TO 'orders.csv' WITH (FORMAT csv)"),
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


def test_psqls_copy_is_copy() -> None:
    brought = read_statement("\\copy shop.orders (id, name) FROM 'orders.csv' CSV", "postgres")
    written = read_statement("\\copy (SELECT a FROM shop.orders WHERE a = NULL) TO 'orders.csv' CSV", "postgres")

    assert brought.write is not None
    assert (brought.kind, brought.write.verb, brought.write.target) == ("copy", "copy", ("shop", "orders"))
    assert brought.write.columns == ("id", "name")
    assert [parts for parts, _ in written.reads] == [("shop", "orders")]
    assert len(written.comparisons) == 1


MACROS = """\
{% macro latest(t) %}
  {% set days %} select distinct d from {{ t }} {% endset %}
  {%- if t -%} select * from {{ t }} {% else %} select 1 as one {% endif %}
{% endmacro %}
{% macro cents(x) -%} {{ x }} / 100 {%- endmacro %}
{% test positive(model) %}
with negative as (select a from {{ model }} where a < 0)
select * from negative
{% endtest %}
{% macro clean(t) %}
  {% call statement('gone') %} delete from {{ t }} where day < 1; analyze_it(); {% endcall %}
{% endmacro %}
{% docs shop %} select the shop. {% enddocs %}
"""


def test_whole_statements_inside_macros_are_statements_of_their_own() -> None:
    facts = read_statement(MACROS, "")

    assert (facts.kind, facts.stored) == ("macro", True)
    assert facts.unjudged.endswith("only the queries and changes inside it are judged.")
    assert [span.of(MACROS) for span in facts.inner] == [
        "select distinct d from {{ t }}",
        "{%- if t -%} select * from {{ t }} {% else %} select 1 as one {% endif %}",
        "with negative as (select a from {{ model }} where a < 0)\nselect * from negative",
        "delete from {{ t }} where day < 1",
    ]
    assert [read_statement(span.of(MACROS), "").error for span in facts.inner] == [""] * 4
