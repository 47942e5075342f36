"""A frame is kept in the memory of the executors, and nothing lets it go."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Replace
from pipesense.model.frames import FrameScope
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules.caching import Cached, cached_in

META = RuleMeta(
    id="performance/cache-leak",
    wants=FrameScope,
    pattern="caching",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "kept": Message(
            Severity.INFO,
            "{name} stays in the memory of the executors after this function has ended.",
            "What is not released is pushed out only when memory runs short; until then other steps of the application "
            "have less of it and spill to disk.",
            "Call {name}.unpersist() behind the last action.",
        ),
    },
)


@rule(META)
def cache_leak(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the method that keeps, in functions: a script's memory is free when the script ends."""
    if scope.system != "spark" or scope.top_level:
        return
    for each in cached_in(scope):
        if len(each.actions) > 1 and not each.released:
            name = each.call.detail if each.call.use == "assign" else each.call.root
            yield ctx.finding("kept", at=each.call.name_loc, subject=each, name=name)


@cache_leak.fix
def release(finding: Finding, cached: Cached, ctx: Context) -> Offer | None:
    """A line behind the last action, where that is a statement of the function's own block."""
    last, call = cached.actions[-1], cached.call
    if last.use not in ("statement", "assign") or last.use_loc is None or last.conditional or call.conditional:
        return None
    whole = last.use_loc
    if last.loc.unit != call.loc.unit:
        return None
    name = call.detail if call.use == "assign" else call.root
    start = whole.span.start
    before = ctx.text(whole.at(Span(0, start)))
    indent = before.rpartition("\n")[2]
    if indent.strip():
        return None
    text = f"\n{indent}{name}.unpersist()"
    at = whole.at(Span(whole.span.end, whole.span.end))
    return Offer(f"Release {name} behind its last use", Replace(at, text), Applicability.UNSAFE)
