"""Applications of Quix Streams that are described and never started; read off quixstreams 3.28."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import partial
from typing import Final

from pipesense.lang.python.edit import add_after
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.model.code import UnrunJob
from pipesense.model.where import Loc

_APPLICATIONS: Final = frozenset({"quixstreams.Application", "quixstreams.app.Application"})


@dataclass(frozen=True, slots=True)
class _Look:
    """What one top-level statement says: applications with their names, methods that are called, names given away."""

    made: tuple[tuple[Loc, str], ...]
    methods: frozenset[str]
    given: frozenset[str]


def unrun(module: Module) -> tuple[UnrunJob, ...]:
    """The application of a file that makes a chain of operations and never runs it."""
    looks = module.memo_each("quix: run", module.body, partial(_look, module))
    made = [found for look in looks for found in look.made]
    methods = frozenset(name for look in looks for name in look.methods)
    given = frozenset(name for look in looks for name in look.given)
    if len(made) != 1 or "dataframe" not in methods or methods & {"run", "get_consumer", "get_producer"}:
        return ()
    loc, name = made[0]
    if not name or name in given:
        return ()
    why = "Topics and operations are described only, and the program ends without an error"
    own = any(isinstance(each, ast.Assign) and name in map(module.text_of, each.targets) for each in module.body)
    edits = add_after(module, module.body[-1], f"\n{name}.run()") if own else ()
    remedy = f"Call {name}.run() behind the last operation"
    return (UnrunJob("quix", loc, "the application", why, remedy, importable=name, edits=edits),)


def _look(module: Module, statement: ast.stmt) -> _Look:
    made: list[tuple[Loc, str]] = []
    methods: set[str] = set()
    given: set[str] = set()
    for node in nodes_under(statement):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            if _APPLICATIONS & set(module.qualified(node.value.func)):
                target = node.targets[0]
                made.append((module.loc(node.value.func), target.id if isinstance(target, ast.Name) else ""))
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                methods.add(node.func.attr)
            arguments = (*node.args, *(word.value for word in node.keywords))
            given |= {each.id for each in arguments if isinstance(each, ast.Name)}
        elif isinstance(node, ast.Return | ast.Yield) and isinstance(node.value, ast.Name):
            given.add(node.value.id)
    return _Look(tuple(made), frozenset(methods), frozenset(given))
