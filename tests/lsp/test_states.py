"""State machines and workflows in YAML and JSON, from the real server: findings, names, completion, outline."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from lsp.wire import PIPESENSE, VSCODE, Wire, uri

ABLE: dict[str, Any] = deepcopy(VSCODE)
ABLE["textDocument"]["completion"] = {"completionItem": {"snippetSupport": True}}
MACHINE = """{
  "Comment": "😀",
  "StartAt": "Load", "States": {
    "Load": {"Type": "Pass", "Comment": "😀", "Next": "Done"},
    "Done": {"Type": "Succeed"}
  }
}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Wire]:
    wire = Wire(PIPESENSE)
    wire.initialize(ABLE, tmp_path)
    yield wire
    wire.kill()


def asked(server: Wire, method: str, path: Path, line: int, character: int, **more: Any) -> Any:
    place = {"textDocument": {"uri": uri(path)}, "position": {"line": line, "character": character}}
    return server.request(f"textDocument/{method}", {**place, **more})


def span(found: dict[str, Any]) -> tuple[int, int, int]:
    return found["start"]["line"], found["start"]["character"], found["end"]["character"]


def test_names_of_states(server: Wire, tmp_path: Path) -> None:
    path = tmp_path / "orders.asl.json"
    server.open(uri(path), MACHINE, "json")
    row = MACHINE.splitlines()[3]
    at = len(row[: row.index("Done")].encode("utf-16-le")) // 2
    (made,) = asked(server, "definition", path, 3, at + 1)
    assert span(made["range"]) == (4, 5, 9)
    renamed = asked(server, "rename", path, 3, at + 1, newName="All done")
    ((edits),) = [each["edits"] for each in renamed["documentChanges"]]
    assert sorted(span(each["range"]) for each in edits) == [(3, at, at + 4), (4, 5, 9)]
    items = asked(server, "completion", path, 3, at)["items"]
    assert [item["label"] for item in items] == ["Done"]
    assert span(items[0]["textEdit"]["range"]) == (3, at, at + 4)
    (outline,) = server.request("textDocument/documentSymbol", {"textDocument": {"uri": uri(path)}})
    assert [outline["name"], *(child["name"] for child in outline["children"])] == ["orders", "Load", "Done"]


def test_a_yaml_file_that_nobody_knows_is_opened_and_closed_in_peace(server: Wire, tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    server.open(uri(path), "a: [1, 2\n", "yaml")
    assert server.request("textDocument/diagnostic", {"textDocument": {"uri": uri(path)}})["items"] == []
    assert asked(server, "completion", path, 0, 1)["items"] == []
    assert asked(server, "hover", path, 0, 0) is None
    server.notify("textDocument/didClose", {"textDocument": {"uri": uri(path)}})
    assert server.request("textDocument/diagnostic", {"textDocument": {"uri": uri(path)}})["items"] == []
