"""What is found in examples/ is what examples/expected.json says; ``make demo`` shows the same to people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipesense.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


def test_examples_are_found_as_expected(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A difference is a decision: read the finding, then change the rule, the examples or what is expected."""
    monkeypatch.chdir(ROOT)
    main(["check", "examples", "--format", "json"])
    found = [
        {"path": each["path"], "line": each["range"]["start"]["line"], "rule": each["rule"]}
        for each in json.loads(capsys.readouterr().out)["findings"]
    ]
    assert found == json.loads((ROOT / "examples" / "expected.json").read_text("utf-8"))
