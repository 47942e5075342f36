"""When flows run: schedules in ``serve``, ``deploy``, ``to_deployment``, ``Deployment`` objects and prefect.yaml.

https://docs.prefect.io/v3/how-to-guides/deployments/create-schedules
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pipesense.lang.python.frames import Argument, Arguments, Frame, read_arguments
from pipesense.lang.python.module import Module
from pipesense.model.flow import Schedule
from pipesense.model.value import Absent, Known, Unknown, Value, Version
from pipesense.systems.prefect.things import thing_of
from pipesense.text.cron import Cron, read_cron

_METHODS: Final = frozenset({"serve", "deploy", "to_deployment"})
_OBJECTS: Final = frozenset({"Deployment.build_from_flow", "Deployment"})
_KEYS: Final = ("cron", "interval", "rrule", "schedule", "schedules")


NOWHERE: Final = Unknown("a deployment made elsewhere may give it a schedule")


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment of the flow that ``node`` defines, with its schedule."""

    node: ast.AST
    schedule: Value[str | None]


def deployments_in(module: Module, statement: ast.stmt) -> Iterator[Deployment]:
    """The deployments that one top-level statement makes."""
    for site in module.calls_under(statement):
        func, call = site.node.func, site.node
        if isinstance(func, ast.Attribute) and func.attr in _METHODS:
            thing = thing_of(module, func.value)
            given = read_arguments(call, Frame(module), ("name",))
        elif site.callee.endswith(tuple(_OBJECTS)) and any(
            name.startswith("prefect.deployments") for name in module.qualified(func)
        ):
            given = read_arguments(call, Frame(module), ("flow", "name"))
            flow = given.get("flow")
            thing = thing_of(module, flow.value) if flow is not None else None
        else:
            continue
        if thing is not None and thing.role == "flow":
            yield Deployment(thing.node, _schedule(given))


def _schedule(given: Arguments) -> Value[str | None]:
    item = given.get(*_KEYS)
    if item is None:
        return given.why_unsure(*_KEYS) or Known(None)
    return _spelled(item)


def _spelled(item: Argument) -> Value[str | None]:
    value = item.constant()
    if isinstance(value, Known):
        if isinstance(value.value, timedelta):
            return Known(f"every {value.value}", item.loc)
        if isinstance(value.value, int | float) and not isinstance(value.value, bool):
            return Known(f"every {timedelta(seconds=value.value)}", item.loc)
        if value.value is None or isinstance(value.value, str):
            return Known(value.value, item.loc)
    module = item.frame.module
    expr = item.value
    if isinstance(expr, ast.List | ast.Tuple) and len(expr.elts) == 1:
        expr = expr.elts[0]
    if isinstance(expr, ast.Call):
        inner = read_arguments(expr, Frame(module), ("cron",) if "cron" in module.text_of(expr.func).lower() else ())
        found = inner.get("cron", "interval", "rrule", "schedule")
        if found is not None:
            return _spelled(found)
    return Known(" ".join(module.text_of(expr).split())[:60], item.loc)


def schedule_of(
    node: ast.FunctionDef | ast.AsyncFunctionDef, deployments: Sequence[Deployment], module: Module, version: Version
) -> Schedule:
    """When the flow that a function makes runs, by the file's own deployments and those of the project."""
    start: Value[str] = Absent(Unknown("Prefect's schedules need none"), ())
    own = [each.schedule for each in deployments if each.node is node]
    for key, text in version.project:
        path, _, name = key.removeprefix("schedule of ").partition(":")
        if key.startswith("schedule of ") and name == node.name and module.path.endswith("/" + path):
            own.append(Known(text or None))
    timed = next((each for each in own if isinstance(each, Known) and each.value is not None), None)
    said: Value[str | None] = timed or (own[0] if own else NOWHERE)
    return Schedule(said, start, catchup=Known(False), every=_every(said))


def _every(text: Value[str | None]) -> timedelta | None:
    """The shortest time between two runs, where a cron expression says it."""
    cron = read_cron(text.value) if isinstance(text, Known) and text.value is not None else None
    return cron.shortest() if isinstance(cron, Cron) else None
