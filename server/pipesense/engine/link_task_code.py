"""Linking Python: what the functions that tasks run touch, do with failures, and take from the clock."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Final

from pipesense.lang.python.effects import scope_effects
from pipesense.lang.python.habits import habits
from pipesense.lang.python.module import Function, Module
from pipesense.lang.python.task_code import clock_facts, helpers_of
from pipesense.model.code import ScopeEffects
from pipesense.model.flow import CallableRun, Pipeline
from pipesense.model.value import effective

_RUNS: Final = attrgetter("runs")
_NODE: Final = attrgetter("node")


@dataclass(frozen=True, slots=True)
class TaskCode:
    """What the functions that tasks run do: ``effects`` by scope, in whichever file, ``habits`` of this file's own."""

    effects: Mapping[str, ScopeEffects]
    habits: Sequence[object]


@dataclass(slots=True)
class _Use:
    """How tasks run a function: on a schedule (``dated``), and in a DAG."""

    dated: bool = False
    airflow: bool = False


def task_code(module: Module, pipelines: Iterable[Pipeline]) -> TaskCode:
    """What is to be known of the functions that the tasks of these pipelines run. Asked once about a file."""
    uses: dict[str, _Use] = {}
    for pipeline in pipelines:
        scopes = {run.scope for run in chain.from_iterable(map(_RUNS, pipeline.tasks)) if run.__class__ is CallableRun}
        dated = bool(scopes) and effective(pipeline.schedule.text) is not None
        for scope in scopes:
            use = uses.setdefault(scope, _Use())
            use.dated = use.dated or dated
            use.airflow = use.airflow or pipeline.system == "airflow"
    effects: dict[str, ScopeEffects] = {}
    own: dict[str, Function] = {}
    for scope in uses:
        function = _function(module, scope) if scope != module.prefix else None
        if scope == module.prefix:
            effects[scope] = scope_effects(module, None)
        elif function is not None and function.module is module:
            own[scope] = function
        elif function is not None:
            effects[scope] = scope_effects(module, function)
    nodes = [function.node for function in own.values()]
    by_node: dict[ast.AST, Function] = dict(zip(nodes, own.values(), strict=True))

    def effects_of(node: ast.AST) -> ScopeEffects:
        return scope_effects(module, by_node[node])

    def habits_of(node: ast.AST) -> tuple[object, ...]:
        return habits(module, by_node[node])

    def helpers(node: ast.AST) -> tuple[str, ...]:
        return tuple(helper.name for helper in helpers_of(module, by_node[node]))

    effects.update(zip(own, module.memo_each("effects", nodes, effects_of), strict=True))
    helping: dict[str, bool] = {}
    for scope, names in zip(own, module.memo_each("helpers", nodes, helpers), strict=True):
        for name in names:
            helping[name] = helping.get(name, False) or uses[scope].dated
    asked = [(function, uses[scope].dated, uses[scope].airflow) for scope, function in own.items()]
    for name, dated in helping.items():
        # What a helper takes from the clock it takes for the task that calls it.
        helper = _function(module, name) if name not in uses else None
        if helper is not None:
            asked.append((helper, dated, False))
    said = chain.from_iterable(module.memo_each("habits", nodes, habits_of))
    return TaskCode(effects, (*said, *_clocks(module, asked)))


def _clocks(module: Module, asked: Sequence[tuple[Function, bool, bool]]) -> tuple[object, ...]:
    """What functions take from the clock, each run by a scheduled pipeline or not, and by a DAG or not."""
    found: list[tuple[object, ...]] = []
    by_use: dict[tuple[bool, bool], list[Function]] = {}
    for function, dated, airflow in asked:
        by_use.setdefault((dated, airflow), []).append(function)
    for (dated, airflow), functions in sorted(by_use.items(), key=itemgetter(0)):
        by_node = dict(zip(map(_NODE, functions), functions, strict=True))
        compute = partial(_clock_facts, module, by_node, dated, airflow)
        found += module.memo_each(("clocks", dated, airflow), list(by_node), compute)
    return tuple(chain.from_iterable(found))


def _clock_facts(
    module: Module, by_node: Mapping[ast.AST, Function], dated: bool, airflow: bool, node: ast.AST
) -> tuple[object, ...]:
    return clock_facts(module, by_node[node], scheduled=dated, airflow=airflow)


def _function(module: Module, scope: str) -> Function | None:
    own = module.name or "__main__"
    if scope.startswith(own + "."):
        node = module.function_at(scope[len(own) + 1 :])
        if node is not None:
            return Function(module, node, scope[len(own) + 1 :])
    parts = scope.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        other = module.imported(".".join(parts[:cut]))
        if other is not None:
            node = other.function_at(".".join(parts[cut:]))
            return Function(other, node, ".".join(parts[cut:])) if node is not None else None
    return None
