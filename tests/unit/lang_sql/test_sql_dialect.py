"""Choosing a dialect: said, configured, known from what runs it, or seen in the text; else generic."""

from __future__ import annotations

import pytest

from pipesense.lang.sql.dialect import choose, decided, directive, retries, signs
from pipesense.lang.sql.facts import read_statement

HINTED = [
    ("SELECT SAFE_CAST(a AS INT64) FROM t", "bigquery"),
    ("CREATE FUNCTION norm.path(url STRING) AS (LOWER(url));", "bigquery"),
    (
        "CREATE OR REPLACE FUNCTION norm.part(a ARRAY<STRUCT<b STRING>>)\nRETURNS ARRAY<STRING> AS (\n  f(a)\n);",
        "bigquery",
    ),
    ("CREATE FUNCTION twice(a) AS (a + a);", ""),
    ("CREATE FUNCTION twice(a int) RETURNS int AS 'SELECT a + a' LANGUAGE sql;", ""),
    ("SELECT a FROM `p.d.t`", "bigquery"),
    ("SELECT a FROM `{{ project }}.d.t_{{ day }}`", "bigquery"),
    ("SELECT a FROM `{project}.{dataset}.t`", "bigquery"),
    ("SELECT a FROM [dbo].[t]", "tsql"),
    ("CREATE TABLE [t] ([a] int PRIMARY KEY)", "tsql"),
    ("CREATE TABLE t (a INT PRIMARY KEY IDENTITY)", "tsql"),
    ("CREATE TABLE t (a INT IDENTITY(1, 1))", ""),
    ("SELECT a FROM t\nGO\n", "tsql"),
    ("SELECT arr[a] int_a FROM t", ""),
    ("CREATE TABLE t (a INT) DISTKEY(a)", "redshift"),
    ("SELECT f.value FROM t, LATERAL FLATTEN(input => a) f", "snowflake"),
    ("CREATE TABLE t (a INT) USING delta", "databricks"),
    ("CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a", "clickhouse"),
    ("CREATE TABLE t (a INT) ENGINE=InnoDB", "mysql"),
    ("SELECT DISTINCT ON (a) a FROM t", "postgres"),
    ("SELECT a::int FROM t", ""),
    ("SELECT a FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY b) = 1", ""),
    ("SELECT 'SAFE_CAST(' FROM t -- QUALIFY `a.b`", ""),
    ("SELECT SAFE_CAST(a AS INT) FROM [dbo].[t]", ""),
    ("CREATE TABLE t (a LowCardinality(String), b Int32)", "clickhouse"),
    ("CREATE TABLE t (a UInt64 CODEC(Delta, ZSTD))", "clickhouse"),
    ("SELECT toStartOfMonth(day), groupArray(x) FROM t", "clickhouse"),
    ("CREATE TABLE d.t (a INT64)", "bigquery"),
    ("SELECT query FROM stl_query q JOIN svv_table_info t ON t.table_id = q.tbl", "redshift"),
    ("SELECT a, [b] = ISNULL(c, 'x') FROM t", "tsql"),
    ("SELECT 1", ""),
    ("EXEC sys.sp_cdc_enable_db", "tsql"),
    ("CREATE FUNCTION f() RETURNS int AS $body$ SELECT 1 $body$ LANGUAGE 'sql'", "postgres"),
    ("CREATE TABLE [ref].[Import]([Id] [int] NOT NULL, [Variant] [nvarchar](100))", "tsql"),
]


@pytest.mark.parametrize(("text", "expected"), HINTED)
def test_hints_decide_only_when_they_leave_one_dialect(text: str, expected: str) -> None:
    dialect, why = choose(None, None, None, text)

    assert dialect == expected
    assert why.startswith("hint: ") if expected else why == "generic"


def test_one_name_among_many_statements_does_not_hide_the_dialect() -> None:
    brackets, variant = signs("SELECT a FROM [dbo].[t]"), signs("SELECT variant FROM t")

    assert decided([*brackets, *variant]) == ("", "generic")
    assert decided([*(list(brackets) * 21), *variant])[0] == "tsql"


def test_who_says_it_goes_before_what_is_seen() -> None:
    text = "SELECT SAFE_CAST(a AS INT64)"
    operator = ("snowflake", "SnowflakeOperator")

    assert choose("tsql", "redshift", operator, text) == ("tsql", "directive")
    assert choose(None, "redshift", operator, text) == ("redshift", "configuration")
    assert choose(None, None, operator, text) == operator
    assert choose(None, None, ("", "SQLExecuteQueryOperator"), text)[0] == "bigquery"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-- pipesense: dialect=Snowflake\nSELECT 1", "snowflake"),
        ("SELECT 1 /* pipesense: dialect = bigquery */", "bigquery"),
        ("{# pipesense: dialect=tsql #}", "tsql"),
        ("SELECT 'pipesense: dialect=tsql'", None),
        ("SELECT 1", None),
    ],
)
def test_directives(text: str, expected: str | None) -> None:
    assert directive(text) == expected


RETRIED = [
    ("bytes of an address", 'SELECT a."from" FROM t a WHERE a.input = 0x50d25bcd00000001', "dune"),
    ("a name in quotes behind a dot", 'SELECT a."from" FROM t a WHERE a.input = 0x5', "postgres"),
    ("a string in double quotes", 'SELECT SPLIT(a, "-")[OFFSET(0)] FROM t', "bigquery"),
]


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in RETRIED], ids=[case[0] for case in RETRIED])
def test_what_the_generic_reader_refuses_is_read_by_a_dialect_that_quotes_alike(text: str, expected: str) -> None:
    assert retries(text)[0] == expected
    assert "bigquery" not in retries(text)[:1] or expected == "bigquery"


def test_a_quoted_name_is_no_star_in_a_dialect_that_takes_it_for_a_string() -> None:
    facts = read_statement('SELECT a."from", a."to" FROM t a', "bigquery")

    assert [output.name for output in facts.blocks[0].outputs] == ["from", "to"]
