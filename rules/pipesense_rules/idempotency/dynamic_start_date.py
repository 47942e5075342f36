"""A pipeline's first date is computed from the clock whenever its file is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import SetStartDate
from pipesense.model.flow import Pipeline, Schedule
from pipesense.model.value import Absent, Known, known
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_DO = "Write a fixed date in UTC: the first day whose data the {noun} shall load."

META = RuleMeta(
    id="idempotency/dynamic-start-date",
    wants=Pipeline,
    pattern="scheduling-and-catchup",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "moving": Message(
            Severity.WARNING,
            "The start date of {noun} {name} is {written}, which moves with the clock.",
            "The calendar of runs has no fixed beginning: with the present as the start the first interval never ends, "
            "and with a day some days back an outage longer than that leaves a gap.",
            _DO,
        ),
        "catchup": Message(
            Severity.WARNING,
            "{noun} {name} catches up on missed runs from {written}, a date that moves with the clock.",
            "Which runs are made up for depends on when the file was read; days of an outage stay missing.",
            _DO,
        ),
        "no-calendar": Message(
            Severity.INFO,
            "The start date of {noun} {name} is {written}, which moves with the clock.",
            "It does no harm while nothing runs by the calendar; with a schedule, no interval would have a fixed end.",
            "Write a fixed date in UTC.",
        ),
    },
)

_ONCE: Final = ("@once", "@continuous")


@rule(META)
def dynamic_start_date(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """At the expression that asks the clock."""
    schedule = pipeline.schedule
    if schedule.moving_start is None:
        return
    # A default is not enough to claim it: catchup is often switched off on the finished object.
    catching_up = known(schedule.catchup) is True
    here = schedule.moving_start.file == pipeline.loc.file
    yield ctx.finding(
        "no-calendar" if _has_no_calendar(schedule) else "catchup" if catching_up else "moving",
        at=schedule.moving_start if here else pipeline.loc,
        related=() if here else (Related(schedule.moving_start, "the start date is written here"),),
        noun=pipeline.noun,
        name=pipeline.name,
        written=schedule.moving_start_text or "computed from the clock",
    )


def _has_no_calendar(schedule: Schedule) -> bool:
    """Whether the pipeline is known to run once, all the time, when data arrives, or only when somebody asks."""
    if schedule.triggered:
        return True
    text = schedule.text.default if isinstance(schedule.text, Absent) else schedule.text
    return isinstance(text, Known) and (text.value is None or text.value in _ONCE)


@dynamic_start_date.fix
def fix_start_date(finding: Finding, pipeline: Pipeline, ctx: Context) -> Offer:
    """A fixed date in place of the computed one. Where missed runs are made up for, it says how many there will be."""
    if known(pipeline.schedule.catchup) is True:
        title = "Use a fixed start date; all runs since then are made up for"
        return Offer(title, SetStartDate(pipeline), Applicability.DISPLAY)
    return Offer("Use a fixed start date", SetStartDate(pipeline), Applicability.UNSAFE)
