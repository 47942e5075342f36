"""What a callable of Dagster code is: an asset, a check, an op, a job, a graph."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.lang.python.frames import NO_ARGUMENTS, Arguments, Frame, read_arguments
from pipesense.lang.python.functions import Function
from pipesense.lang.python.index import FUNCTIONS, FunctionNode
from pipesense.lang.python.module import Module
from pipesense.lang.python.wrappers import applied

_ASSETS: Final = (
    *("asset", "multi_asset", "graph_asset", "graph_multi_asset"),
    *("dbt_assets", "dlt_assets", "sling_assets", "fivetran_assets", "airbyte_assets"),
)
_ROLES: Final = {
    **dict.fromkeys(_ASSETS, "asset"),
    "asset_check": "check",
    "multi_asset_check": "check",
    "op": "op",
    "job": "job",
    "graph": "graph",
    "schedule": "schedule",
    "sensor": "sensor",
    "asset_sensor": "sensor",
}
_INVOKED: Final = frozenset({"alias", "tag", "with_hooks", "with_retry_policy", "configured"})
"""Methods of an op that give it again with something set."""
_MAX_HOPS: Final = 6


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """A decorated function. ``decorator`` is None where it has no arguments, then ``bare`` is what is written.

    ``given`` is what a decorator of the project gives Dagster's.
    """

    role: str
    kind: str
    node: ast.FunctionDef | ast.AsyncFunctionDef
    function: Function
    decorator: ast.Call | None
    bare: ast.expr
    given: Arguments | None = None

    def arguments(self, module: Module) -> Arguments:
        """What the decorator is given."""
        if self.decorator is None:
            return self.given or NO_ARGUMENTS
        return read_arguments(self.decorator, Frame(module), ("name",) if self.role == "asset" else ())


def named(module: Module, expr: ast.expr) -> str:
    """The last part of a name of Dagster or one of its integrations ("RetryPolicy"), "" for anything else."""
    for name in module.qualified(expr):
        if name.startswith("dagster") and "(" not in name:
            return name.rpartition(".")[2]
    return ""


def decorated(module: Module, function: Function) -> Thing | None:
    """What a function's decorators make of it."""
    node = function.node
    if isinstance(node, ast.Lambda):
        return None
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        name = named(module, call.func if call is not None else decorator)
        if name in _ROLES:
            return Thing(_ROLES[name], f"@{name}", node, function, call, decorator)
    return next(filter(None, (_by_wrapper(module, function, node, each) for each in node.decorator_list)), None)


def _by_wrapper(module: Module, function: Function, node: FunctionNode, decorator: ast.expr) -> Thing | None:
    """What a decorator of the project makes of a function; nothing where Dagster gets another function."""
    made = applied(decorator, Frame(module), lambda expr: named(module, expr) in _ROLES)
    if made is None or made.inner is not None:
        return None
    name = named(module, made.marker)
    return Thing(_ROLES[name], f"@{name}", node, function, None, decorator, made.arguments)


def functions_in(module: Module, statement: ast.stmt) -> Iterator[Function]:
    """The functions that a top-level statement defines, those in factories and behind conditions included."""
    todo: list[ast.stmt] = [statement]
    while todo:
        at = todo.pop(0)
        if isinstance(at, FUNCTIONS):
            yield Function(module, at, module.inner_scope(at).name)
            todo += [each for each in at.body if isinstance(each, (*FUNCTIONS, ast.If, ast.For, ast.Try, ast.With))]
        elif isinstance(at, ast.ClassDef | ast.If | ast.Try | ast.With | ast.For):
            for field in ("body", "orelse", "finalbody"):
                todo += getattr(at, field, ())


@dataclass(frozen=True, slots=True)
class Invoked:
    """An op as a job calls it: ``layers`` are the calls that set something, strongest first."""

    thing: Thing
    layers: tuple[ast.Call, ...] = ()

    def __hash__(self) -> int:
        return hash(id(self.thing.node))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Invoked)
            and self.thing.node is other.thing.node
            and [id(each) for each in self.layers] == [id(each) for each in other.layers]
        )


def invoked(module: Module, expr: ast.expr, hops: int = 0) -> Invoked | None:
    """The op that an expression stands for (``load``, ``load.alias("again")``)."""
    if hops > _MAX_HOPS:
        return None
    if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute) and expr.func.attr in _INVOKED:
        base = invoked(module, expr.func.value, hops + 1)
        return Invoked(base.thing, (expr, *base.layers)) if base is not None else None
    if isinstance(expr, ast.Name):
        found = module.bindings_of(expr)
        if len(found) == 1 and found[0].kind == "assign" and isinstance(found[0].value, ast.Call):
            return invoked(module, found[0].value, hops + 1)
    for function in module.callables(expr):
        thing = decorated(module, function)
        if thing is not None and thing.role == "op":
            return Invoked(thing)
    return None
