"""Constant values of expressions, durations and points in time included."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pipesense.lang.python.index import Binding, dotted
from pipesense.lang.python.names import name_bindings, reaching
from pipesense.lang.python.nodes import nodes_under
from pipesense.model.value import Known, Unknown, Value

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time: ``moving`` is True where it is computed from the clock; ``text`` is how it is written."""

    text: str
    moving: bool


_LARGEST_TEXT: Final = 1 << 20
_UNITS: Final = ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks")
DURATIONS: Final = frozenset({"datetime.timedelta", "pendulum.duration", "pendulum.Duration"})
"""Callables whose result is a duration with the arguments of ``datetime.timedelta``."""

CLOCK: Final = frozenset(
    {
        *(f"datetime.{kind}.{name}" for kind in ("datetime", "date") for name in ("now", "utcnow", "today")),
        *(f"pendulum.{name}" for name in ("now", "today", "tomorrow", "yesterday")),
        *("pendulum.DateTime.now", "pendulum.DateTime.utcnow", "pendulum.DateTime.today", "pendulum.Date.today"),
        *("airflow.utils.dates.days_ago", "airflow.utils.timezone.utcnow", "airflow.sdk.timezone.utcnow"),
        *("airflow.sdk.timezone.now", "airflow._shared.timezones.timezone.utcnow", "django.utils.timezone.now"),
        *("arrow.now", "arrow.utcnow", "pandas.Timestamp.now", "pandas.Timestamp.today", "pandas.Timestamp.utcnow"),
        *("time.time", "time.localtime", "time.gmtime", "time.strftime"),
    }
)
"""Calls whose result depends on when they run."""

FIXED: Final = frozenset(
    {
        *("datetime.datetime", "datetime.date", "datetime.datetime.strptime", "datetime.datetime.fromisoformat"),
        *("datetime.date.fromisoformat", "datetime.datetime.combine", "datetime.datetime.fromtimestamp"),
        *("pendulum.datetime", "pendulum.date", "pendulum.parse", "pendulum.DateTime", "pendulum.instance"),
        *("pendulum.local", "pendulum.naive", "pendulum.from_format", "pendulum.create"),
        *("airflow.utils.timezone.datetime", "airflow.sdk.timezone.datetime", "airflow.utils.timezone.parse"),
        *("airflow.sdk.timezone.parse", "dateutil.parser.parse", "pandas.Timestamp", "pandas.to_datetime"),
    }
)
"""Calls that make a point in time from their arguments alone."""

_OPERATORS: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_SYMBOLS: Final[dict[type[ast.operator], str]] = {ast.Add: "+", ast.Sub: "-"}


def value(module: Module, expr: ast.expr) -> Value[object]:
    """See ``Module.value``."""
    reader = _READERS.get(type(expr))
    if reader is None:
        return Unknown(f"it is computed: {_short(module, expr)}")
    return reader(module, expr)


def _short(module: Module, expr: ast.AST) -> str:
    text = " ".join(module.text_of(expr).split())
    return text if len(text) <= 40 else text[:37] + "..."


def agree(values: Sequence[Value[object]]) -> Value[object]:
    """The common value of all possibilities."""
    first: Known[object] | None = None
    for one in values:
        if not isinstance(one, Known):
            return one
        if first is None:
            first = one
        elif type(first.value) is not type(one.value) or first.value != one.value:
            return Unknown("it differs between the branches of a condition")
    return first if first is not None else Unknown("it has no value")


def _constant(module: Module, expr: ast.Constant) -> Value[object]:
    return Known(expr.value, module.loc(expr))


def _name(module: Module, expr: ast.Name) -> Value[object]:
    found = name_bindings(module, expr)
    if found.outside:
        return Unknown(f"{expr.id} is not defined in this file")
    if not found.bindings:
        return Unknown(f"{expr.id} has no value yet at this point")
    if not found.certain:
        return Unknown(f"{expr.id} is also set by a function")
    whole = agree([binding_value(module, binding) for binding in found.bindings])
    return Unknown(f"{expr.id} is changed in place") if _is_changed(module, expr.id, whole) else whole


def _is_changed(module: Module, name: str, whole: Value[object]) -> bool:
    """Whether the object behind a name is changed somewhere; strings cannot be."""
    if not isinstance(whole, Known) or isinstance(whole.value, str):
        return False
    return any(change.kind in {"merge", "other", "item"} for change in module.changes(name))


def binding_value(module: Module, binding: Binding) -> Value[object]:
    """The value that one binding gives its name."""
    if binding.kind == "assign" and binding.value is not None:
        return module.value(binding.value)
    if binding.kind == "from" and isinstance(binding.node, ast.alias) and isinstance(binding.statement, ast.ImportFrom):
        source = module.absolute(binding.statement)
        if source:
            return _imported(module, source, binding.node.name)
    if binding.kind == "parameter":
        return Unknown(f"{binding.name} is a parameter")
    if binding.kind in {"function", "class"}:
        return Unknown(f"{binding.name} is a {binding.kind}")
    return Unknown(
        f"{binding.name} cannot be followed: {binding.why}" if binding.why else f"{binding.name} is computed"
    )


def _imported(module: Module, source: str, name: str) -> Value[object]:
    other = module.imported(source)
    if other is None:
        return Unknown(f"{name} comes from {source}, which is not in the workspace")
    return module.ask(other, lambda: exported_value(other, name))


def exported_value(module: Module, name: str) -> Value[object]:
    """The value that a top-level name has once the module has run."""
    cyclic: Value[object] = Unknown(f"{name} refers to itself")
    return module.answer_about("value", name, _exported_value, cyclic)


def _exported_value(module: Module, name: str) -> Value[object]:
    found = reaching(module, name, module.end_place, None)
    if found.outside or not found.certain:
        return Unknown(f"{name} is not found in {module.name}")
    whole = agree([binding_value(module, binding) for binding in found.bindings])
    return Unknown(f"{name} is changed in place in {module.name}") if _is_changed(module, name, whole) else whole


def _attribute(module: Module, expr: ast.Attribute) -> Value[object]:
    parts: list[Value[object]] = []
    for base in module.qualified(expr.value):
        if base.endswith(")"):
            return Unknown(f"{dotted(expr) or 'it'} is an attribute of an object")
        if module.is_own(base):
            return Unknown(f"{dotted(expr)} belongs to a class")
        parts.append(_imported(module, base, expr.attr))
    return agree(parts) if parts else Unknown(f"{_short(module, expr)} cannot be followed")


def _conditional(module: Module, expr: ast.IfExp) -> Value[object]:
    return agree([module.value(expr.body), module.value(expr.orelse)])


def _unary(module: Module, expr: ast.UnaryOp) -> Value[object]:
    inner = module.value(expr.operand)
    if not isinstance(inner, Known):
        return inner
    if isinstance(expr.op, ast.Not) and not isinstance(inner.value, Moment):
        return Known(not inner.value, module.loc(expr))
    if isinstance(expr.op, ast.USub) and isinstance(inner.value, int | float | timedelta):
        return Known(-inner.value, module.loc(expr))
    return Unknown(f"it is computed: {_short(module, expr)}")


def _binary(module: Module, expr: ast.BinOp) -> Value[object]:
    left, right = module.value(expr.left), module.value(expr.right)
    symbol = _SYMBOLS.get(type(expr.op))
    moments = [side.value for side in (left, right) if isinstance(side, Known) and isinstance(side.value, Moment)]
    if symbol and moments:
        if len(moments) == 2:
            return Unknown(f"it is computed: {_short(module, expr)}")
        # What is added to the clock does not stop the clock.
        return Known(Moment(_short(module, expr), moments[0].moving), module.loc(expr))
    if not isinstance(left, Known):
        return left
    if not isinstance(right, Known):
        return right
    combine = _OPERATORS.get(type(expr.op))
    if combine is None or not _may_combine(expr.op, left.value, right.value):
        return Unknown(f"it is computed: {_short(module, expr)}")
    try:
        result = combine(left.value, right.value)
    except (TypeError, ValueError, ArithmeticError):
        return Unknown(f"it cannot be computed: {_short(module, expr)}")
    return Known(result, module.loc(expr))


def _may_combine(op: ast.operator, left: object, right: object) -> bool:
    """Only what stays small and means what it says is computed."""
    if isinstance(left, str | bytes | tuple) or isinstance(right, str | bytes | tuple):
        if not isinstance(op, ast.Add) or type(left) is not type(right):
            return False
        return isinstance(left, str | bytes | tuple) and len(left) < _LARGEST_TEXT
    simple = (int, float, timedelta)
    return isinstance(left, simple) and isinstance(right, simple)


def _fstring(module: Module, expr: ast.JoinedStr) -> Value[object]:
    parts: list[str] = []
    for part in expr.values:
        if isinstance(part, ast.FormattedValue):
            inner = module.value(part.value)
            if not isinstance(inner, Known):
                return inner
            if part.format_spec is not None or part.conversion != -1 or not isinstance(inner.value, str | int):
                return Unknown(f"it is computed: {_short(module, expr)}")
            parts.append(str(inner.value))
        elif isinstance(part, ast.Constant):
            parts.append(str(part.value))
    return Known("".join(parts), module.loc(expr))


def _sequence(module: Module, expr: ast.List | ast.Tuple | ast.Set) -> Value[object]:
    found: list[object] = []
    for item in expr.elts:
        if isinstance(item, ast.Constant):
            found.append(item.value)
            continue
        inner = module.value(item)
        if not isinstance(inner, Known):
            return inner
        found.append(inner.value)
    return Known(tuple(found), module.loc(expr))


def _call(module: Module, expr: ast.Call) -> Value[object]:
    names = module.qualified(expr.func)
    if not names and isinstance(expr.func, ast.Attribute):
        return _method(module, expr, expr.func)
    parts = [_called(module, expr, name) for name in names]
    return agree(parts) if parts else Unknown(f"it comes from a call: {_short(module, expr.func)}")


def _called(module: Module, expr: ast.Call, name: str) -> Value[object]:
    if name in DURATIONS:
        return _duration(module, expr)
    if name in CLOCK:
        return Known(Moment(_short(module, expr), moving=True), module.loc(expr))
    if name in FIXED:
        return _moment(module, expr)
    if isinstance(expr.func, ast.Attribute) and ")" in name:
        return _method(module, expr, expr.func)
    return _function_value(module, expr, name)


def _duration(module: Module, expr: ast.Call) -> Value[object]:
    arguments: dict[str, int | float] = {}
    pairs: list[tuple[str | None, ast.expr]] = [*zip(_UNITS, expr.args, strict=False)]
    pairs += [(keyword.arg, keyword.value) for keyword in expr.keywords]
    for name, item in pairs:
        inner = module.value(item)
        if isinstance(inner, Unknown):
            return inner
        number = inner.value if isinstance(inner, Known) else None
        if name not in _UNITS or not isinstance(number, int | float):
            return Unknown(f"it is computed: {_short(module, expr)}")
        arguments[name] = number
    try:
        return Known(timedelta(**arguments), module.loc(expr))
    except (OverflowError, ValueError):
        return Unknown(f"it is no valid duration: {_short(module, expr)}")


def _moment(module: Module, expr: ast.Call) -> Value[object]:
    """A point in time made from arguments; one argument from the clock makes it move."""
    parts = [
        part
        for item in (*expr.args, *(keyword.value for keyword in expr.keywords))
        for part in nodes_under(item)
        if isinstance(part, ast.Call | ast.Name)
    ]
    moving = any(_moves(module.value(part)) for part in parts)
    return Known(Moment(_short(module, expr), moving), module.loc(expr))


def _moves(found: Value[object]) -> bool:
    return isinstance(found, Known) and isinstance(found.value, Moment) and found.value.moving


_KEEPS_MOMENT: Final = frozenset(
    {
        *("replace", "astimezone", "date", "add", "subtract", "start_of", "end_of", "in_timezone", "in_tz", "set"),
        *("at", "on", "naive", "combine", "normalize", "floor", "strftime", "isoformat", "format", "to_date_string"),
    }
)


def _method(module: Module, expr: ast.Call, function: ast.Attribute) -> Value[object]:
    if function.attr in _KEEPS_MOMENT:
        inner = module.value(function.value)
        if isinstance(inner, Known) and isinstance(inner.value, Moment):
            return Known(Moment(_short(module, expr), inner.value.moving), module.loc(expr))
    return Unknown(f"it comes from a call: {_short(module, function)}")


def _function_value(module: Module, expr: ast.Call, name: str) -> Value[object]:
    """The value of a call of a workspace function: what all its returns agree on."""
    function = module.locate(name)
    if function is None or not isinstance(function.node, ast.FunctionDef) or function.node.decorator_list:
        return Unknown(f"it comes from a call: {_short(module, expr.func)}")
    owner = function.module
    returned = owner.returned(function.node)
    if not returned or any(item is None for item in returned):
        return Unknown(f"it comes from a call: {_short(module, expr.func)}")
    return module.ask(owner, lambda: agree([owner.value(item) for item in returned if item is not None]))


_READERS: Final[dict[type[ast.expr], Callable[[Any, Any], Value[object]]]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.IfExp: _conditional,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.JoinedStr: _fstring,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.Set: _sequence,
    ast.Call: _call,
}
