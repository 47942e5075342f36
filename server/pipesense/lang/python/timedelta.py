"""Durations asked for attributes they do not have.

``datetime.timedelta`` knows ``days``, ``seconds`` and ``microseconds``. Where one operand of a subtraction is
certainly a ``datetime``, the result has no ``.hours`` whatever the other operand is: a duration, or again a
``datetime``. The one exception is pendulum, whose points in time are ``datetime`` objects that answer a subtraction
themselves with something that has ``.hours``. So with an operand nobody knows, a file that imports pendulum, or an
operand that comes from the context of an Airflow run (which hands out pendulum objects), gives no fact.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from pipesense.lang.python.index import dotted, root_name
from pipesense.lang.python.nodes import children, nodes_under
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.code import TimedeltaAttribute
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module


class _Kind(Enum):
    DURATION = "duration"
    MOMENT = "moment"
    UNKNOWN = "unknown"


_DURATION_ATTRIBUTES: Final = attrgetter("index.duration_attributes")
_MOMENT_MAKERS: Final = frozenset(
    f"datetime.{kind}{rest}"
    for kind in ("datetime", "date")
    for rest in (
        *("", ".now", ".utcnow", ".today", ".strptime", ".fromisoformat", ".combine"),
        *(".fromtimestamp", ".utcfromtimestamp", ".fromordinal"),
    )
)
_MOMENT_METHODS: Final = (".replace", ".astimezone", ".date")
_SNIPPET: Final = frozenset({"datetime", "timedelta", "date"})
_CONTEXT_WORDS: Final = frozenset(
    {
        *("context", "kwargs", "execution_date", "logical_date", "data_interval_start", "data_interval_end"),
        *("dag_run", "ti", "task_instance", "start_date", "end_date", "queued_at", "next_execution_date"),
        *("prev_execution_date", "prev_data_interval_end_success", "prev_start_date_success", "pendulum"),
    }
)
_TIGHT: Final = (ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)


def timedelta_attributes(module: Module) -> tuple[TimedeltaAttribute, ...]:
    """Every ``.hours``, ``.minutes`` ... on a value that is certainly a ``datetime.timedelta``."""
    found: list[TimedeltaAttribute] = []
    for unit in filter(_DURATION_ATTRIBUTES, module.units):
        for node, place in unit.index.duration_attributes:
            if not isinstance(node.ctx, ast.Load) or place.is_orphan:
                continue
            kind = module.memo("timedelta", [node], lambda node=node: _kind(module, node.value, 0))  # type: ignore[misc]
            if kind is _Kind.DURATION:
                found.append(_fact(module, node))
    return tuple(found)


def _fact(module: Module, node: ast.Attribute) -> TimedeltaAttribute:
    parent = _parent(node)
    loc = module.loc(node)
    text = parsed_of(node).text
    receiver = module.loc(node.value).span
    # Parentheses around the receiver belong to it.
    dot = text.rfind(".", receiver.end, loc.span.end)
    outer = node
    if isinstance(parent, ast.Call) and parent.func is node and not parent.args and not parent.keywords:
        loc = module.loc(parent)
        outer, parent = parent, _parent(parent)  # type: ignore[assignment]
    tight = isinstance(parent, ast.BinOp) and isinstance(parent.op, _TIGHT)
    bound = isinstance(parent, ast.Attribute | ast.Subscript | ast.Await) or (
        isinstance(parent, ast.Call) and parent.func is outer
    )
    return TimedeltaAttribute(
        attribute=node.attr,
        loc=loc,
        whole=loc,
        attribute_loc=loc.at(Span(dot, loc.span.end)),
        receiver=text[loc.span.start : dot].rstrip(),
        needs_parentheses=tight or bound,
    )


def _parent(node: ast.AST) -> ast.AST | None:
    """The node right above, looked for in the node's own unit (asked for findings only)."""
    for statement in parsed_of(node).body:
        for candidate in nodes_under(statement):
            if any(child is node for child in children(candidate)):
                return candidate
    return None


def _kind(module: Module, expr: ast.expr, depth: int) -> _Kind:
    if depth > 12:
        return _Kind.UNKNOWN
    if isinstance(expr, ast.Call):
        return _call_kind(module, expr, depth)
    if isinstance(expr, ast.Name):
        bindings = module.bindings_of(expr)
        if len(bindings) == 1 and bindings[0].kind == "assign" and bindings[0].value is not None:
            return _kind(module, bindings[0].value, depth + 1)
        return _Kind.UNKNOWN
    if isinstance(expr, ast.NamedExpr):
        return _kind(module, expr.value, depth + 1)
    if isinstance(expr, ast.UnaryOp) and isinstance(expr.op, ast.USub | ast.UAdd):
        return _kind(module, expr.operand, depth + 1)
    if isinstance(expr, ast.IfExp):
        kinds = {_kind(module, expr.body, depth + 1), _kind(module, expr.orelse, depth + 1)}
        return kinds.pop() if len(kinds) == 1 else _Kind.UNKNOWN
    if isinstance(expr, ast.BinOp):
        return _operation_kind(module, expr, depth)
    return _Kind.UNKNOWN


def _call_kind(module: Module, call: ast.Call, depth: int) -> _Kind:
    names = set(_callee(module, call.func))
    if names == {"datetime.timedelta"}:
        return _Kind.DURATION
    if names and names <= _MOMENT_MAKERS:
        return _Kind.MOMENT
    if names == {"builtins.abs"} and len(call.args) == 1:
        return _kind(module, call.args[0], depth + 1)
    if isinstance(call.func, ast.Attribute) and f".{call.func.attr}" in _MOMENT_METHODS:
        return _kind(module, call.func.value, depth + 1)
    return _Kind.UNKNOWN


def _callee(module: Module, function: ast.expr) -> tuple[str, ...]:
    """The qualified names of a callee; in a file without the binding, ``datetime`` means what it usually means."""
    names = module.qualified(function)
    root = root_name(function)
    written = dotted(function)
    if names or root not in _SNIPPET or not written or not _is_free(module, function, root):
        return names
    if root == "datetime" and written.startswith(("datetime.datetime", "datetime.timedelta", "datetime.date")):
        return (written,)
    return (f"datetime.{written}",)


def _is_free(module: Module, expr: ast.expr, root: str) -> bool:
    while isinstance(expr, ast.Attribute):
        expr = expr.value
    return isinstance(expr, ast.Name) and not module.table.mentions(root) and not module.table.mentions("*")


def _operation_kind(module: Module, expr: ast.BinOp, depth: int) -> _Kind:
    left, right = _kind(module, expr.left, depth + 1), _kind(module, expr.right, depth + 1)
    pair = (left, right)
    if isinstance(expr.op, ast.Sub):
        return _difference(module, expr, pair)
    if isinstance(expr.op, ast.Add):
        if pair == (_Kind.DURATION, _Kind.DURATION):
            return _Kind.DURATION
        return _Kind.MOMENT if set(pair) == {_Kind.MOMENT, _Kind.DURATION} else _Kind.UNKNOWN
    if isinstance(expr.op, ast.Mult | ast.Div | ast.FloorDiv):
        number = isinstance(expr.right, ast.Constant) and isinstance(expr.right.value, int | float)
        return _Kind.DURATION if left is _Kind.DURATION and number else _Kind.UNKNOWN
    return _Kind.UNKNOWN


def _difference(module: Module, expr: ast.BinOp, pair: tuple[_Kind, _Kind]) -> _Kind:
    if pair == (_Kind.MOMENT, _Kind.DURATION):
        return _Kind.MOMENT
    if pair in ((_Kind.MOMENT, _Kind.MOMENT), (_Kind.DURATION, _Kind.DURATION)):
        return _Kind.DURATION
    if _Kind.MOMENT not in pair:
        return _Kind.UNKNOWN
    other = expr.right if pair[0] is _Kind.MOMENT else expr.left
    return _Kind.UNKNOWN if _may_be_pendulum(module, other) else _Kind.DURATION


def _may_be_pendulum(module: Module, expr: ast.expr) -> bool:
    if any(name.partition(".")[0] in {"pendulum", "relativedelta"} for name in module.imports()):
        return True
    return any(word in _CONTEXT_WORDS for word in _words(module, expr, 0))


def _words(module: Module, expr: ast.expr, depth: int) -> Iterator[str]:
    """Names, attributes and keys in an expression and in what its names are bound to."""
    for node in nodes_under(expr):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Name):
            yield node.id
            for binding in module.bindings_of(node) if depth < 4 else ():
                if binding.kind == "assign" and binding.value is not None:
                    yield from _words(module, binding.value, depth + 1)
