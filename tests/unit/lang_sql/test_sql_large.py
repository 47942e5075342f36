"""Large statements finish, in work that grows no faster than their length; deep ones are refused by name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from pipesense.lang.sql.facts import read_statement
from pipesense.lang.sql.split import split

LARGE: dict[str, tuple[int, Callable[[int], str]]] = {
    "terms of an OR": (10_000, lambda n: "SELECT a FROM t WHERE " + " OR ".join(f"a = {i}" for i in range(n))),
    "groups of an OR": (3_000, lambda n: "SELECT a FROM t WHERE " + " OR ".join(f"(a = {i} AND b > {i})" for i in range(n))),
    "rows of VALUES": (5_000, lambda n: "INSERT INTO t (a, b) VALUES " + ",\n".join(f"({i}, 'x{i}')" for i in range(n))),
    "parts of a UNION": (3_000, lambda n: "\nUNION ALL\n".join(f"SELECT {i} AS a FROM t{i}" for i in range(n))),
    "values of an IN": (20_000, lambda n: f"SELECT a FROM t WHERE a IN ({', '.join(map(str, range(n)))})"),
    "CTEs": (500, lambda n: f"WITH c0 AS (SELECT a FROM t),\n{_ctes(n)} SELECT a FROM c{n - 1}"),
    "columns": (2_000, lambda n: "SELECT " + ", ".join(f"t.c{i} AS x{i}" for i in range(n)) + " FROM t"),
    "columns of a table": (2_000, lambda n: f"CREATE TABLE t ({', '.join(f'c{i} INT NOT NULL' for i in range(n))})"),
    "joins": (1_000, lambda n: "SELECT t0.a FROM t0 " + " ".join(f"JOIN t{i} ON t{i}.a = t{i - 1}.a" for i in range(1, n))),
    "joins without a condition": (300, lambda n: "SELECT 1 FROM t0 " + " ".join(f"LEFT JOIN t{i}" for i in range(1, n))),
    "branches of a CASE": (1_000, lambda n: "SELECT CASE " + " ".join(f"WHEN a = {i} THEN {i}" for i in range(n)) + " END FROM t"),
    "summands": (3_000, lambda n: f"SELECT {' + '.join(f'a{i}' for i in range(n))} FROM t"),
    "assignments of a MERGE": (1_000, lambda n: f"MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET {_sets(n)}"),
}  # fmt: skip


def _ctes(count: int) -> str:
    return ",\n".join(f"c{i} AS (SELECT a FROM c{i - 1})" for i in range(1, count))


def _sets(count: int) -> str:
    return ", ".join(f"c{i} = s.c{i}" for i in range(count))


@pytest.mark.parametrize("name", LARGE)
def test_many(name: str) -> None:
    count, make = LARGE[name]

    assert read_statement(make(count), "spark").error == ""


def lines_run(work: Callable[[], object]) -> int:
    """How many lines of Python a piece of work runs: the same on every machine, however busy."""
    count = 0

    def tracer(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", LARGE)
def test_twice_as_long_is_no_more_than_twice_the_work(name: str) -> None:
    make = LARGE[name][1]
    small, large = make(80), make(160)
    read_statement(small, "spark")  # imports what it needs

    once, twice = (lines_run(lambda text=text: read_statement(text, "spark")) for text in (small, large))  # type: ignore[misc]

    assert twice <= 2.4 * once


def test_joins_that_share_their_conditions_mean_what_they_meant() -> None:
    joins = " ".join(f"JOIN b{i}" for i in range(9)) + " ".join(f" ON b{i}.x = 1" for i in range(9))

    facts = read_statement(f"SELECT 1 FROM a {joins}", "postgres")

    assert facts.error == ""
    assert len(facts.comparisons) == 9


def test_many_joins_without_a_condition_are_told_from_those_that_have_one() -> None:
    kinds = [
        "LEFT JOIN {}",
        "JOIN {0} ON {0}.x = 1",
        "CROSS JOIN {}",
        "NATURAL JOIN {}",
        "JOIN {} USING (x)",
        "JOIN {}",
    ]
    joins = " ".join(kind.format(f"b{number}") for number, kind in enumerate(kinds * 8))

    facts = read_statement(f"SELECT 1 FROM a {joins} WHERE y = 2", "postgres")

    assert facts.error == ""
    assert len(facts.blocks) == 1
    found = [(join.side, join.kind, len(join.on), join.using) for join in facts.blocks[0].joins]
    one_round = [
        ("left", "", 0, ()),
        ("", "", 1, ()),
        ("", "cross", 0, ()),
        ("", "", 0, ()),
        ("", "", 0, ("x",)),
        ("", "", 0, ()),
    ]
    assert found == one_round * 8


SCRIPTS = {
    "statements": lambda n: "INSERT INTO t VALUES (1);\n" * n,
    "blocks that never end": lambda n: "BEGIN\n" + "IF a THEN b;\n" * n,
    "procedures that never end": lambda n: "CREATE PROCEDURE p AS BEGIN SELECT 1;\n" * n,
    "declarations that never end": lambda n: "CREATE FUNCTION f() AS DECLARE x;\n" * n,
    "blocks before an open quote": lambda n: "BEGIN a; b;\n" * n + "'",
    "blocks that end": lambda n: "BEGIN\nIF a THEN b; END IF;\nEND;\n" * n,
    "comments that nest": lambda n: "/* " * n + "*/ " * n,
    "open comments": lambda n: "/* a;\n" * n,
    "open tags": lambda n: "{% if a %}\n" * n,
    "quotes": lambda n: "'" * (2 * n + 1),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_twice_as_long_is_cut_in_no_more_than_twice_the_work(name: str) -> None:
    make = SCRIPTS[name]

    once, twice = (lines_run(lambda text=text: split(text)) for text in (make(200), make(400)))  # type: ignore[misc]

    assert twice <= 2.4 * once + 20


DEEP: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: f"SELECT {'(' * n}1{')' * n}",
    "calls": lambda n: f"SELECT {'replace(' * n}a{', 1, 2)' * n} FROM t",
    "CASE": lambda n: f"SELECT {'CASE WHEN a THEN b ELSE ' * n}1{' END' * n} FROM t",
    "subqueries": lambda n: f"{'SELECT * FROM (' * n}SELECT 1{') x' * n}",
    "IN": lambda n: f"SELECT a FROM t WHERE {'a IN (SELECT a FROM t WHERE ' * n}b{')' * n}",
    "NOT": lambda n: f"SELECT {'NOT ' * n}a FROM t",
    "signs": lambda n: f"SELECT {'- ' * n}a FROM t",
    "types": lambda n: f"SELECT CAST(a AS {'ARRAY<' * n}INT{'>' * n}) FROM t",
    "subscripts": lambda n: f"SELECT a{'[1]' * n} FROM t",
}


@pytest.mark.parametrize("name", DEEP)
@pytest.mark.parametrize("levels", [400, 5_000])
def test_too_deep_is_refused_with_the_reason(name: str, levels: int) -> None:
    facts = read_statement(DEEP[name](levels), "spark")

    assert facts.error.startswith("This statement nests ")
    assert facts.error.endswith(" split it into smaller queries.")
    assert facts.blocks == ()


@pytest.mark.parametrize("name", DEEP)
@pytest.mark.skipif(sys.version_info < (3, 11), reason="before Python 3.11 calls take room on the thread's stack")
def test_as_deep_as_anybody_writes_is_read(name: str) -> None:
    before = sys.getrecursionlimit()

    assert read_statement(DEEP[name](60 if name == "types" else 250), "spark").error == ""
    assert sys.getrecursionlimit() == before


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a" + "::INT" * 20_000,
        "SELECT a" + ".b" * 20_000,
        "SELECT " + "EXISTS " * 20_000,
        "SELECT " + "CASE WHEN a THEN " * 200 + "INTERVAL " * 20_000,
        "EXPLAIN " * 20_000,
        "WITH a AS " * 20_000,
        "{" * 20_000,
        "SELECT '" + "''" * 20_000,
    ],
    ids=lambda sql: sql[:20],
)
def test_nothing_crashes(sql: str) -> None:
    facts = read_statement(sql, "postgres")

    assert facts.error == "" or facts.error_span is not None
