"""Namespaces of a file, by the place that is in them."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from pipesense.lang.python.index import FUNCTIONS, Place


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """A namespace. ``kind`` is "module", "function" (lambdas too), "class" or "comprehension".

    ``name`` is its dotted path in the file, "" for the module.
    """

    kind: str
    name: str
    node: ast.AST | None
    parent: Scope | None


class Scopes:
    """Makes each scope of a file once."""

    def __init__(self) -> None:
        self.module = Scope("module", "", None, None)
        self._made: dict[ast.AST, Scope] = {}

    def at(self, place: Place) -> Scope:
        """The scope that code at a place runs in."""
        inner = place.scope_place
        if inner is None or inner.node is None:
            return self.module
        node = inner.node
        if node not in self._made:
            parent = self.at(inner.parent) if inner.parent is not None else self.module
            self._made[node] = Scope(_kind(node), f"{parent.name}.{_name(node)}".lstrip("."), node, parent)
        return self._made[node]


def _kind(node: ast.AST) -> str:
    if isinstance(node, ast.ClassDef):
        return "class"
    return "function" if isinstance(node, (*FUNCTIONS, ast.Lambda)) else "comprehension"


def _name(node: ast.AST) -> str:
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return node.name
    return f"<{type(node).__name__.lower()}>"
