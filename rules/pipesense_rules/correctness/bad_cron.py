"""A schedule that cannot be read as cron."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.faults import FaultKind, SettingFault
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="correctness/bad-cron",
    wants=SettingFault,
    pattern="scheduling-and-catchup",
    since="0.1",
    messages={
        "unreadable": Message(
            Severity.ERROR,
            "The schedule {written} of {owner} cannot be read: {outcome}.",
            "The scheduler refuses the pipeline, so it never runs.",
            "Write {instead}: minute, hour, day of the month, month, day of the week.",
        ),
    },
)


@rule(META)
def bad_cron(fault: SettingFault, ctx: Context) -> Iterator[Finding]:
    """At the expression."""
    if fault.kind is FaultKind.UNREADABLE_SCHEDULE:
        yield ctx.finding(
            "unreadable",
            at=fault.loc,
            written=fault.written,
            owner=fault.owner,
            outcome=fault.outcome,
            instead=fault.instead,
        )
