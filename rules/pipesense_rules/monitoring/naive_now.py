"""A moment without a time zone meets one that has one."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Rewrite
from pipesense.model.habits import NaiveMoment
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="monitoring/naive-now",
    wants=NaiveMoment,
    pattern="time-arithmetic",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "mixed": Message(
            Severity.WARNING,
            "{clock} has no time zone, and {other} has one: {why}.",
            "Python raises TypeError where the two meet, so what asks how old the data is fails instead of answering.",
            "Ask for the time in UTC: datetime.now(timezone.utc).",
        ),
    },
)


@rule(META)
def naive_now(moment: NaiveMoment, ctx: Context) -> Iterator[Finding]:
    """At the clock without a time zone."""
    yield ctx.finding("mixed", at=moment.loc, clock=moment.clock, other=moment.other, why=moment.why)


@naive_now.fix
def give_it_a_zone(finding: Finding, moment: NaiveMoment, ctx: Context) -> Offer | None:
    """The same moment in UTC."""
    if not moment.edits:
        return None
    change = Rewrite(moment.edits, (("timezone", "datetime"),))
    return Offer("Ask for the time in UTC", change, Applicability.SAFE)
