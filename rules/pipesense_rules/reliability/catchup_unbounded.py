"""Missed runs are made up for all at once, by tasks that add rows."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import LimitRuns
from pipesense.model.data import AccessMode
from pipesense.model.flow import Pipeline, Task
from pipesense.model.value import Absent, known
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="reliability/catchup-unbounded",
    wants=Pipeline,
    pattern="scheduling-and-catchup",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "unbounded": Message(
            Severity.WARNING,
            "{noun} {name} makes up for missed runs, as many at once as the scheduler allows, and {task} adds rows.",
            "Runs of many days then write into one table at once; where one fails, nobody knows what it left.",
            "Let one run at a time: max_active_runs=1.",
        ),
    },
)


@rule(META)
def catchup_unbounded(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """At the pipeline's name."""
    if known(pipeline.schedule.catchup) is not True or not isinstance(pipeline.schedule.concurrent, Absent):
        return
    adding = [task for task in pipeline.tasks if _adds(task) and not _waits_for_its_past(task)]
    if adding:
        yield ctx.finding(
            "unbounded",
            at=pipeline.loc,
            related=[Related(task.loc, f"{task.name} adds rows") for task in adding],
            noun=pipeline.noun,
            name=pipeline.name,
            task=adding[0].name,
        )


@catchup_unbounded.fix
def one_at_a_time(finding: Finding, pipeline: Pipeline, ctx: Context) -> Offer:
    """One run after the other."""
    return Offer("Let one run at a time (max_active_runs=1)", LimitRuns(pipeline, 1), Applicability.UNSAFE)


def _adds(task: Task) -> bool:
    return any(
        access.mode is AccessMode.APPEND and isinstance(access.guard, Absent) and not access.temporary
        for access in task.accesses
    )


def _waits_for_its_past(task: Task) -> bool:
    return any(setting.name == "depends on past" for setting in task.settings)
