"""Where a file uses names of a package: in its imports, and through the package itself (``dg.solid``)."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.model.where import Loc


@dataclass(frozen=True, slots=True)
class Use:
    """``name`` is one of the names asked for; ``guarded`` where another import is tried beside it."""

    name: str
    loc: Loc
    guarded: bool


def uses_of(module: Module, statement: ast.stmt, names: Collection[str]) -> Iterator[Use]:
    """The uses of fully qualified names in one top-level statement; a name below one that is asked for counts."""
    lasts = {name.rpartition(".")[2] for name in names}
    for node in nodes_under(statement):
        if isinstance(node, ast.ImportFrom):
            source = module.absolute(node)
            told: set[str] = set()
            for alias in node.names:
                found = _named(f"{source}.{alias.name}", names)
                if found and found not in told:
                    # What several names of one import lie below is one cause.
                    told.add(found)
                    yield Use(found, module.loc(alias), _guarded(module, node))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                found = _named(alias.name, names)
                if found:
                    yield Use(found, module.loc(alias), _guarded(module, node))
        elif isinstance(node, ast.Attribute) and node.attr in lasts:
            written = next((name for name in module.qualified(node) if name in names), "")
            if written:
                yield Use(written, module.loc(node), _guarded(module, node))


def _named(written: str, names: Collection[str]) -> str:
    parts = written.split(".")
    return next((name for cut in range(len(parts), 0, -1) if (name := ".".join(parts[:cut])) in names), "")


def _guarded(module: Module, node: ast.AST) -> bool:
    """Whether the code tries the name and has something else where it is missing."""
    return any(isinstance(each, ast.Try) and each.handlers for each in module.enclosing(node))
