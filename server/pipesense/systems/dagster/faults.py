"""Settings that Dagster refuses, or takes for something else.

What happens to each was seen on Dagster 1.13.29: ``tests/frameworks/dagster/test_dagster_faults.py`` shows it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from pipesense.lang.python.edit import add_keywords, replace_node
from pipesense.lang.python.frames import Argument, Arguments, Frame, read_arguments
from pipesense.lang.python.module import Module
from pipesense.model.change import Replace
from pipesense.model.faults import FaultKind, SettingFault
from pipesense.model.value import Known, Version
from pipesense.model.where import Loc
from pipesense.systems.dagster.things import named
from pipesense.text.cron import PRESETS, Cron, cron_problem, read_cron

_DELAY: Final = 30
"""Seconds: the pause that the fix writes where a policy names how it grows but not where it starts."""


def faults_in(module: Module, statement: ast.stmt, version: Version) -> Iterator[SettingFault]:
    """What is wrong with retry policies and schedules in one top-level statement."""
    for site in module.calls_under(statement):
        name = named(module, site.node.func)
        if name == "RetryPolicy":
            given = read_arguments(site.node, Frame(module), ("max_retries", "delay", "backoff", "jitter"))
            yield from _policy(module, site.node, given, version)
        elif name in ("ScheduleDefinition", "schedule") or _on_cron(module, site.node):
            first = ("cron_schedule",) if name != "ScheduleDefinition" else ()
            given = read_arguments(site.node, Frame(module), first)
            yield from _cron(module, given, version)


def _on_cron(module: Module, call: ast.Call) -> bool:
    func = call.func
    return isinstance(func, ast.Attribute) and func.attr == "on_cron" and named(module, func.value) != ""


def _policy(module: Module, call: ast.Call, given: Arguments, version: Version) -> Iterator[SettingFault]:
    if given.opened is None and given.get("delay") is None:
        grows = given.get("backoff", "jitter")
        if grows is not None and not (isinstance(grows.value, ast.Constant) and grows.value.value is None):
            name = "backoff" if given.get("backoff") is grows else "jitter"
            edits = add_keywords(module, call, [("delay", str(_DELAY))])
            outcome = "Dagster refuses how a pause grows without the pause itself (DagsterInvalidDefinitionError)"
            yield _fault(
                module, name, grows, FaultKind.REFUSED_VALUE, outcome, f"delay={_DELAY} beside it", version, edits
            )
    for name, argument in given.items.items():
        value = argument.constant()
        found = value.value if isinstance(value, Known) else None
        if name == "delay" and isinstance(found, timedelta):
            seconds = found.total_seconds()
            text = str(int(seconds)) if seconds == int(seconds) else str(seconds)
            edits = (replace_node(module, argument.value, text),)
            outcome = "Dagster raises ParameterCheckError"
            yield _fault(module, name, argument, FaultKind.REFUSED_VALUE, outcome, "seconds", version, edits)
        elif name == "max_retries" and isinstance(found, str):
            outcome = "Dagster raises ParameterCheckError"
            yield _fault(module, name, argument, FaultKind.REFUSED_VALUE, outcome, "a number", version)
        elif name == "max_retries" and isinstance(found, int) and found < 0:
            outcome = "Dagster accepts it, and nothing is repeated"
            yield _fault(module, name, argument, FaultKind.MISREAD_VALUE, outcome, "0 or more", version)


def _fault(
    module: Module,
    name: str,
    argument: Argument,
    kind: FaultKind,
    outcome: str,
    instead: str,
    version: Version,
    edits: tuple[Replace, ...] = (),
) -> SettingFault:
    loc: Loc = module.loc(argument.value)
    written = " ".join(module.text_of(argument.value).split())
    return SettingFault(
        kind, "RetryPolicy", name, written, loc, outcome, instead, version, edits, title=f"Write {instead}"
    )


def _cron(module: Module, given: Arguments, version: Version) -> Iterator[SettingFault]:
    """Dagster reads five columns; seconds, which others know, it refuses."""
    cron = given.get("cron_schedule")
    value = cron.constant() if cron is not None else None
    if cron is None or not (isinstance(value, Known) and isinstance(value.value, str)):
        return
    text = value.value
    problem = cron_problem(text) or ""
    if not problem and isinstance(read_cron(text), Cron) and text not in PRESETS and len(text.split()) != 5:
        problem = "Dagster reads five columns"
    loc = module.loc(cron.value)
    if problem and loc.file == module.path:
        written = " ".join(module.text_of(cron.value).split())
        yield SettingFault(
            FaultKind.UNREADABLE_SCHEDULE, "a schedule", "cron_schedule", written, loc, problem, "five columns", version
        )
