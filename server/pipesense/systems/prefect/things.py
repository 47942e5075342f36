"""What a callable of Prefect code is: a task, a flow, or neither, with the calls that set its options."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from pipesense.lang.python.frames import Arguments, Frame, read_arguments
from pipesense.lang.python.functions import Function
from pipesense.lang.python.index import FUNCTIONS, FunctionNode
from pipesense.lang.python.module import Module
from pipesense.lang.python.wrappers import applied

_TASK: Final = frozenset({"prefect.task", "prefect.tasks.task", "prefect.main.task"})
_FLOW: Final = frozenset({"prefect.flow", "prefect.flows.flow", "prefect.main.flow"})
_MATERIALIZE: Final = frozenset({"prefect.assets.materialize"})
_MAX_HOPS: Final = 6


@dataclass(frozen=True, slots=True)
class Thing:
    """A task or a flow. ``layers`` are the calls that set its options, strongest first (``with_options``, decorator).

    Two things are one where function and options are the same.
    """

    role: str
    """"task" or "flow"."""
    node: ast.FunctionDef | ast.AsyncFunctionDef
    function: Function
    layers: tuple[tuple[str, ast.Call], ...]
    """Each with the words that name it ("with_options", "@task")."""
    kind: str
    bare: ast.expr | None = None
    """The decorator without arguments."""
    given: Arguments | None = None
    """What a decorator of the project gives Prefect's; weaker than the layers."""

    def __hash__(self) -> int:
        return hash((self.role, id(self.node)))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Thing)
            and (self.role, self.node) == (other.role, other.node)
            and [id(call) for _, call in self.layers] == [id(call) for _, call in other.layers]
        )

    def arguments(self, module: Module) -> list[tuple[str, Arguments]]:
        """What each layer gives, strongest first."""
        frame = Frame(module)
        found = [(words, read_arguments(call, frame)) for words, call in self.layers]
        return found if self.given is None else [*found, (self.kind, self.given)]


def thing_of(module: Module, expr: ast.expr, hops: int = 0) -> Thing | None:
    """The task or flow that an expression stands for."""
    if hops > _MAX_HOPS:
        return None
    if isinstance(expr, ast.Call):
        return _made(module, expr, hops)
    if isinstance(expr, ast.Name):
        found = module.bindings_of(expr)
        if len(found) == 1 and found[0].kind == "assign" and found[0].value is not None:
            return thing_of(module, found[0].value, hops + 1)
    for function in module.callables(expr):
        thing = decorated(module, function)
        if thing is not None:
            return thing
    return None


def _made(module: Module, call: ast.Call, hops: int) -> Thing | None:
    """``load.with_options(retries=3)``, ``task(load)``, ``task(retries=3)(load)``."""
    func = call.func
    if isinstance(func, ast.Attribute) and func.attr == "with_options":
        base = thing_of(module, func.value, hops + 1)
        return base and _with_layer(base, ("with_options", call))
    if isinstance(func, ast.Call) and call.args:
        role = _role(module, func.func)
        return _wrapped(module, role, func, call.args[0]) if role else None
    role = _role(module, func)
    return _wrapped(module, role, call, call.args[0]) if role and call.args else None


def _with_layer(base: Thing, layer: tuple[str, ast.Call]) -> Thing:
    return replace(base, layers=(layer, *base.layers))


def _wrapped(module: Module, role: str, call: ast.Call, function: ast.expr) -> Thing | None:
    for found in module.callables(function):
        if isinstance(found.node, FUNCTIONS):
            return Thing(role, found.node, found, ((role, call),), role)
    return None


def _role(module: Module, target: ast.expr) -> str:
    names = module.qualified(target)
    if any(name in _TASK or name in _MATERIALIZE for name in names):
        return "task"
    return "flow" if any(name in _FLOW for name in names) else ""


def decorated(module: Module, function: Function) -> Thing | None:
    """The task or flow that a function's decorators make of it."""
    node = function.node
    if isinstance(node, ast.Lambda):
        return None
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        target = call.func if call is not None else decorator
        if isinstance(target, ast.Attribute) and target.attr == "with_options":
            continue
        role = _role(module, target)
        if role:
            kind = f"@{role}"
            layers = ((kind, call),) if call is not None else ()
            return Thing(role, node, function, layers, kind, None if call is not None else decorator)
    return next(filter(None, (_by_wrapper(module, function, node, each) for each in node.decorator_list)), None)


def _by_wrapper(module: Module, function: Function, node: FunctionNode, decorator: ast.expr) -> Thing | None:
    """The task or flow that a decorator of the project makes of a function."""
    made = applied(decorator, Frame(module), lambda expr: bool(_role(module, expr)))
    if made is None:
        return None
    written = module.text_of(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return Thing(_role(module, made.marker), node, function, (), f"@{written}", given=made.arguments)


def functions_in(module: Module, statement: ast.stmt) -> Iterator[Function]:
    """The functions that a top-level statement defines, methods and those behind conditions included."""
    todo: list[ast.stmt] = [statement]
    while todo:
        at = todo.pop(0)
        if isinstance(at, FUNCTIONS):
            path = module.inner_scope(at).name
            yield Function(module, at, path)
        elif isinstance(at, ast.ClassDef | ast.If | ast.Try | ast.With):
            for field in ("body", "orelse", "finalbody"):
                todo += getattr(at, field, ())


def called_thing(module: Module, call: ast.Call) -> tuple[Thing, str] | None:
    """The task or flow that a call runs, and by which method ("" for the call itself)."""
    func = call.func
    if isinstance(func, ast.Attribute) and func.attr in ("submit", "map", "delay", "apply_async"):
        thing = thing_of(module, func.value)
        if thing is not None:
            return thing, func.attr
    if isinstance(func, ast.Attribute) and func.attr == "with_options":
        return None
    if isinstance(func, ast.Attribute) and func.attr == "fn":
        return None
    thing = thing_of(module, func)
    return (thing, "") if thing is not None else None
