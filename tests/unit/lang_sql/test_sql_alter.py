"""What ALTER TABLE changes, and what a script's relation is after it."""

from __future__ import annotations

import pytest

from pipesense.lang.sql.facts import read_statement
from support.catalogue import binder, shown

CHANGES = [
    ("ALTER TABLE s.t DROP COLUMN a, DROP COLUMN IF EXISTS b", "postgres", "s.t: drop a `a`, drop b `b`"),
    ("ALTER TABLE t DROP COLUMN a, b", "snowflake", "t: drop a `a`, drop b `b`"),
    ("ALTER TABLE t RENAME COLUMN a TO b", "", "t: rename a b `a`"),
    ("ALTER TABLE t CHANGE a b BIGINT", "mysql", "t: rename a b `a`, type b BIGINT `b`"),
    ("ALTER TABLE t ALTER COLUMN a TYPE BIGINT", "postgres", "t: type a BIGINT `a`"),
    ("ALTER TABLE t MODIFY COLUMN a BIGINT", "mysql", "t: type a BIGINT `a`"),
    ("ALTER TABLE t ALTER COLUMN a SET NOT NULL", "postgres", "t: set not null a `a`"),
    ("ALTER TABLE t RENAME TO u", "", "t: rename table u"),
    ("ALTER TABLE t RENAME a TO b", "postgres", "t: rename a b `a`"),
    ("ALTER TABLE t ADD CONSTRAINT x PRIMARY KEY (a)", "postgres", "t: constraint"),
    ("ALTER TABLE IF EXISTS ONLY s.t OWNER TO x", "postgres", "s.t: constraint"),
    ("ALTER TABLE t MODIFY (a NUMBER(10))", "oracle", "t: other"),
    ("ALTER TABLE t SET OPTIONS (description = 'x')", "bigquery", "t: constraint"),
]


@pytest.mark.parametrize(("sql", "dialect", "expected"), CHANGES, ids=[case[0] for case in CHANGES])
def test_changes(sql: str, dialect: str, expected: str) -> None:
    table = read_statement(sql, dialect).table
    assert table is not None
    words = [
        " ".join(filter(None, (one.kind, one.column, one.to, one.span and f"`{one.span.of(sql)}`")))
        for one in table.changes
    ]
    assert f"{'.'.join(table.parts)}: {', '.join(words)}" == expected


SCRIPTS = [
    ("CREATE TABLE t (a INT, b INT); ALTER TABLE t ADD COLUMN c TEXT; SELECT * FROM t", "a:int?, b:int?, c:string?"),
    ("CREATE TABLE t (a INT, b INT); ALTER TABLE t DROP COLUMN b; SELECT * FROM t", "a:int?"),
    ("CREATE TABLE t (a INT, b INT); ALTER TABLE t RENAME COLUMN b TO c; SELECT * FROM t", "a:int?, c:int?"),
    ("CREATE TABLE t (a INT); ALTER TABLE t ALTER COLUMN a TYPE TEXT; SELECT * FROM t", "a:string?"),
    ("CREATE TABLE t (a INT); ALTER TABLE t OWNER TO me; SELECT * FROM t", "a:int?"),
    ("CREATE TABLE t (a INT); ALTER TABLE t SWAP WITH u; SELECT * FROM t", "a:int?, ..."),
    ("CREATE TEMP TABLE t AS SELECT 1 AS n; SELECT * FROM t", "n:int!"),
    ("CREATE TEMP TABLE t AS SELECT 1 AS n; CREATE OR REPLACE TEMP TABLE t AS SELECT 'x' AS s; SELECT * FROM t", "s:string!"),
    ("CREATE TABLE t (a INT); DROP TABLE t; SELECT * FROM t", "..."),
    ("CREATE TABLE t AS SELECT 1 AS n; CREATE TABLE t AS SELECT *, 2 AS m FROM t; SELECT * FROM t", "n:int!, m:int!"),
    # The workspace knows the table, this script changes it.
    ("ALTER TABLE known ADD COLUMN b INT; SELECT * FROM known", "a:int?, b:int?, ..."),
    # A table of the script hides one of the workspace.
    ("CREATE TEMP TABLE known (z DATE); SELECT * FROM known", "z:date?"),
    ("SELECT * FROM known", "a:int?"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), SCRIPTS, ids=[case[0] for case in SCRIPTS])
def test_scripts(sql: str, expected: str) -> None:
    assert shown(binder(sql, "CREATE TABLE known (a INT)").outputs()) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["CREATE TABLE t (a INT)", "CREATE TABLE t (a INT)"], "a:int?"),
        (["CREATE TABLE t (a INT)", "CREATE TABLE t (b INT)"], "..."),
        (["CREATE TABLE t (a INT)", "ALTER TABLE t DROP COLUMN a"], "a:int?, ..."),
        (["CREATE TABLE t (a INT)", "ALTER TABLE t ALTER COLUMN a SET NOT NULL"], "a:int!, ..."),
        (["CREATE TABLE t (a INT, b INT)", "ALTER TABLE t ADD PRIMARY KEY (a)"], "a:int!, b:int?, ..."),
        (["CREATE TABLE t (a INT)", "CREATE TABLE x.t (b INT)"], "..."),
        (["CREATE TABLE t (a INT)", "ALTER TABLE x.t DROP COLUMN a"], "..."),
        (["CREATE TABLE x.t (b INT)"], "..."),
        (["CREATE TEMP TABLE t (a INT)"], "..."),
        (["CREATE VIEW t AS SELECT * FROM u", "CREATE VIEW u AS SELECT * FROM t"], "..."),
        (["CREATE VIEW t AS SELECT * FROM t"], "..."),
    ],
)
def test_definitions_of_several_files(files: list[str], expected: str) -> None:
    assert shown(binder("SELECT * FROM t", *files).outputs()) == expected
