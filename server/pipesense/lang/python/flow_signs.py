"""What a parameter without an annotation is, told by methods that only one library's values have."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator

from pipesense.lang.python.flow import Flow, Library, Step
from pipesense.lang.python.index import FUNCTIONS
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import children
from pipesense.lang.python.syntax import parsed_of

_INNER = (*FUNCTIONS, ast.Lambda, ast.ClassDef)


def told_by_use(
    module: Module, library: Library, node: ast.AST, parameters: Iterable[ast.arg], given: Collection[str]
) -> dict[str, Flow]:
    """Those of a function's parameters that are surely values of the library, by what is called on them.

    ``given`` are known already. What stands behind an assignment of something else to the name tells nothing of what
    came in.
    """
    names = frozenset(each.arg for each in parameters if each.annotation is None and each.arg not in given)
    if not library.signs or not names or not parsed_of(node).names_any(frozenset(library.signs)):
        return {}
    imports = module.imports()
    if not _imports(imports, library.packages) or _imports(imports, library.alike):
        return {}
    kinds = frozenset(library.signs.values())
    found: dict[str, Flow] = {}
    gone: set[str] = set()
    for each in _in_order(node):
        kind = _sign(library, each) if isinstance(each, ast.Attribute) else None
        if isinstance(each, ast.Attribute) and kind is not None:
            below = each.value if each.attr in library.signs else getattr(each.value, "value", each.value)
            name = _kept(library, below, kind)
            if name in names and name not in gone:
                found.setdefault(name, Flow(kind))
                if len(found) == len(names):
                    return found
        elif isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load):
            gone.add(each.id)
        elif isinstance(each, ast.Assign) and len(each.targets) == 1 and isinstance(each.targets[0], ast.Name):
            # ``df = df.filter(...)`` leaves the name what it was.
            name = each.targets[0].id
            if name in names and name not in gone and all(_kept(library, each.value, kind) != name for kind in kinds):
                gone.add(name)
    return found


def _sign(library: Library, node: ast.Attribute) -> str | None:
    """The kind of value that alone has such an attribute, or such an attribute of an attribute ("write.mode")."""
    if node.attr in library.signs or not isinstance(node.value, ast.Attribute):
        return library.signs.get(node.attr)
    return library.signs.get(f"{node.value.attr}.{node.attr}")


def _imports(imports: frozenset[str], packages: tuple[str, ...]) -> bool:
    return any(f"{name}.".startswith(package) for name in imports for package in packages)


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    """What a function holds in the order of its running, values before the names they are given; no inner functions."""
    body = getattr(node, "body", None)
    todo = [(each, False) for each in reversed(body)] if isinstance(body, list) else []
    while todo:
        each, entered = todo.pop()
        if isinstance(each, _INNER):
            continue
        if not entered and isinstance(each, ast.Assign) and len(each.targets) == 1:
            todo += ((each, True), (each.value, False))
            continue
        yield each
        if not entered:
            todo += [(inner, False) for inner in reversed(children(each))]
        elif isinstance(each, ast.Assign) and not isinstance(each.targets[0], ast.Name):
            todo.append((each.targets[0], False))


def _kept(library: Library, expr: ast.expr, kind: str) -> str:
    """The name that a chain of calls begins with, where each of them gives the same kind of value again; else ""."""
    calls: list[str] = []
    while isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute):
        calls.append(expr.func.attr)
        expr = expr.func.value
    if not isinstance(expr, ast.Name):
        return ""
    for call in calls:
        made = library.operation(Step(kind, call, "call"))
        if made is None or made.kind != kind:
            return ""
    return expr.id
