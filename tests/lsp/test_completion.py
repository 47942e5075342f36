"""Completion inside SQL, from the real server."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from lsp.wire import NOTHING, PIPESENSE, VSCODE, Wire, replace, uri

ABLE: dict[str, Any] = deepcopy(VSCODE)
ABLE["textDocument"]["completion"] = {"completionItem": {"snippetSupport": True}}
SQL = "CREATE TABLE t (größe INT, \"id 😀\" INT, note TEXT);\nSELECT '😀', t. FROM t WHERE note = 'x';\n"


@pytest.fixture
def server() -> Iterator[Wire]:
    wire = Wire(PIPESENSE)
    yield wire
    wire.kill()


def asked(server: Wire, name: str, line: int, character: int) -> list[dict[str, Any]]:
    place = {"textDocument": {"uri": name}, "position": {"line": line, "character": character}}
    found = server.request("textDocument/completion", place)
    assert found["isIncomplete"] is False
    return sorted(found["items"], key=lambda item: item["sortText"])


def test_columns_come_with_their_edit_in_the_clients_positions(server: Wire, tmp_path: Path) -> None:
    promised = server.initialize(ABLE, tmp_path)["capabilities"]["completionProvider"]
    assert promised == {"triggerCharacters": [".", "'", '"'], "resolveProvider": False}
    name = uri(tmp_path / "a.sql")
    server.open(name, SQL, "sql")
    items = asked(server, name, 1, 15)
    place = {"line": 1, "character": 15}
    assert {item["label"] for item in items[:3]} == {"größe", "id 😀", "note"}
    assert next(item for item in items if item["label"] == "id 😀")["textEdit"] == {
        "range": {"start": place, "end": place},
        "newText": '"id 😀"',
    }
    assert next(item for item in items if item["label"] == "größe")["detail"] == "INT, t"


def test_what_was_just_typed_counts(server: Wire, tmp_path: Path) -> None:
    server.initialize(ABLE, tmp_path)
    name = uri(tmp_path / "a.sql")
    server.open(name, SQL, "sql")
    server.change(name, 2, replace((1, 15), (1, 15), "no"))
    first = asked(server, name, 1, 17)[0]
    assert (first["label"], first["textEdit"]["range"]["start"]) == ("note", {"line": 1, "character": 15})
    assert asked(server, name, 1, 9) == [], "inside a string"


def test_a_client_without_completion_is_promised_none(server: Wire, tmp_path: Path) -> None:
    assert "completionProvider" not in server.initialize(NOTHING, tmp_path)["capabilities"]
