"""Functions of the workspace: finding them, and who calls whom."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from pipesense.lang.python.index import FUNCTIONS, CallSite, FunctionNode, Place
from pipesense.lang.python.names import path_of, reaching
from pipesense.lang.python.syntax import place_of
from pipesense.model.making import quick_to_make

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module


@quick_to_make
@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function of the workspace; ``path`` is its dotted path in its module ("C.method")."""

    module: Module
    node: FunctionNode | ast.Lambda
    path: str

    @property
    def name(self) -> str:
        """The qualified name, unique in the workspace for files that have a module name."""
        return f"{self.module.prefix}.{self.path}"


def locate(module: Module, qualified: str) -> Function | None:
    """The workspace function of a qualified name."""
    if qualified.startswith("builtins.") or qualified.endswith("()"):
        return None
    # A method of an object that was just made: ``module.Class().method``.
    qualified = qualified.replace("()", "")
    if module.is_own(qualified):
        path = qualified[len(module.prefix) + 1 :]
        return _at(module, path)
    head, _, last = qualified.rpartition(".")
    path = last
    while head:
        other = module.imported(head)
        if other is not None:
            return module.ask(other, partial(_at, other, path))
        head, _, last = head.rpartition(".")
        path = f"{last}.{path}"
        if path.count(".") > 1:
            return None
    return None


def _at(module: Module, path: str) -> Function | None:
    module.note(path.partition(".")[0])
    node = module.function_at(path)
    return Function(module, node, path) if node is not None else None


@dataclass(frozen=True, slots=True, eq=False)
class Class:
    """A top-level class of the workspace."""

    module: Module
    node: ast.ClassDef

    def method(self, name: str) -> Function | None:
        """A method that the class itself defines."""
        found: Function | None = None
        for statement in self.node.body:
            if isinstance(statement, FUNCTIONS) and statement.name == name:
                found = Function(self.module, statement, f"{self.node.name}.{name}")
        return found


def locate_class(module: Module, qualified: str) -> Class | None:
    """The workspace class of a qualified name; None also where the name is bound more than once."""
    source, _, name = qualified.rpartition(".")
    if not source or "(" in qualified:
        return None
    if source == module.prefix:
        return _class_at(module, name)
    other = None if module.is_own(qualified) else module.imported(source)
    return module.ask(other, partial(_class_at, other, name)) if other is not None else None


def _class_at(module: Module, name: str) -> Class | None:
    bindings = reaching(module, name, module.end_place, None).bindings
    node = bindings[0].node if len(bindings) == 1 else None
    return Class(module, node) if isinstance(node, ast.ClassDef) else None


def callables(module: Module, expr: ast.expr) -> tuple[Function, ...]:
    """See ``Module.callables``."""
    if isinstance(expr, ast.Lambda):
        return (Function(module, expr, path_of(place_of(expr), "<lambda>")),)
    if isinstance(expr, ast.Call):
        if expr.args and "functools.partial" in module.qualified(expr.func):
            return module.callables(expr.args[0])
        return ()
    if isinstance(expr, ast.IfExp):
        return module.callables(expr.body) + module.callables(expr.orelse)
    if isinstance(expr, ast.Attribute) and isinstance(expr.value, ast.Name) and expr.value.id in {"self", "cls"}:
        for place in place_of(expr).outward():
            if isinstance(place.node, ast.ClassDef):
                found = locate(module, f"{module.prefix}.{path_of(place, expr.attr)}")
                return (found,) if found is not None else ()
    if isinstance(expr, ast.Name):
        for binding in module.bindings_of(expr):
            if binding.kind == "assign" and isinstance(binding.value, ast.Lambda | ast.Call):
                return module.callables(binding.value)
    found_functions = (locate(module, name) for name in module.qualified(expr))
    return tuple(function for function in found_functions if function is not None)


_CALLED: Final = (*FUNCTIONS, ast.Lambda)


def runs_in(place: Place) -> ast.AST | None:
    """The function or lambda whose call runs the code at ``place``; None for code that runs on import."""
    at: Place | None = place
    while at is not None:
        if isinstance(at.node, _CALLED):
            return at.node
        at = at.parent
    return None


def own_calls(module: Module, function: Function | None) -> Iterator[CallSite]:
    """Calls that run when a function runs (None: when the file is imported), nested functions left out."""
    node = function.node if function is not None else None
    sites: Iterable[CallSite] = module.calls_under(node) if node is not None else module.calls()
    for site in sites:
        if runs_in(site.place) is node:
            yield site


def callees(module: Module, function: Function | None) -> tuple[tuple[CallSite, Function], ...]:
    """See ``Module.callees``."""
    owner = function.module if function is not None else module
    return tuple((site, callee) for site in own_calls(owner, function) for callee in module.callables(site.node.func))
