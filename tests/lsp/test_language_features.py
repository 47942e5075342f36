"""Outline, folding and the colours of SQL inside strings, from the real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lsp.wire import NOTHING, PIPESENSE, VSCODE, Wire, span, uri

DAG = '''\
from datetime import datetime

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG

with DAG("orders", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False):
    SQLExecuteQueryOperator(
        task_id="load",
        conn_id="warehouse",
        sql="""
            -- grüße 😀
            INSERT INTO mart.orders (id, total)
            SELECT id, sum(amount) /* all */
            FROM landing.orders WHERE day = '{{ ds }}' AND id > %(low)s
            GROUP BY id
        """,
    )
'''
SQL = """CREATE TABLE t (
  id INT,
  note TEXT
);
WITH paid AS (
  SELECT id FROM t
)
SELECT * FROM paid
"""


@pytest.fixture
def server() -> Iterator[Wire]:
    wire = Wire(PIPESENSE)
    yield wire
    wire.kill()


def outline(symbols: list[dict[str, Any]]) -> list[Any]:
    return [(each["name"], outline(each.get("children") or [])) for each in symbols]


def coloured(text: str, data: list[int], kinds: list[str]) -> list[tuple[str, str]]:
    lines, found, line, column = text.split("\n"), [], 0, 0
    for at in range(0, len(data), 5):
        down, right, length, kind, _ = data[at : at + 5]
        line, column = line + down, right if down else column + right
        units = lines[line].encode("utf-16-le")
        found.append((units[2 * column : 2 * (column + length)].decode("utf-16-le"), kinds[kind]))
    return found


def test_a_dag_shows_its_tasks_and_their_statements(server: Wire, tmp_path: Path) -> None:
    server.initialize(VSCODE, tmp_path)
    name = uri(tmp_path / "dag.py")
    server.open(name, DAG)
    symbols = server.request("textDocument/documentSymbol", {"textDocument": {"uri": name}})
    assert outline(symbols) == [("orders", [("load", [("INSERT mart.orders", [])])])]

    def within(outer: dict[str, Any], inner: dict[str, Any]) -> bool:
        start, end = inner["range"]["start"], inner["range"]["end"]
        first, last = outer["range"]["start"], outer["range"]["end"]
        return (first["line"], first["character"]) <= (start["line"], start["character"]) and (
            end["line"],
            end["character"],
        ) <= (last["line"], last["character"])

    (dag,) = symbols
    (task,) = dag["children"]
    assert within(dag, task) and within(task, task["children"][0])
    folds = server.request("textDocument/foldingRange", {"textDocument": {"uri": name}})
    assert [(each["startLine"], each["endLine"]) for each in folds] == [(11, 14)]


def test_sql_in_a_string_is_coloured_at_its_exact_place(server: Wire, tmp_path: Path) -> None:
    promised = server.initialize(VSCODE, tmp_path)["capabilities"]["semanticTokensProvider"]
    kinds = promised["legend"]["tokenTypes"]
    name = uri(tmp_path / "dag.py")
    server.open(name, DAG)
    data = server.request("textDocument/semanticTokens/full", {"textDocument": {"uri": name}})["data"]
    assert coloured(DAG, data, kinds) == [
        ("-- grüße 😀", "comment"),
        ("INSERT", "keyword"),
        ("INTO", "keyword"),
        ("SELECT", "keyword"),
        ("sum", "function"),
        ("/* all */", "comment"),
        ("FROM", "keyword"),
        ("WHERE", "keyword"),
        ("'{{ ds }}'", "string"),
        ("AND", "keyword"),
        ("%(low)s", "parameter"),
        ("GROUP BY", "keyword"),
    ]
    shown = {"textDocument": {"uri": name}, "range": span((13, 0), (14, 0))}
    part = server.request("textDocument/semanticTokens/range", shown)["data"]
    assert next(word for word, _ in coloured(DAG, part, kinds)) == "FROM"
    assert len(part) == 5 * 5


def test_a_sql_file_shows_tables_with_columns_and_queries_with_ctes(server: Wire, tmp_path: Path) -> None:
    server.initialize(VSCODE, tmp_path)
    name = uri(tmp_path / "a.sql")
    server.open(name, SQL, "sql")
    symbols = server.request("textDocument/documentSymbol", {"textDocument": {"uri": name}})
    assert outline(symbols) == [("t", [("id", []), ("note", [])]), ("SELECT from t", [("paid", [])])]
    folds = server.request("textDocument/foldingRange", {"textDocument": {"uri": name}})
    assert [(each["startLine"], each["endLine"]) for each in folds] == [(0, 3), (4, 7)]
    data = server.request("textDocument/semanticTokens/full", {"textDocument": {"uri": name}})["data"]
    assert data == [], "an editor has a grammar of its own for SQL files"


def test_a_client_that_cannot_show_them_is_promised_nothing(server: Wire, tmp_path: Path) -> None:
    promised = server.initialize(NOTHING, tmp_path)["capabilities"]
    assert not {"documentSymbolProvider", "foldingRangeProvider", "semanticTokensProvider"} & set(promised)
