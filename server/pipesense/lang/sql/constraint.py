"""What a CHECK of a table's definition demands, where it is a list or a range of one column."""

from __future__ import annotations

from typing import Final

from pipesense.model.data import CheckConstraint
from pipesense.model.sql import CheckDef, Expr

_TURNED: Final = {"lte": "gte", "gte": "lte"}


def constraint(check: CheckDef) -> CheckConstraint:
    """The constraint of a CHECK. Strict bounds (``a > 0``) stay in its text alone."""
    columns = tuple(dict.fromkeys(each.name for each in check.condition.walk() if each.op == "column"))
    plain = CheckConstraint(check.text, columns)
    if len(columns) != 1:
        return plain
    values = _values(check.condition)
    if values:
        return CheckConstraint(check.text, columns, values=values)
    minimum = maximum = ""
    for part in check.condition.args if check.condition.op == "and" else (check.condition,):
        bounds = _bounds(part)
        if bounds is None or (bounds[0] and minimum) or (bounds[1] and maximum):
            return plain
        minimum, maximum = bounds[0] or minimum, bounds[1] or maximum
    return CheckConstraint(check.text, columns, minimum=minimum, maximum=maximum)


def _values(condition: Expr) -> tuple[str, ...]:
    """The literals of ``column IN (...)``."""
    if condition.op != "in" or len(condition.args) < 2 or condition.args[0].op != "column":
        return ()
    listed = condition.args[1:]
    if len(listed) == 1 and listed[0].op == "tuple":
        listed = listed[0].args
    return tuple(map(_literal, listed)) if all(each.op == "literal" for each in listed) else ()


def _literal(expr: Expr) -> str:
    quoted = expr.name.replace("'", "''")
    return f"'{quoted}'" if expr.kind == "string" else expr.name


def _bounds(condition: Expr) -> tuple[str, str] | None:
    """The inclusive bounds that a comparison of a column with a number sets."""
    op, args = condition.op, condition.args
    if op == "between" and len(args) == 3 and args[0].op == "column":
        low, high = _number(args[1]), _number(args[2])
        return (low, high) if low and high else None
    if op in _TURNED and len(args) == 2:
        if args[0].op == "column" and (number := _number(args[1])):
            return (number, "") if op == "gte" else ("", number)
        if args[1].op == "column" and (number := _number(args[0])):
            return (number, "") if _TURNED[op] == "gte" else ("", number)
    return None


def _number(expr: Expr) -> str:
    if expr.op == "neg" and len(expr.args) == 1:
        inner = _number(expr.args[0])
        return f"-{inner}" if inner else ""
    return expr.name if expr.op == "literal" and expr.kind == "number" else ""
