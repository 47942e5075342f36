"""Comparisons: operands, operators and clauses, each at its exact characters."""

from __future__ import annotations

import pytest
from sql_text import Shown

from pipesense.lang.sql.facts import read_statement

CASES = [
    ("SELECT 1 FROM t WHERE a = NULL", "", ["where: eq `a` `=` `NULL`"]),
    ("SELECT 1 FROM t WHERE NULL = a", "", ["where: eq `NULL` `=` `a`"]),
    (
        "EXPORT DATA OPTIONS(uri = 'x') AS (SELECT 1 FROM t WHERE a = NULL)",
        "bigquery",
        ["where: eq `a` `=` `NULL`"],
    ),
    (
        "CREATE FUNCTION f(x INT64 DEFAULT 1) AS (IF(x = NULL, 1, 2))",
        "bigquery",
        ["select: eq `x` `=` `NULL`"],
    ),
    (
        "CREATE FUNCTION f(x INT64) RETURNS ARRAY<INT64> AS ((SELECT a FROM t WHERE b = x))",
        "bigquery",
        ["where: eq `b` `=` `x`"],
    ),
    ("CREATE FUNCTION f(x STRING) LANGUAGE js AS 'return x = null'", "bigquery", []),
    ("SELECT 1 FROM t WHERE (t.a) <> null", "", ["where: neq `(t.a)` `<>` `null`"]),
    ("SELECT 1 FROM t WHERE a != NULL AND b = NULL", "", ["where: neq `a` `!=` `NULL`", "where: eq `b` `=` `NULL`"]),
    ("SELECT 1 FROM t WHERE coalesce(a, 0) = NULL", "", ["where: eq `coalesce(a, 0)` `=` `NULL`"]),
    ("SELECT 1 FROM t WHERE a IS NULL", "", ["where: is `a` `IS` `NULL`"]),
    ("SELECT 1 FROM t WHERE a IS  NOT NULL", "", ["where: is_not `a` `IS  NOT` `NULL`"]),
    ("SELECT 1 FROM t WHERE NOT a IS NULL", "", ["where: is_not `a` `IS` `NULL`"]),
    ("SELECT 1 FROM t WHERE a IN (1, NULL)", "", ["where: in `a` `IN` `1` `NULL`"]),
    ("SELECT 1 FROM t WHERE a NOT IN (SELECT b FROM u)", "", ["where: not_in `a` `NOT IN` `(SELECT b FROM u)`"]),
    ("SELECT 1 FROM t WHERE NOT a IN (1)", "", ["where: not_in `a` `IN` `1`"]),
    (
        "SELECT 1 FROM t WHERE a NOT IN (SELECT b FROM u)",
        "snowflake",
        ["where: not_in `a` `NOT IN` `(SELECT b FROM u)`"],
    ),
    ("SELECT 1 FROM t WHERE (a, b) IN ((1, 2))", "", ["where: in `(a, b)` `IN` `(1, 2)`"]),
    ("SELECT 1 FROM t WHERE a BETWEEN 1 AND 2", "", ["where: between `a` `BETWEEN` `1` `2`"]),
    ("SELECT 1 FROM t WHERE a NOT BETWEEN 1 AND 2", "", ["where: not_between `a` `NOT BETWEEN` `1` `2`"]),
    ("SELECT 1 FROM t WHERE a LIKE 'x%'", "", ["where: like `a` `LIKE` `'x%'`"]),
    ("SELECT 1 FROM t WHERE a NOT ILIKE 'x%'", "postgres", ["where: not_ilike `a` `NOT ILIKE` `'x%'`"]),
    ("SELECT 1 FROM t WHERE a ~ 'x'", "postgres", ["where: matches `a` `~` `'x'`"]),
    ("SELECT 1 FROM t WHERE a IS DISTINCT FROM b", "", ["where: is_distinct `a` `IS DISTINCT FROM` `b`"]),
    (
        "SELECT 1 FROM t WHERE a IS NOT DISTINCT FROM NULL",
        "",
        ["where: is_not_distinct `a` `IS NOT DISTINCT FROM` `NULL`"],
    ),
    ("SELECT 1 FROM t WHERE a::date >= date '2020-01-01'", "", ["where: gte `a::date` `>=` `date '2020-01-01'`"]),
    ("SELECT 1 FROM t WHERE CAST(a AS DECIMAL(1, 2)) < 2", "", ["where: lt `CAST(a AS DECIMAL(1, 2))` `<` `2`"]),
    (
        "SELECT 1 FROM t WHERE d > CURRENT_DATE - INTERVAL '1' DAY",
        "",
        ["where: gt `d` `>` `CURRENT_DATE - INTERVAL '1' DAY`"],
    ),
    ("SELECT 1 FROM t WHERE v:a.b::int = 1", "snowflake", ["where: eq `v:a.b::int` `=` `1`"]),
    ("SELECT 1 FROM t WHERE j ->> 'k' = 'x'", "postgres", ["where: eq `j ->> 'k'` `=` `'x'`"]),
    ("SELECT 1 FROM t WHERE -a = 1", "", ["where: eq `-a` `=` `1`"]),
    ("SELECT 1 FROM t WHERE x = :day AND y = %(z)s", "", ["where: eq `x` `=` `:day`", "where: eq `y` `=` `%(z)s`"]),
    ("SELECT 1 FROM t WHERE x = ? AND y = @z", "bigquery", ["where: eq `x` `=` `?`", "where: eq `y` `=` `@z`"]),
    ("SELECT CASE WHEN a = NULL THEN 1 END FROM t", "", ["select: eq `a` `=` `NULL`"]),
    (
        "SELECT 1 FROM a JOIN b ON a.x = b.x HAVING count(*) > 1",
        "",
        ["on: eq `a.x` `=` `b.x`", "having: gt `count(*)` `>` `1`"],
    ),
    ("UPDATE t SET a = NULL, b = 2 WHERE c = NULL", "", ["where: eq `c` `=` `NULL`"]),
    (
        "MERGE INTO t USING s ON t.k = s.k WHEN MATCHED AND s.d = NULL THEN UPDATE SET a = s.a",
        "",
        ["on: eq `t.k` `=` `s.k`", "on: eq `s.d` `=` `NULL`"],
    ),
    ("CREATE TABLE t (a INT CHECK (a = NULL))", "", ["check: eq `a` `=` `NULL`"]),
    ("SET x = NULL", "", []),
    ("SELECT f(x => 1), DIV0(a, b) FROM t", "snowflake", []),
    (
        "WITH c AS (SELECT 1 AS x) SELECT x FROM c WHERE x = (SELECT max(y) FROM u WHERE u.z = c.x)",
        "",
        ["where: eq `x` `=` `(SELECT max(y) FROM u WHERE u.z = c.x)`", "where: eq `u.z` `=` `c.x`"],
    ),
]


@pytest.mark.parametrize(("sql", "dialect", "expected"), CASES, ids=[case[0] for case in CASES])
def test_comparisons_stand_where_they_are_written(sql: str, dialect: str, expected: list[str]) -> None:
    facts = read_statement(sql, dialect)

    assert facts.error == ""
    assert Shown(sql).comparisons(facts) == expected


@pytest.mark.parametrize(
    "around",
    ["{}", "-- 😀 é\n{}", "/* 😀 */\r\n\r\n{}", "\t\t{};", "\n-- a; b\n\n{}\n;", "{{# 😀 #}}{}"],
    ids=["bare", "emoji", "crlf", "tabs", "comment", "jinja"],
)
def test_positions_are_code_points_of_the_whole_unit(around: str) -> None:
    text = around.format("SELECT '😀' AS x\r\n\tFROM t WHERE a\t=\tNULL")

    facts = read_statement(text, "")

    assert Shown(text).comparisons(facts) == ["where: eq `a` `=` `NULL`"]
    assert facts.span.of(text).startswith("SELECT")
    assert facts.span.of(text).endswith("NULL")


def test_guards_tell_what_changes_null_and_zero() -> None:
    facts = read_statement("SELECT a / NULLIF(b, 0), SUM(COALESCE(c, 0)) OVER (), CASE WHEN d THEN e END FROM t", "")

    outputs = [output.expr for output in facts.blocks[0].outputs]
    guards = {part.name: sorted(part.guards) for expr in outputs for part in expr.walk() if part.op == "column"}

    assert guards == {
        "a": [],
        "b": ["nullif"],
        "c": ["aggregate", "coalesce", "window"],
        "d": ["case"],
        "e": ["case"],
    }


def test_a_long_chain_of_conditions_is_one_flat_list() -> None:
    chain = " OR ".join(f"a = {number}" for number in range(3000))

    facts = read_statement(f"SELECT 1 FROM t WHERE {chain}", "")

    assert facts.error == ""
    assert len(facts.comparisons) == 3000
    assert facts.blocks[0].where[0].op == "or"
    assert len(facts.blocks[0].where[0].args) == 3000
