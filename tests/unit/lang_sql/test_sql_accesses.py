"""What a script's statements touch, and whether a second run would double rows."""

from __future__ import annotations

import pytest

from pipesense.lang.sql.accesses import accesses
from pipesense.lang.sql.earlier import Earlier
from pipesense.lang.sql.facts import read_statement
from pipesense.lang.sql.split import split
from pipesense.model.data import Access
from pipesense.model.value import Absent, Known
from pipesense.model.where import Loc
from pipesense.text.span import Span


def touched(script: str) -> list[str]:
    """The accesses of every statement of a script, as words."""
    earlier = Earlier()
    lines: list[str] = []
    for number, cut in enumerate(split(script)):
        text = script[cut.start : cut.end]
        facts = read_statement(text, "")
        for access in accesses(facts, Loc("/f.sql", number, Span(0, len(text))), earlier.around(facts)):
            lines.append(show(access, text))
        earlier.add(facts)
    return lines


def show(access: Access, text: str) -> str:
    guard = access.guard
    if isinstance(guard, Known):
        said = guard.value.how
    else:
        said = "NO GUARD" if isinstance(guard, Absent) else f"unknown: {guard.why}"
    name = f"{access.mode.value} {access.dataset}{' (temporary)' if access.temporary else ''}"
    where = access.loc.span.of(text)
    return f"{name} | {said} | {where}" if access.mode.value != "reads" else f"{name} | {where}"


CASES = [
    ("INSERT INTO Mart.T SELECT a FROM src", ["reads src | src", "appends to mart.t | NO GUARD | Mart.T"]),
    (
        "DELETE FROM mart.t WHERE d = '{{ ds }}'; INSERT INTO t SELECT a FROM src",
        [
            "deletes from mart.t | DELETE | mart.t",
            "reads src | src",
            "appends to t | DELETE of the same table before it | t",
        ],
    ),
    (
        "CALL clear_day(); INSERT INTO t SELECT a FROM src",
        ["reads src | src", "appends to t | unknown: a statement before it runs what is not seen here | t"],
    ),
    ("VACUUM t; INSERT INTO t SELECT a FROM src", ["reads src | src", "appends to t | NO GUARD | t"]),
    (
        "INSERT INTO dv.sat SELECT s.k FROM s LEFT JOIN vw_sat v ON s.k = v.k WHERE coalesce(s.a, '') <> v.a OR s.b != v.b",
        [
            "reads s | s",
            "reads vw_sat | vw_sat",
            "appends to dv.sat | a comparison with the target's rows | dv.sat",
        ],
    ),
    (
        "INSERT INTO t SELECT s.k FROM s LEFT JOIN other v ON s.k = v.k WHERE s.a <> v.a",
        ["reads s | s", "reads other | other", "appends to t | NO GUARD | t"],
    ),
    (
        "INSERT INTO t SELECT a FROM s WHERE a > (SELECT max(a) FROM t)",
        [
            "reads s | s",
            "reads t | t",
            "appends to t | unknown: its query reads the table that it fills, so it may leave out what is there | t",
        ],
    ),
    (
        "DELETE FROM fresh USING t WHERE fresh.k = t.k; INSERT INTO t SELECT k FROM fresh",
        [
            "reads t | t",
            "deletes from fresh | DELETE | fresh",
            "reads fresh | fresh",
            "appends to t | DELETE of what the table has already from what is inserted | t",
        ],
    ),
    (
        "TRUNCATE TABLE other; INSERT INTO t VALUES (1)",
        ["deletes from other | TRUNCATE | other", "appends to t | NO GUARD | t"],
    ),
    (
        "DROP TABLE IF EXISTS t; CREATE TABLE t (a INT); INSERT INTO t VALUES (1);",
        [
            "drops t | DROP | DROP TABLE IF EXISTS t",
            "creates t | CREATE refuses a table that exists | t",
            "appends to t | CREATE of the same table before it | t",
        ],
    ),
    ("CREATE OR REPLACE TABLE t AS SELECT a FROM s", ["reads s | s", "replaces t | CREATE OR REPLACE | t"]),
    (
        "CREATE TEMP TABLE x AS SELECT a FROM s; INSERT INTO t SELECT a FROM x",
        [
            "reads s | s",
            "creates x (temporary) | CREATE refuses a table that exists | x",
            "reads x (temporary) | x",
            "appends to t | NO GUARD | t",
        ],
    ),
    (
        "INSERT INTO t SELECT a FROM s {{ where }}",
        ["reads s | s", "appends to t | unknown: a masked part of the statement may hold a condition | t"],
    ),
    (
        "SELECT a frm t; INSERT INTO t VALUES (1)",
        ["appends to t | unknown: a statement before it could not be read | t"],
    ),
    ("INSERT INTO {{ params.table }} SELECT a FROM {{ params.schema }}.src", ["reads src | {{ params.schema }}.src"]),
    (
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b",
        ["reads s | s", "merges into t | MERGE | t"],
    ),
    ("WITH c AS (SELECT a FROM s) SELECT a FROM c", ["reads s | s"]),
    ("SELECT a frm t", []),
]


@pytest.mark.parametrize(("script", "expected"), CASES, ids=[case[0] for case in CASES])
def test_accesses(script: str, expected: list[str]) -> None:
    assert touched(script) == expected
