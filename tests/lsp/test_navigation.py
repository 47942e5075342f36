"""Definition, references, highlights and rename of SQL names, from the real server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lsp.wire import NOTHING, PATIENCE, PIPESENSE, VSCODE, Wire, uri

REPORT = "WITH paid AS (SELECT id, '😀' AS mark FROM mart.orders)\nSELECT paid.mark FROM paid;\n"
DDL = "CREATE TABLE mart.orders (id INT);\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Wire]:
    (tmp_path / "ddl.sql").write_text(DDL)
    wire = Wire(PIPESENSE)
    wire.promised = wire.initialize(VSCODE, tmp_path)["capabilities"]
    wire.open(uri(tmp_path / "report.sql"), REPORT, "sql")
    yield wire
    wire.kill()


def asked(server: Wire, method: str, path: Path, line: int, character: int, **more: Any) -> Any:
    place = {"textDocument": {"uri": uri(path)}, "position": {"line": line, "character": character}}
    return server.request(f"textDocument/{method}", {**place, **more})


def span(found: dict[str, Any]) -> tuple[int, int, int]:
    return found["start"]["line"], found["start"]["character"], found["end"]["character"]


def test_a_cte_is_found_and_renamed(server: Wire, tmp_path: Path) -> None:
    report = tmp_path / "report.sql"
    (made,) = asked(server, "definition", report, 1, 9)
    assert (made["uri"], span(made["range"])) == (uri(report), (0, 5, 9))
    found = asked(server, "references", report, 1, 9, context={"includeDeclaration": False})
    assert [span(each["range"]) for each in found] == [(1, 7, 11), (1, 22, 26)]
    marked = asked(server, "documentHighlight", report, 1, 9)
    assert [span(each["range"]) for each in marked] == [(0, 5, 9), (1, 7, 11), (1, 22, 26)]
    assert span(asked(server, "prepareRename", report, 1, 9)) == (1, 7, 11)
    edit = asked(server, "rename", report, 1, 9, newName="settled")
    (changed,) = edit["documentChanges"]
    assert changed["textDocument"]["version"] == 1
    assert [(span(each["range"]), each["newText"]) for each in changed["edits"]] == [
        ((0, 5, 9), "settled"),
        ((1, 7, 11), "settled"),
        ((1, 22, 26), "settled"),
    ]


def test_a_column_behind_an_emoji_is_found_in_the_clients_units(server: Wire, tmp_path: Path) -> None:
    (made,) = asked(server, "definition", tmp_path / "report.sql", 1, 13)
    assert span(made["range"]) == (0, 33, 37)


def test_a_table_leads_to_its_file(server: Wire, tmp_path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not asked(server, "definition", tmp_path / "report.sql", 0, 50) and time.monotonic() < end:
        time.sleep(0.02)  # the folder is being read
    (made,) = asked(server, "definition", tmp_path / "report.sql", 0, 50)
    assert (made["uri"], span(made["range"])) == (uri(tmp_path / "ddl.sql"), (0, 13, 24))


def test_a_rename_that_would_go_wrong_is_refused_with_the_reason(server: Wire, tmp_path: Path) -> None:
    place = {"textDocument": {"uri": uri(tmp_path / "report.sql")}, "position": {"line": 0, "character": 22}}
    error = server.error("textDocument/prepareRename", place)
    assert error["message"] == "This cannot be renamed: `id` is a column of the table mart.orders, not of this query."
    keyword = {"textDocument": {"uri": uri(tmp_path / "report.sql")}, "position": {"line": 1, "character": 1}}
    assert "no name that is known here" in server.error("textDocument/prepareRename", keyword)["message"]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A dbt project of two models."""
    (tmp_path / "models").mkdir()
    (tmp_path / "dbt_project.yml").write_text("name: shop\nmodel-paths: [models]\n")
    (tmp_path / "models/raw.sql").write_text("select 1 as id\n")
    (tmp_path / "models/mart.sql").write_text("select id from {{ ref('raw') }}\n")
    return tmp_path


def renamed(folder: Path, profile: dict[str, Any], asks: Any) -> Any:
    wire = Wire(PIPESENSE)
    wire.initialize(profile, folder)
    mart = folder / "models/mart.sql"
    wire.open(uri(mart), mart.read_text(), "sql")
    end = time.monotonic() + PATIENCE
    while not asked(wire, "definition", mart, 0, 24) and time.monotonic() < end:
        time.sleep(0.02)  # the project is being read
    place = {"textDocument": {"uri": uri(mart)}, "position": {"line": 0, "character": 24}, "newName": "base"}
    answer = asks(wire, place)
    wire.kill()
    return answer


def test_a_model_is_renamed_with_its_file(shop: Path) -> None:
    edit = renamed(shop, VSCODE, lambda wire, place: wire.request("textDocument/rename", place))
    changed, moved = edit["documentChanges"]
    assert [(span(each["range"]), each["newText"]) for each in changed["edits"]] == [((0, 23, 26), "base")]
    assert moved == {"kind": "rename", "oldUri": uri(shop / "models/raw.sql"), "newUri": uri(shop / "models/base.sql")}


def test_a_client_that_cannot_rename_files_is_told_so(shop: Path) -> None:
    edits = {**VSCODE["workspace"], "workspaceEdit": {"documentChanges": True}}
    profile = {**VSCODE, "workspace": edits}
    error = renamed(shop, profile, lambda wire, place: wire.error("textDocument/rename", place))
    assert error["message"] == (
        "This cannot be renamed: its file raw.sql must get the new name too, which this editor cannot do."
    )


def test_a_client_that_cannot_ask_is_promised_nothing(tmp_path: Path) -> None:
    wire = Wire(PIPESENSE)
    promised = wire.initialize(NOTHING, tmp_path)["capabilities"]
    wire.kill()
    names = {"definitionProvider", "referencesProvider", "renameProvider", "documentHighlightProvider"}
    assert not names & set(promised)
