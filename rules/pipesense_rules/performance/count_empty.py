"""All rows are counted to learn whether there is one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import frames

META = RuleMeta(
    id="performance/count-empty",
    wants=FrameScope,
    pattern="work-where-the-data-is",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "counted": Message(
            Severity.INFO,
            "{frame} is counted to learn whether it has a row.",
            "A count reads and computes every partition; one row answers the question.",
            "Ask {instead} (Spark 3.3), which stops at the first row.",
        ),
    },
)

_EMPTY: Final = frozenset({"== 0", "< 1", "<= 0"})
_FILLED: Final = frozenset({"> 0", "!= 0", ">= 1"})
_CHEAP: Final = frozenset({"cached", "bounded", "local", "command"})
_SINCE: Final = (3, 3)


@rule(META)
def count_empty(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the method, where its result is compared with nothing."""
    if scope.system != "spark":
        return
    for each in scope.operations:
        if each.kind != "frame" or each.name != "count" or each.use != "compare" or each.given or each.traits & _CHEAP:
            continue
        if each.detail in _EMPTY | _FILLED:
            frame = each.root or "the frame"
            instead = f"{'' if each.detail in _EMPTY else 'not '}{frame}.isEmpty()"
            yield ctx.finding("counted", at=each.name_loc, subject=(scope, each), frame=frame, instead=instead)


@count_empty.fix
def ask_for_one(finding: Finding, subject: tuple[FrameScope, FrameOperation], ctx: Context) -> Offer | None:
    """Asks for one row in place of the comparison, where the version may know how."""
    scope, each = subject
    if each.use_loc is None or frames.surely_older(scope.version, _SINCE):
        return None
    word = "" if each.detail in _EMPTY else "not "
    text = f"{word}{ctx.text(each.receiver)}.isEmpty()"
    sure = Applicability.SAFE if frames.surely(scope.version, _SINCE) else Applicability.UNSAFE
    return Offer("Ask for one row with isEmpty", Replace(each.use_loc, text), sure)
