"""Operator calls that are given data and nothing else: what they say is read once, and kept while it is the same.

Of the statements around an edit most make a task from constants, names of constants and durations. What such a call
says hangs on its own text and on what its names mean, not on the tasks that were made before it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

from pipesense.lang.python.frames import Frame, module_frame
from pipesense.lang.python.module import Module
from pipesense.systems.airflow.making import Operator, make_task, read_operator
from pipesense.systems.airflow.names import Names, dotted, last_part
from pipesense.systems.airflow.reading import Reading
from pipesense.systems.airflow.things import TaskDraft

OPERATORS: Final = frozenset({"operator", "group_wrapper", "operator_base", "sensor_base", "branch_base"})
"""The roles of what makes a task when it is called."""
_PLACING: Final = frozenset({"dag", "task_group"})
"""Arguments that say where a task belongs; they are asked anew whenever the task is made."""
_OPENING: Final = frozenset({None, "task_id"})
"""Arguments with which a call that nobody knows may make a task."""
_COLLECTING: Final = frozenset({"list", "tuple", "dict", "set"})
"""Calls that give something even where they are given nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class PlainCall:
    """An operator call that is given only data, as long as ``names`` stand for nothing that the file made before it."""

    operator: Operator
    names: frozenset[str]


def lasting_frame(module: Module) -> Frame:
    """The frame of a file's top level, the same one at every link, so that what is read in it may be kept."""
    frame = module.memo("airflow: frame", (), partial(module_frame, module))
    frame.module = module
    for known in (frame.names, frame.bound, frame.spread):
        known.clear()
    return frame


def plain_task(reading: Reading, call: ast.Call, frame: Frame, target: str | None) -> TaskDraft | None:
    """The task of a plain operator call at the file's own level; None for any other call."""
    if not last_part(call.func)[:1].isupper():
        return None
    home = reading.home
    plain = home.memo(("airflow: plain call", frame), (call,), partial(_read, home, call, frame))
    if plain is None or not all(frame.names.get(name) is None for name in plain.names):
        return None
    return make_task(reading, plain.operator, frame, target, ())


def _read(module: Module, call: ast.Call, frame: Frame) -> PlainCall | None:
    names = Names(module)
    construct = names.construct(call.func)
    if construct.role not in OPERATORS or any(keyword.arg is None for keyword in call.keywords):
        return None
    placing = {each.value for each in call.keywords if each.arg in _PLACING and isinstance(each.value, ast.Name)}
    given = [*call.args, *(each.value for each in call.keywords if each.value not in placing)]
    used = _Data(module, names)
    if not (used.takes(given) and used.takes([call.func])):
        return None
    operator = read_operator(call, frame, construct, names)
    return PlainCall(operator, frozenset(used.names)) if operator is not None else None


class _Data:
    """Looks through expressions for anything but data; ``names`` are those met on the way."""

    def __init__(self, module: Module, names: Names) -> None:
        self.names: set[str] = set()
        self._module = module
        self._constructs = names

    def takes(self, given: Iterable[ast.expr | None]) -> bool:
        """Whether all of them are data."""
        return all(each is None or self._is_data(each) for each in given)

    def _is_data(self, expr: ast.expr) -> bool:
        match expr:
            case ast.Constant() | ast.JoinedStr() | ast.Lambda():
                return True
            case ast.List() | ast.Tuple() | ast.Set():
                return self.takes(expr.elts)
            case ast.Dict():
                return self.takes(expr.values)
            case ast.Attribute() | ast.Subscript() | ast.Name():
                return self._is_named(expr)
            case ast.Call():
                return self._is_plain(expr)
            case _:
                return False

    def _is_named(self, expr: ast.expr) -> bool:
        base = expr
        while isinstance(base, ast.Subscript | ast.Attribute):
            base = base.value
        if not isinstance(base, ast.Name) or base.id in ("self", "cls"):
            return False
        self.names.add(base.id)
        return True

    def _is_plain(self, call: ast.Call) -> bool:
        """Whether a call inside an argument makes nothing and follows no helper."""
        name = last_part(call.func)
        if not dotted(call.func) or name in _COLLECTING or any(each.arg in _OPENING for each in call.keywords):
            return False
        if self._constructs.construct(call.func).role or self._module.callables(call.func):
            return False
        return self.takes([call.func, *call.args, *(keyword.value for keyword in call.keywords)])
