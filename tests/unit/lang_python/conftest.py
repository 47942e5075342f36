"""Linking small workspaces of Python files by hand."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import pytest

from pipesense.lang.python.link import LinkMemo
from pipesense.lang.python.module import Module
from pipesense.lang.python.split import split
from pipesense.lang.python.syntax import ParsedUnit, parse_unit
from pipesense.model.change import Replace
from pipesense.text.edit import TextEdit, apply_edits
from pipesense.text.span import Span

Linker = Callable[..., Module]


def parsed(text: str) -> list[ParsedUnit]:
    return [parse_unit(number, cut.kind, text[cut.start : cut.end]) for number, cut in enumerate(split(text))]


class Workspace:
    """Files by dotted module name; units whose text did not change stay the same objects."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = dict(files)
        self.paths = {name: f"/{name}.py" for name in files}
        self.units: dict[str, list[ParsedUnit]] = {}
        self.modules: dict[str, Module] = {}
        self.memos: dict[str, LinkMemo] = {}
        self.next = 1000

    def module(self, name: str) -> Module | None:
        if name not in self.files:
            return None
        if name not in self.modules:
            memo = self.memos.setdefault(name, LinkMemo())
            self.modules[name] = Module(self.paths[name], name, self._units(name), self.module, memo)
        return self.modules[name]

    def change(self, name: str, text: str) -> None:
        """Give a file another text; everything is linked again when it is asked for."""
        self.files[name] = text
        self.modules.clear()

    def _units(self, name: str) -> list[ParsedUnit]:
        text = self.files[name]
        before = list(self.units.get(name, ()))
        found: list[ParsedUnit] = []
        for cut in split(text):
            source = text[cut.start : cut.end]
            kept = next((unit for unit in before if (unit.kind, unit.text) == (cut.kind, source)), None)
            if kept is not None:
                before.remove(kept)
            else:
                self.next += 1
                kept = parse_unit(self.next, cut.kind, source)
            found.append(kept)
        self.units[name] = found
        return found


@pytest.fixture
def link() -> Linker:
    """``link(text, **other files)``: the Module of ``text``, named "dags.this"."""

    def make(text: str, files: Mapping[str, str] | None = None) -> Module:
        found = Workspace({"dags.this": text, **(files or {})}).module("dags.this")
        assert found is not None
        return found

    return make


@pytest.fixture
def workspace() -> type[Workspace]:
    return Workspace


@pytest.fixture
def last_value() -> Callable[[Module], ast.expr]:
    """The expression that the file ends with: the value of its last statement."""

    def find(module: Module) -> ast.expr:
        statement = module.body[-1]
        assert isinstance(statement, ast.Expr | ast.Assign)
        return statement.value

    return find


@pytest.fixture
def changed() -> Callable[..., str]:
    """The text of a module after replacements, and that it still parses."""

    def apply(module: Module, parts: tuple[Replace, ...]) -> str:
        starts: dict[int, int] = {}
        at = 0
        for unit in module.units:
            starts[unit.unit] = at
            at += len(unit.text)
        text = "".join(unit.text for unit in module.units)
        edits = [TextEdit(Span(*part.loc.span).shift(starts[part.loc.unit]), part.text) for part in parts]
        result = apply_edits(text, edits)
        ast.parse(result)
        return result

    return apply
