"""Functions below ``@dag`` that nothing in their file calls: they make no DAG."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from itertools import repeat
from operator import attrgetter, contains

from pipesense.lang.python.edit import add_after
from pipesense.lang.python.module import Module
from pipesense.model.code import UnrunJob
from pipesense.systems.airflow.pipeline import Lean, name_loc

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def never_called(module: Module, built: Iterable[Lean]) -> Iterator[UnrunJob]:
    """One for each DAG function of the file's top level whose name stands nowhere else in the file."""
    own = [each.node for each in built if isinstance(each.node, _FUNCTIONS) and each.node in module.body]
    if not own or module.broken:
        return
    for node in own:
        if len(node.decorator_list) != 1:
            continue
        inside = sum(node.name in unit.text for unit in module.units_of([node]))
        if sum(map(contains, map(attrgetter("text"), module.units), repeat(node.name))) > inside:
            continue
        yield UnrunJob(
            system="airflow",
            loc=name_loc(module, node),
            name=node.name,
            why="A function below @dag makes its DAG when it is called; without a call Airflow finds no DAG here",
            remedy=f"Call {node.name}() behind it",
            importable=node.name,
            certain=True,
            edits=add_after(module, node, f"\n\n{node.name}()") if not _needs(node) else (),
        )


def _needs(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it cannot be called without arguments."""
    given = node.args
    positional = len(given.posonlyargs) + len(given.args)
    return positional > len(given.defaults) or any(default is None for default in given.kw_defaults)
