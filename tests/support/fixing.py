"""Files after the fixes of some rules, one after another, as an editor applies them."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

from pipesense.host.rulepacks import load_registry
from pipesense.host.testing import EngineChecker


@cache
def checker() -> EngineChecker:
    return EngineChecker(load_registry())


def rules_in(files: dict[str, str], name: str) -> list[str]:
    """The rules that find something in a file."""
    return [each.rule for each in checker().check(files).findings if each.path == name]


def fixed(files: dict[str, str], name: str, *rules: str) -> str:
    """The file after the first fix of every finding of the rules in it."""
    for rule in rules:
        for _ in range(10):
            findings = [each for each in checker().check(files).findings if (each.path, each.rule) == (name, rule)]
            fixable = [each for each in findings if each.fixes]
            if not fixable:
                break
            after = checker().fix(files, fixable[0], fixable[0].fixes[0])
            assert not isinstance(after, str), after
            files = dict(after)
    return files[name]


def imported(folder: Path, name: str, text: str) -> ModuleType:
    """A Python file as a module of its own."""
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
