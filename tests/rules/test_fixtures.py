"""Whole files with what must be found in them, and near misses in which nothing may be found."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from pipesense.host.rulepacks import load_registry
from support.memory import ROOT, workspace

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent / "fixtures"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((HERE / "expected.toml").read_text(encoding="utf-8"))
REGISTRY = load_registry()


def found(name: str) -> list[tuple[str, int, str]]:
    """Every finding of a file: rule, 1-based line, severity."""
    made = workspace({name: (HERE / name).read_text(encoding="utf-8")}, registry=REGISTRY)
    made.index_all()
    path = f"{ROOT}/{name}"
    buffer = made.text(path)
    assert buffer is not None
    return [
        (each.rule, buffer.lines.position(each.span.start)[0] + 1, each.severity.word) for each in made.findings(path)
    ]


def stated(entries: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    return [(entry["rule"], entry["line"], entry["severity"]) for entry in entries]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_gives_what_is_stated(name: str) -> None:
    seen = found(name)
    loud = sorted(each for each in seen if each[2] in ("error", "warning"))
    assert loud == sorted(stated(EXPECTED[name]["findings"]))
    assert set(stated(EXPECTED[name].get("quiet", []))) <= set(seen)
