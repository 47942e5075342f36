"""A project in a folder, and the command run in it as a user runs it."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipesense.cli import check
from pipesense.cli.main import main
from unit.cli.fake import FakeAnalysis


@dataclass(frozen=True)
class Ran:
    """What a run of the command printed and returned."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)

    @property
    def found(self) -> list[str]:
        """The findings of a run with ``--format json`` as "path:line:column severity"."""
        return [
            "{}:{}:{} {}".format(
                row["path"], row["range"]["start"]["line"], row["range"]["start"]["column"], row["severity"]
            )
            for row in self.data["findings"]
        ]


@dataclass(frozen=True)
class Project:
    """A folder with files in it."""

    root: Path
    _run: Callable[..., Ran]

    def write(self, files: dict[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def read(self, name: str) -> str:
        return (self.root / name).read_bytes().decode()

    def files(self) -> list[str]:
        return sorted(
            str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file() and path.suffix
        )

    def check(self, *arguments: str, stdin: bytes = b"") -> Ran:
        """Run ``pipesense check`` in the folder, with the engine that finds words."""
        return self._run("check", *arguments, stdin=stdin)

    def run(self, *arguments: str) -> Ran:
        """Run ``pipesense``."""
        return self._run(*arguments)


class Standard:
    """Standard input with bytes in it."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Project:
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    monkeypatch.chdir(root)
    monkeypatch.setattr(check, "_workspace", FakeAnalysis)
    monkeypatch.setattr("tempfile.gettempdir", lambda: os.fspath(tmp_path.parent))
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr("sys.stdin", Standard(stdin))
        capfd.readouterr()
        try:
            code = main(list(arguments))
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capfd.readouterr()
        return Ran(code, printed.out, printed.err)

    return Project(root, run)
