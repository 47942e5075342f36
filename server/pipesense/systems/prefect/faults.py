"""Settings of flows, tasks and deployments that Prefect refuses, or takes for something else.

What happens to each was seen on Prefect 3.8.8: ``tests/frameworks/prefect/test_prefect_faults.py`` shows it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from pipesense.lang.python.edit import replace_node
from pipesense.lang.python.frames import Argument, Frame, read_arguments
from pipesense.lang.python.module import Module
from pipesense.model.faults import FaultKind, SettingFault
from pipesense.model.value import Known, Version
from pipesense.systems.prefect.things import Thing, thing_of
from pipesense.text.cron import cron_problem

_MOST_PAUSES: Final = 50
_METHODS: Final = frozenset({"serve", "deploy", "to_deployment"})


def setting_faults(module: Module, thing: Thing, version: Version) -> Iterator[SettingFault]:
    """What is wrong with the settings of a task or flow, where this file writes them."""
    owner = f"{thing.role} {thing.node.name}"
    for _, given in thing.arguments(module):
        if given is thing.given:
            # Every function that the project's decorator stands on would tell of it.
            continue
        for name, argument in given.items.items():
            if argument.loc.file == module.path:
                yield from _fault(module, owner, name, argument, version)


def _fault(module: Module, owner: str, name: str, argument: Argument, version: Version) -> Iterator[SettingFault]:
    value = argument.constant()
    found = value.value if isinstance(value, Known) else None
    written = " ".join(module.text_of(argument.value).split())
    if module.loc(argument.value).file != module.path:
        return
    kind, outcome, instead, text = _judged(name, found, written)
    if kind is None:
        return
    edits = (replace_node(module, argument.value, text),) if text else ()
    yield SettingFault(
        kind,
        owner,
        name,
        written if len(written) <= 60 else written[:57] + "...",
        module.loc(argument.value),
        outcome,
        instead,
        version,
        edits,
        title=f"Write {text}" if text else "",
    )


def _judged(name: str, value: object, written: str) -> tuple[FaultKind | None, str, str, str]:
    """(kind, what happens, what to write in words, what to write as text where it can be told)."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match name:
        case "retry_delay_seconds" | "timeout_seconds" if isinstance(value, timedelta):
            seconds = value.total_seconds()
            text = str(int(seconds)) if seconds == int(seconds) else str(seconds)
            return FaultKind.REFUSED_VALUE, "Prefect raises TypeError", "a number of seconds", text
        case "retry_delay_seconds" if isinstance(value, str):
            return FaultKind.REFUSED_VALUE, "Prefect raises TypeError", "a number of seconds", ""
        case "retry_delay_seconds" if isinstance(value, tuple) and len(value) > _MOST_PAUSES:
            why = f"Prefect takes no more than {_MOST_PAUSES} pauses and raises ValueError"
            return FaultKind.REFUSED_VALUE, why, "fewer pauses", ""
        case "retry_jitter_factor" if number and isinstance(value, int | float) and value < 0:
            return FaultKind.REFUSED_VALUE, "Prefect raises ValueError", "0 or more", ""
        case "retries" if isinstance(value, int) and not isinstance(value, bool) and value < 0:
            return FaultKind.MISREAD_VALUE, "Prefect takes it for no retries at all", "how often to repeat", ""
        case "retry_delay_seconds" if number and isinstance(value, int | float) and value < 0:
            return FaultKind.MISREAD_VALUE, "Prefect accepts it and does not wait", "a number of seconds", ""
        case "retries" if isinstance(value, str) and value.isdigit():
            return FaultKind.TOLERATED_VALUE, "Prefect reads the text as a number", value, value
        case _:
            return None, "", "", ""


def schedule_faults(module: Module, statement: ast.stmt, version: Version) -> Iterator[SettingFault]:
    """Cron expressions of deployments that cannot be read."""
    for site in module.calls_under(statement):
        func = site.node.func
        if isinstance(func, ast.Attribute) and func.attr in _METHODS:
            thing = thing_of(module, func.value)
            owner = f"flow {thing.node.name}" if thing is not None and thing.role == "flow" else ""
        else:
            names = module.qualified(func)
            schedule = any(name.startswith("prefect.") and name.endswith(".CronSchedule") for name in names)
            owner = "a deployment" if schedule else ""
        given = (
            read_arguments(site.node, Frame(module), ("cron",) if owner == "a deployment" else ()) if owner else None
        )
        cron = given.get("cron") if given is not None else None
        value = cron.constant() if cron is not None else None
        if cron is None or not (isinstance(value, Known) and isinstance(value.value, str)):
            continue
        problem = cron_problem(value.value)
        loc = module.loc(cron.value)
        if problem is not None and loc.file == module.path:
            written = " ".join(module.text_of(cron.value).split())
            yield SettingFault(
                FaultKind.UNREADABLE_SCHEDULE, owner, "cron", written, loc, problem, "five columns", version
            )
