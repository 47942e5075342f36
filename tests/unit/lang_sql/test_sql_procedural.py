"""Procedural SQL: the queries and changes inside a block, a loop, a procedure are found, the rest is left alone."""

from __future__ import annotations

import pytest

from pipesense.lang.sql.facts import read_statement

INSIDE = [
    (
        "BigQuery's branches",
        "bigquery",
        "IF (SELECT COUNT(*) > 0 FROM n) THEN\n  DELETE FROM t WHERE CASE WHEN a THEN b END;\nELSEIF x THEN SELECT 1;\n"
        "ELSE\n  INSERT INTO t SELECT 'a;b' FROM s;\nEND IF;",
        ["DELETE FROM t WHERE CASE WHEN a THEN b END", "SELECT 1", "INSERT INTO t SELECT 'a;b' FROM s"],
    ),
    (
        "BigQuery's loop over rows",
        "bigquery",
        "FOR r IN (SELECT a FROM s) DO\n  UPDATE t SET a = r.a WHERE b; -- ;\n  EXECUTE IMMEDIATE 'DELETE FROM t';\nEND FOR;",
        ["SELECT a FROM s", "UPDATE t SET a = r.a WHERE b"],
    ),
    (
        "an endless loop",
        "bigquery",
        "LOOP\n  SET i = i + 1;\n  IF i > 5 THEN LEAVE; END IF;\n  DELETE FROM t WHERE d = i;\nEND LOOP;",
        ["DELETE FROM t WHERE d = i"],
    ),
    ("while", "bigquery", "WHILE i < 3 DO SET i = i + 1; DROP TABLE t; END WHILE", ["DROP TABLE t"]),
    ("repeat", "bigquery", "REPEAT SELECT 1; UNTIL i > (SELECT 3) END REPEAT;", ["SELECT 1"]),
    (
        "case",
        "bigquery",
        "CASE WHEN x = 1 THEN SELECT 1; WHEN y THEN SELECT 2; ELSE SELECT 3; END CASE;",
        ["SELECT 1", "SELECT 2", "SELECT 3"],
    ),
    (
        "an exception handler",
        "bigquery",
        "BEGIN\n  SELECT 1/0;\nEXCEPTION WHEN ERROR THEN\n  INSERT INTO log SELECT @@error.message;\nEND;",
        ["SELECT 1/0", "INSERT INTO log SELECT @@error.message"],
    ),
    (
        "a transaction in a block",
        "bigquery",
        "BEGIN\n  BEGIN TRANSACTION;\n  DELETE FROM t WHERE a;\n  COMMIT TRANSACTION;\nEND;",
        ["DELETE FROM t WHERE a"],
    ),
    (
        "Snowflake's block",
        "snowflake",
        "DECLARE\n  n INTEGER;\n  c CURSOR FOR SELECT 1;\nBEGIN\n  n := 3;\n  MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b;\n  RETURN n;\nEND;",
        ["MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b"],
    ),
    (
        "an anonymous block of Postgres",
        "postgres",
        "DO $$\nDECLARE n int := 0;\nBEGIN\n  SELECT count(*) INTO n FROM t;\n  FOR r IN SELECT a FROM s LOOP\n    DELETE FROM t WHERE a = r.a;\n  END LOOP;\nEND $$;",
        ["SELECT a FROM s", "DELETE FROM t WHERE a = r.a"],
    ),
    (
        "a function of SQL",
        "postgres",
        "CREATE FUNCTION f(p int) RETURNS SETOF t LANGUAGE sql AS $f$\n  SELECT a FROM t WHERE b = p\n$f$;",
        ["SELECT a FROM t WHERE b = p"],
    ),
    (
        "a function that returns a query",
        "postgres",
        "CREATE FUNCTION f() RETURNS SETOF t AS $$\nBEGIN\n  RETURN QUERY SELECT a FROM t;\nEND\n$$ LANGUAGE plpgsql;",
        ["SELECT a FROM t"],
    ),
    (
        "a procedure of MySQL",
        "mysql",
        "CREATE PROCEDURE p(IN day DATE)\nBEGIN\n  DECLARE done INT DEFAULT 0;\n  DELETE FROM t WHERE d = day;\nEND",
        ["DELETE FROM t WHERE d = day"],
    ),
    (
        "a function in another language",
        "snowflake",
        "CREATE FUNCTION f() RETURNS INT LANGUAGE python AS $$\nselect(1);\n$$",
        [],
    ),
    (
        "values for variables",
        "oracle",
        "BEGIN SELECT a INTO v FROM t; INSERT INTO t VALUES (1) RETURNING id INTO v; END;",
        [],
    ),
    ("a routine inside", "bigquery", "BEGIN CREATE PROCEDURE p() BEGIN SELECT 1; END; END;", []),
    (
        "tags around it",
        "bigquery",
        "BEGIN\n  {% if x %} DELETE FROM {{ t }} WHERE a; {% else %} SELECT 2; {% endif %}\nEND;",
        ["DELETE FROM {{ t }} WHERE a"],
    ),
]


@pytest.mark.parametrize(("dialect", "text", "inner"), [case[1:] for case in INSIDE], ids=[case[0] for case in INSIDE])
def test_statements_inside(dialect: str, text: str, inner: list[str]) -> None:
    text = f"-- 😀 head\n{text}"
    facts = read_statement(text, dialect)

    assert facts.error == ""
    assert [span.of(text) for span in facts.inner] == inner
    assert [read_statement(span.of(text), dialect).error for span in facts.inner] == [""] * len(inner)


NAMES = [
    ("bigquery", "DECLARE a, b INT64 DEFAULT 1;", {"a", "b"}),
    ("bigquery", "FOR Row IN (SELECT 1) DO SELECT 2; END FOR;", {"row"}),
    ("bigquery", "CREATE PROCEDURE p(day DATE, OUT n INT64) BEGIN DECLARE x STRING; END;", {"day", "n", "x", "p"}),
    ("postgres", "DO $$ DECLARE n int; m text := 'a'; BEGIN PERFORM 1; END $$;", {"n", "m"}),
    (
        "postgres",
        "CREATE FUNCTION ops.clear( -- noqa\n  _mon date /* day one */, OUT n int) AS $b$ SELECT 1 $b$ LANGUAGE 'sql';",
        {"_mon", "n", "clear"},
    ),
    ("", "SELECT a FROM t", set()),
]


@pytest.mark.parametrize(("dialect", "text", "names"), NAMES, ids=[case[1][:30] for case in NAMES])
def test_names_that_are_no_columns(dialect: str, text: str, names: set[str]) -> None:
    assert read_statement(text, dialect).variables == names


STORED = [("CREATE PROCEDURE p() BEGIN SELECT 1; END;", True), ("BEGIN SELECT 1; END;", False)]


@pytest.mark.parametrize(("text", "stored"), STORED)
def test_bodies_of_procedures_are_told_from_blocks(text: str, stored: bool) -> None:
    assert read_statement(text, "bigquery").stored is stored


PLAIN = [
    "BEGIN;",
    "BEGIN TRANSACTION;",
    "SELECT CASE WHEN a THEN 1 END FROM t",
    "CREATE TABLE t (a INT)",
    "FOR",
    "IF x",
]


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_not_procedural_has_nothing_inside(text: str) -> None:
    assert read_statement(text, "").inner == ()


@pytest.mark.parametrize("text", ["IF x THEN SELECT 1;", "LOOP SELECT 1;", "FOR r IN (SELECT 1) DO SELECT 2;"])
def test_a_block_half_typed_has_nothing_inside_yet(text: str) -> None:
    assert read_statement(text, "bigquery").inner == ()
