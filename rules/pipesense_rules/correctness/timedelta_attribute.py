"""A duration is asked for hours or minutes, which it does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace, Rewrite
from pipesense.model.code import TimedeltaAttribute
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import EVERYWHERE, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span

_SECONDS: Final = {
    "hour": " / 3600",
    "minute": " / 60",
    "second": "",
    "week": " / 604800",
    "day": " / 86400",
    "millisecond": " * 1000",
}

_WHAT = "{receiver} is a timedelta, and a timedelta has no attribute {attribute}."

META = RuleMeta(
    id="correctness/timedelta-attribute",
    wants=TimedeltaAttribute,
    pattern="time-arithmetic",
    since="0.1",
    roles=EVERYWHERE - {FileRole.GENERATED},
    messages={
        "missing": Message(
            Severity.ERROR,
            _WHAT,
            "The line raises AttributeError whenever it runs: it has only days, seconds and microseconds.",
            "Write {receiver}{spelling}. Not .seconds: that leaves out whole days.",
        ),
        "no-unit": Message(
            Severity.ERROR,
            _WHAT,
            "The line raises AttributeError whenever it runs: it has only days, seconds and microseconds.",
            "Compute the figure from .total_seconds(), or from the two dates where months or years are meant.",
        ),
    },
)


@rule(META)
def timedelta_attribute(use: TimedeltaAttribute, ctx: Context) -> Iterator[Finding]:
    """At the attribute."""
    spelling = _spelling(use.attribute)
    if spelling is None:
        yield ctx.finding("no-unit", at=use.loc, receiver=use.receiver, attribute=use.attribute)
    else:
        yield ctx.finding("missing", at=use.loc, receiver=use.receiver, attribute=use.attribute, spelling=spelling)


@timedelta_attribute.fix
def use_total_seconds(finding: Finding, use: TimedeltaAttribute, ctx: Context) -> Offer | None:
    """``.total_seconds()`` divided by the unit. The old text always raised, so nothing can have relied on it."""
    spelling = _spelling(use.attribute)
    if spelling is None:
        return None
    end = use.whole.span.end
    if ctx.text(use.whole.at(Span(end, end + 1))) == "(":
        # Written as a method, ``delta.total_hours()``: the brackets are not ours to remove.
        return None
    title = f"Use {spelling.strip()}"
    if not (use.needs_parentheses and " " in spelling):
        return Offer(title, Replace(use.attribute_loc, spelling), Applicability.SAFE)
    start = use.whole.span.start
    opening = Replace(use.whole.at(Span(start, start)), "(")
    return Offer(title, Rewrite((opening, Replace(use.attribute_loc, spelling + ")"))), Applicability.SAFE)


def _spelling(attribute: str) -> str | None:
    factor = _SECONDS.get(attribute.removeprefix("total_").removesuffix("s"))
    return None if factor is None else f".total_seconds(){factor}"
