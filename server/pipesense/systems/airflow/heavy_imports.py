"""Large libraries that a DAG file imports at its top level and only the functions of its tasks use.

Airflow's best practices ask for such imports inside the functions:
https://airflow.apache.org/docs/apache-airflow/3.3.2/best-practices.html#top-level-python-code
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import Final

from pipesense.lang.python.index import FUNCTIONS, FunctionNode
from pipesense.lang.python.module import Module
from pipesense.lang.python.names import path_of
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.syntax import parsed_of, place_of
from pipesense.model.change import Replace
from pipesense.model.code import HeavyImport
from pipesense.model.flow import CallableRun
from pipesense.systems.airflow.pipeline import Lean
from pipesense.text.span import Span

HEAVY: Final = frozenset({"pandas", "numpy", "torch", "tensorflow", "sklearn", "pyspark", "transformers"})

_BRINGS: Final = {"pandas": "numpy", "sklearn": "numpy", "tensorflow": "numpy"}
"""Libraries that import another one themselves."""

_Use = tuple[str, tuple[str, ...]]
"""A name that is read, and the dotted paths of the functions around that place, the innermost first."""


def heavy_imports(module: Module, built: Sequence[Lean]) -> Iterator[HeavyImport]:
    """One for each large library of which the file's top level needs nothing, nor a library that stays there."""
    found = list(_candidates(module, built))
    if not found:
        return
    moved = {each.package for each in found}
    stay = {_package(statement) for statement in module.body} - moved
    yield from (each for each in found if each.package not in {_BRINGS.get(name) for name in stay})


def _packages(names: Iterable[str]) -> Iterator[str]:
    return map(itemgetter(0), map(str.partition, names, repeat(".")))


def _candidates(module: Module, built: Sequence[Lean]) -> Iterator[HeavyImport]:
    if not built or module.broken or HEAVY.isdisjoint(_packages(module.imports())):
        return
    runs = (run for each in built for task in each.pipeline.tasks for run in task.runs)
    scopes = {run.scope for run in runs if isinstance(run, CallableRun)}
    uses = [use for each in module.memo_each("airflow: uses", module.body, partial(_uses, module)) for use in each]
    for statement in module.body:
        package = _package(statement)
        if package not in HEAVY or not isinstance(statement, ast.Import | ast.ImportFrom):
            continue
        bound = {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
        if "*" in bound or any(module.table.only_binding(name) is None for name in bound):
            continue
        around = [paths for name, paths in uses if name in bound]
        holders = [next((path for path in paths if f"{module.prefix}.{path}" in scopes), "") for paths in around]
        if holders and all(holders) and not _comes_anyway(module, package):
            functions = tuple(dict.fromkeys(holders))
            yield HeavyImport(
                package, module.loc(statement), functions, tuple(_moved(module, statement, functions, len(bound)))
            )


def _comes_anyway(module: Module, package: str) -> bool:
    """Whether another file of the workspace that this one imports brings the library along."""
    return module.memo(("airflow: comes anyway", package), (), partial(_brought, module, package))


def _brought(module: Module, package: str) -> bool:
    todo = [(module, each) for each in sorted(module.imports())]
    seen: set[str] = set()
    for asker, name in todo:
        other = module.imported(name) if name not in seen else None
        seen.add(name)
        if other is None or other is module:
            continue
        names = module.ask(other, other.imports)
        if any(each.partition(".")[0] == package for each in names):
            return True
        if asker is module:
            todo += [(other, each) for each in sorted(names)]
    return False


def _package(statement: ast.stmt) -> str:
    if isinstance(statement, ast.ImportFrom):
        return (statement.module or "").partition(".")[0] if not statement.level else ""
    packages = {alias.name.partition(".")[0] for alias in statement.names} if isinstance(statement, ast.Import) else ()
    return next(iter(packages)) if len(packages) == 1 else ""


def _uses(module: Module, statement: ast.stmt) -> frozenset[_Use]:
    return frozenset(
        (node.id, tuple(_paths(module, node)))
        for node in nodes_under(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )


def _paths(module: Module, node: ast.AST) -> Iterator[str]:
    for around in module.enclosing(node):
        if isinstance(around, FUNCTIONS):
            yield path_of(place_of(around), around.name)


def _moved(
    module: Module, statement: ast.Import | ast.ImportFrom, functions: Iterable[str], names: int
) -> Iterator[Replace]:
    """The import as the first line of each function; nothing where a place for it cannot be told."""
    unit = parsed_of(statement)
    span = unit.span_of(statement)
    rest = unit.text[span.end :].partition("\n")[0]
    places = [_first(module, module.function_at(path)) for path in functions]
    # One import may bring names that different functions use, and what stands behind it in its line belongs to it.
    if rest.strip() or (names > 1 and len(places) > 1) or not all(places):
        return
    yield Replace(module.loc(statement).at(Span(span.start, min(span.end + len(rest) + 1, len(unit.text)))), "")
    for place in places:
        if place is not None:
            start = parsed_of(place).span_of(place).start
            text = parsed_of(place).text
            indent = text[text.rfind("\n", 0, start) + 1 : start]
            written = unit.text[span.start : span.end]
            yield Replace(module.loc(place).at(Span(start, start)), f"{written}\n{indent}")


def _first(module: Module, function: FunctionNode | None) -> ast.stmt | None:
    """The statement of a function before which an import can stand: behind its docstring, in a line of its own."""
    if function is None:
        return None
    documented = ast.get_docstring(function, clean=False) is not None
    found = next(iter(function.body[1:] if documented else function.body), None)
    if found is None or getattr(found, "decorator_list", None):
        return None
    unit = parsed_of(found)
    start = unit.span_of(found).start
    return found if not unit.text[unit.text.rfind("\n", 0, start) + 1 : start].strip() else None
