"""A folder below the project's own is opened, or a file before its folder was looked through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lsp.conftest import Start
from lsp.wire import EGLOT, NEOVIM, PIPESENSE, VSCODE, Wire, uri

TABLE = "CREATE TABLE mart.orders (order_id BIGINT NOT NULL, email VARCHAR(320), amount DECIMAL(18, 2));\n"
CHECKS = "Insert quality checks for mart.orders as checks/orders.sql"


def project(folder: Path) -> Path:
    """A project with settings in its own folder, of which a part is opened."""
    (folder / "pipesense.toml").write_text('ignore = ["correctness/equals-null"]\n')
    (folder / "sql").mkdir()
    (folder / "sql" / "tables.sql").write_text(TABLE)
    (folder / "sql" / "review.sql").write_text("SELECT order_id FROM mart.orders WHERE email = NULL;\n")
    return folder / "sql"


@pytest.mark.parametrize("capabilities", [VSCODE, NEOVIM, EGLOT], ids=["VS Code", "Neovim", "eglot"])
def test_settings_above_the_opened_folder_hold(start: Start, tmp_path: Path, capabilities: dict[str, Any]) -> None:
    wire: Wire = start(PIPESENSE)
    root = project(tmp_path)
    wire.initialize(capabilities, root)
    name = uri(root / "review.sql")
    wire.open(name, (root / "review.sql").read_text(), "sql")
    found = wire.pulled(name)["items"] if "diagnostic" in capabilities["textDocument"] else wire.published(name)
    assert [each["code"] for each in found] == []
    assert wire.leave() == 0


@pytest.mark.parametrize("part", [False, True], ids=["the whole project", "a part of it"])
def test_a_new_file_lies_in_the_opened_folder_from_the_first_moment_on(
    start: Start, tmp_path: Path, part: bool
) -> None:
    wire: Wire = start(PIPESENSE)
    sql = project(tmp_path)
    root = sql if part else tmp_path
    wire.initialize(VSCODE, root)
    name = uri(sql / "tables.sql")
    wire.open(name, TABLE, "sql")
    for _ in range(2):
        # At once, when no folder has been looked through, and when all have.
        action = next(each for each in wire.actions(name, (0, 20), (0, 20)) if each["title"] == CHECKS)
        if "edit" not in action:
            action = wire.request("codeAction/resolve", action)
        assert action["edit"]["documentChanges"][0]["uri"] == uri(root / "checks" / "orders.sql")
        wire.drain(1.0)
    assert wire.leave() == 0
