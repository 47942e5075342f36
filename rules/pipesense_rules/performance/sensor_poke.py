"""A task waits for something and keeps its worker busy all the while."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from pipesense.model.change import WaitWithoutSlot
from pipesense.model.flow import Pipeline, Role, Task
from pipesense.model.value import Absent, Known, effective
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import shapes

META = RuleMeta(
    id="performance/sensor-poke",
    wants=Pipeline,
    pattern="timeouts",
    since="0.1",
    messages={
        "holds": Message(
            Severity.INFO,
            "{noun} {name}: {sensors} and holds a worker's slot meanwhile.",
            "With enough of them the pool is full of tasks that wait, and what they wait for cannot run.",
            'Write mode="reschedule", or deferrable=True where the class has it.',
        ),
    },
)
_SHORT: Final = timedelta(minutes=10)


@rule(META)
def sensor_poke(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """One finding per pipeline, at its first such sensor."""
    waiting = _waiting(pipeline)
    if not waiting:
        return
    first = waiting[0]
    yield ctx.finding(
        "holds",
        at=first.loc,
        related=[Related(task.loc, f"{task.name} ({task.kind}) does, too") for task in waiting[1:]],
        noun=pipeline.noun,
        name=pipeline.name,
        sensors=f"sensor {first.name} waits"
        if len(waiting) == 1
        else f"each of {shapes.counted(len(waiting), 'sensor')} waits",
    )


@sensor_poke.fix
def reschedule(finding: Finding, pipeline: Pipeline, ctx: Context) -> Offer | None:
    """Look again later, without the slot in between."""
    waiting = _waiting(pipeline)
    if not waiting:
        return None
    return Offer(
        f"Let {waiting[0].name} free its slot between its looks",
        WaitWithoutSlot(pipeline, waiting[0]),
        Applicability.UNSAFE,
    )


def _waiting(pipeline: Pipeline) -> list[Task]:
    return [
        task
        for task in pipeline.tasks
        if isinstance(task.role, Known)
        and task.role.value is Role.SENSOR
        and isinstance(task.holds_slot, Absent)
        and effective(task.holds_slot) is True
        and not _ends_soon(task)
    ]


def _ends_soon(task: Task) -> bool:
    if isinstance(task.timeout, Known):
        return task.timeout.value <= _SHORT
    return not isinstance(task.timeout, Absent)
