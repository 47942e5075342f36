"""A frame is kept in memory and read once."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Replace
from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules.caching import cached_in

META = RuleMeta(
    id="performance/cache-once",
    wants=FrameScope,
    pattern="caching",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "once": Message(
            Severity.INFO,
            "{name} is kept in memory, and one action reads it.",
            "Keeping costs memory and the time to fill it, and pays with the second action that reads the same rows.",
            "Leave out {method}().",
        ),
    },
)


@rule(META)
def cache_once(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the method that keeps."""
    if scope.system != "spark":
        return
    for each in cached_in(scope):
        if len(each.actions) == 1 and not each.actions[0].loop:
            call = each.call
            name = call.detail if call.use == "assign" else call.root
            yield ctx.finding("once", at=call.name_loc, subject=(call, each.released), name=name, method=call.name)


@cache_once.fix
def leave_it_out(finding: Finding, subject: tuple[FrameOperation, bool], ctx: Context) -> Offer | None:
    """The call away, where it stands in a chain and nothing releases the frame later."""
    call, released = subject
    away = call.loc.at(Span(call.receiver.span.end, call.loc.span.end))
    if released or call.use != "assign" or "\n" in ctx.text(away).strip():
        return None
    return Offer(f"Leave out {call.name}()", Replace(away, ""), Applicability.UNSAFE)
