"""Definitions, references and renames of SQL names. ``«x»`` is where the cursor stands, ``‹x›`` what else is meant."""

from __future__ import annotations

import re

import pytest

from pipesense.engine.features.names import Place
from pipesense.model.change import Refusal
from support.memory import ROOT, workspace

MARKS = re.compile("[«»‹›]")


def marked(text: str) -> tuple[str, int, list[tuple[int, int]]]:
    """The text without marks, the cursor, and every marked range."""
    plain, cursor, ranges, opened = "", 0, [], 0
    for piece in re.split("([«»‹›])", text):
        if piece in ("«", "‹"):
            opened = len(plain)
            cursor = opened if piece == "«" else cursor
        elif piece in ("»", "›"):
            ranges.append((opened, len(plain)))
        else:
            plain += piece
    return plain, cursor, ranges


SYMBOLS = {
    "a CTE, read twice and used as a qualifier": """
        WITH ‹paid› AS (SELECT id FROM t) SELECT ‹paid›.id FROM «paid» JOIN ‹paid› b ON b.id = ‹paid›.id""",
    "a CTE named twice": """
        WITH a AS (WITH ‹x› AS (SELECT 1 AS n) SELECT n FROM «x»), x AS (SELECT 2 AS n) SELECT x.n FROM x JOIN a ON TRUE""",
    "a recursive CTE": """
        WITH RECURSIVE «walk» AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM ‹walk› WHERE n < 9) SELECT n FROM ‹walk›""",
    "an alias, in the subquery that uses it too": """
        SELECT ‹o›.id FROM orders «o» WHERE EXISTS (SELECT 1 FROM items i WHERE i.order_id = ‹o›.id)""",
    "an alias of the same name in another query": """
        SELECT ‹o›.id FROM orders AS «o» WHERE o.id IN (SELECT o.id FROM other o)""".replace(
        "WHERE o.id", "WHERE ‹o›.id"
    ),
    "a column that a CTE makes, passed on through another": """
        WITH a AS (SELECT amt * 2 AS «total» FROM t), b AS (SELECT ‹total› FROM a)
        SELECT sum(b.‹total›) FROM b WHERE ‹total› > 1""".replace("WHERE ‹total›", "WHERE b.‹total›"),
    "a column through a star": """
        WITH a AS (SELECT x + 1 AS ‹y› FROM t), b AS (SELECT * FROM a) SELECT b.«y» FROM b""",
    "a column renamed on the way ends there": """
        WITH a AS (SELECT x + 1 AS ‹y› FROM t), b AS (SELECT ‹y› AS z FROM a) SELECT b.z FROM b JOIN a ON a.«y» = b.z""",
    "an output that the query itself orders by": """
        SELECT amt * 2 AS «total» FROM t ORDER BY ‹total› DESC""",
    "both sides of USING": """
        WITH a AS (SELECT x + 1 AS ‹k› FROM t), b AS (SELECT x + 2 AS «k» FROM t) SELECT a.‹k› FROM a JOIN b USING (‹k›)""",
    "a subquery's column": """
        SELECT q.«n» FROM (SELECT count(*) AS ‹n› FROM t) AS q""",
    "a quoted name": """
        WITH "Paid" AS (SELECT 1 AS n) SELECT ‹"Paid"›.n FROM «"Paid"»""".replace('WITH "Paid"', 'WITH ‹"Paid"›'),
    "a column beside another of the same name": """
        WITH a AS (SELECT x AS «k» FROM t), b AS (SELECT x AS k FROM u)
        SELECT a.‹k› AS one, b.k AS other FROM a JOIN b ON a.‹k› = b.k""",
    "a result that another table's column of the name stands beside": """
        WITH a AS (SELECT x AS ‹k› FROM t), b AS (SELECT x AS k FROM u)
        SELECT a.«k», b.k AS other FROM a JOIN b ON a.‹k› = b.k ORDER BY ‹k›""",
    "a column made of one with the same name": """
        WITH a AS (SELECT k + 1 AS «k» FROM t WHERE k > 1) SELECT ‹k› FROM a ORDER BY ‹k›""",
    "a column without its table, where only one has it": """
        WITH a AS (SELECT 1 AS ‹n›), b AS (SELECT 2 AS m) SELECT «n», m FROM a JOIN b ON ‹n› = m""",
    "an alias of UPDATE ... FROM": """
        UPDATE t SET a = ‹s›.a FROM src «s» WHERE ‹s›.id = t.id""",
    "the alias of MERGE's source": """
        MERGE INTO t USING (SELECT id, v FROM u) AS «s» ON t.id = ‹s›.id WHEN MATCHED THEN UPDATE SET v = ‹s›.v""",
}


SHADOWED = ("x", "o")
"""Names that another symbol of the statement has as well: nobody may be renamed to them."""


@pytest.mark.parametrize("text", SYMBOLS.values(), ids=SYMBOLS.keys())
def test_every_place_of_a_symbol(text: str) -> None:
    plain, _, ranges = marked(text)
    made = workspace({"a.sql": f"-- pipesense: dialect=postgres\n{plain}"})
    made.index_all()
    shift = len("-- pipesense: dialect=postgres\n")
    path = f"{ROOT}/a.sql"
    for start, _ in ranges:
        found = made.features.names.references(path, start + shift)
        assert sorted((each.span.start - shift, each.span.end - shift) for each in found) == sorted(ranges)


@pytest.mark.parametrize("text", SYMBOLS.values(), ids=SYMBOLS.keys())
def test_a_rename_reaches_every_place_and_back_gives_the_same_text(text: str) -> None:
    plain, cursor, ranges = marked(text)
    old = plain[slice(*ranges[0])].strip('"')
    there = renamed(plain, cursor, "renamed_1")
    expected = plain
    for start, end in sorted(ranges, reverse=True):
        quote = '"' if plain[start] == '"' else ""
        expected = f"{expected[:start]}{quote}renamed_1{quote}{expected[end:]}"
    assert there == expected
    if old not in SHADOWED:
        assert renamed(there, there.index("renamed_1"), old) == plain


def renamed(text: str, offset: int, name: str) -> str:
    made = workspace({"a.sql": text})
    made.index_all()
    edits = made.features.names.rename(f"{ROOT}/a.sql", offset, name)
    assert not isinstance(edits, Refusal), edits.why
    for edit in reversed(edits[f"{ROOT}/a.sql"]):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        ("SELECT «id» FROM t", "x", "is a column of the table t"),
        ("WITH a AS (SELECT id FROM t) SELECT a.«id» FROM a", "x", "passed on under its table's own name"),
        ("WITH «a» AS (SELECT 1 AS n), b AS (SELECT 2 AS n) SELECT a.n FROM a, b", "b", "called `b` already"),
        ("WITH a AS (SELECT x AS «n», y AS m FROM t) SELECT n FROM a", "m", "called `m` already"),
        ("WITH «a» AS (SELECT 1 AS n) SELECT n FROM a", "two words", "cannot be written as a name"),
        ("SELECT * FROM «t»", "u", "no file of the workspace creates t"),
        ("WITH a AS (SELECT 1 AS n) SELECT «n» + FROM a", "m", "no name that is known"),
        ("WITH a AS (SELECT 1 AS «k»), b AS (SELECT 1 AS k) SELECT k FROM a NATURAL JOIN b", "m", "NATURAL JOIN"),
        ("WITH a AS (SELECT x AS «k» FROM t) SELECT k FROM u JOIN a USING (k)", "m", "passed on under its table's own"),
        ("WITH a AS (SELECT x AS «k» FROM t) SELECT a.k, m FROM a JOIN u ON a.k = u.m", "m", "called `m` already"),
        ("WITH a AS (SELECT x AS «k» FROM t) SELECT k, u.m FROM a JOIN u ON TRUE", "m", "called `m` already"),
        (
            "WITH a AS (SELECT x AS «k» FROM t), b AS (SELECT 1 AS k) SELECT k FROM a JOIN b ON TRUE",
            *("m", "cannot be told everywhere"),
        ),
        ("WITH a AS (SELECT x AS «k» FROM t GROUP BY m) SELECT k FROM a", "m", "called `m` already"),
    ],
)
def test_what_cannot_be_renamed_says_why(text: str, name: str, why: str) -> None:
    plain, cursor, _ = marked(text)
    made = workspace({"a.sql": plain})
    made.index_all()
    answer = made.features.names.rename(f"{ROOT}/a.sql", cursor, name)
    assert isinstance(answer, Refusal)
    assert why in answer.why


DAG = """\
from airflow.sdk import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

with DAG("d", schedule=None):
    SQLExecuteQueryOperator(
        task_id="load", conn_id="w", sql="INSERT INTO mart.orders SELECT id FROM " "landing.orders WHERE note = 'ü\\n'"
    )
"""
FILES = {
    "ddl.sql": "CREATE TABLE mart.orders (id INT, note TEXT);\nCREATE TABLE landing.orders (id INT, note TEXT);\n",
    "report.sql": 'SELECT o.id FROM mart.orders o JOIN "mart"."orders" p ON o.id = p.id;',
    "dags/load.py": DAG,
}


def places(found: tuple[Place, ...], texts: dict[str, str]) -> list[tuple[str, str]]:
    names = {f"{ROOT}/{name}": name for name in texts}
    return sorted((names[each.path], each.span.of(texts[names[each.path]])) for each in found)


def test_a_table_is_followed_through_files_and_strings() -> None:
    made = workspace(FILES)
    made.index_all()
    names = made.features.names
    at = FILES["report.sql"].index("orders")
    defined = names.definition(f"{ROOT}/report.sql", at)
    assert places(defined, FILES) == [("ddl.sql", "mart.orders")]
    assert places(names.references(f"{ROOT}/report.sql", at), FILES) == [
        ("dags/load.py", "mart.orders"),
        ("ddl.sql", "mart.orders"),
        ("report.sql", '"mart"."orders"'),
        ("report.sql", "mart.orders"),
    ]
    inside = DAG.index("landing.orders") + len("landing.")
    assert places(names.definition(f"{ROOT}/dags/load.py", inside), FILES) == [("ddl.sql", "landing.orders")]


def test_a_table_is_renamed_in_every_file() -> None:
    made = workspace(FILES)
    made.index_all()
    edits = made.features.names.rename(f"{ROOT}/report.sql", FILES["report.sql"].index("orders"), "sales")
    assert not isinstance(edits, Refusal)
    texts = dict(FILES)
    for path, each in edits.items():
        name = path.removeprefix(f"{ROOT}/")
        for edit in reversed(each):
            texts[name] = texts[name][: edit.span.start] + edit.text + texts[name][edit.span.end :]
    assert texts["report.sql"] == 'SELECT o.id FROM mart.sales o JOIN "mart"."sales" p ON o.id = p.id;'
    assert texts["ddl.sql"].startswith("CREATE TABLE mart.sales (") and "landing.orders" in texts["ddl.sql"]
    assert "INSERT INTO mart.sales SELECT id" in texts["dags/load.py"] and "landing.orders" in texts["dags/load.py"]


def test_a_column_of_a_table_leads_to_its_definition_and_its_uses() -> None:
    made = workspace(FILES)
    made.index_all()
    names = made.features.names
    at = FILES["report.sql"].index("id")
    (defined,) = names.definition(f"{ROOT}/report.sql", at)
    assert (defined.path, defined.span.start) == (f"{ROOT}/ddl.sql", FILES["ddl.sql"].index("id"))
    found = names.references(f"{ROOT}/report.sql", at)
    assert [each.path.rpartition("/")[2] for each in found].count("report.sql") == 3
    assert all(each.span.of(FILES[each.path.removeprefix(f"{ROOT}/")]) == "id" for each in found)
