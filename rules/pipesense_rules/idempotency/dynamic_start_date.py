"""A pipeline's first date is computed from the clock whenever its file is read."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import SetStartDate
from pipesense.model.flow import Pipeline
from pipesense.model.value import known
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
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
    },
)


@rule(META)
def dynamic_start_date(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """At the expression that asks the clock."""
    schedule = pipeline.schedule
    if schedule.moving_start is None:
        return
    yield ctx.finding(
        # A default is not enough to claim it: catchup is often switched off on the finished object.
        "catchup" if known(schedule.catchup) is True else "moving",
        at=schedule.moving_start,
        noun=pipeline.noun,
        name=pipeline.name,
        written=schedule.moving_start_text or "computed from the clock",
    )


@dynamic_start_date.fix
def fix_start_date(finding: Finding, pipeline: Pipeline, ctx: Context) -> Offer:
    """A fixed date in place of the computed one."""
    return Offer("Use a fixed start date", SetStartDate(pipeline), Applicability.UNSAFE)
