"""What Python files say of DAGs that gusty makes of folders: tasks with YAML at their top, and calls that make DAGs."""

from __future__ import annotations

import ast
from itertools import chain, repeat
from operator import attrgetter, contains
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.systems.airflow.gusty import ALL, CALL, CallTold, told_at_top
from pipesense.systems.system import Lifted

_MAKERS: Final = frozenset(("gusty.create_dag", "gusty.create_dags", "gusty.building.create_dag"))
_OTHERS: Final = frozenset(("task_group_defaults", "wait_for_defaults", "default_args"))


def lift(module: Module) -> Lifted:
    """What others may ask for; a file has no DAG of its own by it."""
    told: dict[tuple[str, str], object] = {}
    first = module.units[0] if module.units else None
    if first is not None and first.text.startswith("# ---"):
        told.update(told_at_top(module.path, first.unit, first.text))
    calls: list[CallTold] = []
    # The other mark of the system, a comment of dashes, stands in many files: it says nothing of calls.
    if any(map(contains, map(attrgetter("text"), module.units), repeat("gusty"))):
        found = module.memo_each(("gusty: calls",), module.body, lambda statement: _calls(module, statement))
        calls += chain.from_iterable(found)
    if calls:
        arguments = frozenset().union(*(call.arguments for call in calls))
        known = [call.defaults for call in calls if call.defaults is not None]
        told[(CALL, ALL)] = CallTold(arguments, frozenset().union(*known) if len(known) == len(calls) else None)
    return Lifted(told=told)


def _calls(module: Module, statement: ast.stmt) -> tuple[CallTold, ...]:
    sites = (site.node for site in module.calls_under(statement))
    return tuple(_told(module, call) for call in sites if _MAKERS.intersection(module.qualified(call.func)))


def _told(module: Module, call: ast.Call) -> CallTold:
    names = frozenset(each.arg for each in call.keywords if each.arg is not None)
    given = next((each.value for each in call.keywords if each.arg == "default_args"), None)
    if any(each.arg is None for each in call.keywords):
        return CallTold(names - _OTHERS, None)
    if given is None:
        return CallTold(names - _OTHERS, frozenset())
    found = module.dictionary(given)
    return CallTold(names - _OTHERS, frozenset(found.entries) if found.opened is None else None)
