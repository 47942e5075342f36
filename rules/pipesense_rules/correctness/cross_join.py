"""Two frames are joined without saying which rows belong together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="correctness/cross-join",
    wants=FrameScope,
    pattern="join-conditions",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "no-condition": Message(
            Severity.WARNING,
            "join without a condition pairs every row of one frame with every row of the other.",
            "Spark accepts it since version 3. Sums multiply, and a million rows on each side make a million million.",
            "Say on=... with the key, or crossJoin(...) where all pairs are wanted.",
        ),
        "all-pairs": Message(
            Severity.INFO,
            "crossJoin makes as many rows as the product of both sides, and nothing bounds either.",
            "The job is as slow as the product, and grows with both sides.",
            "Bound one side, or join on a key.",
        ),
    },
)

_FEW: Final = frozenset({"bounded", "local", "command", "aggregated", "mixed"})


@rule(META)
def cross_join(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the method."""
    if scope.system != "spark":
        return
    for each in scope.operations:
        if each.kind != "frame" or each.name not in ("join", "crossJoin") or each.open or _few(each):
            continue
        if each.name == "crossJoin":
            yield ctx.finding("all-pairs", at=each.name_loc)
        elif len(each.given) == 1 and each.given[0].name in ("", "other"):
            yield ctx.finding("no-condition", at=each.name_loc)


def _few(each: FrameOperation) -> bool:
    other = each.given[0] if each.given else None
    if other is None or other.kind != "frame":
        return True
    sides = (each.traits, other.traits)
    return any(side & _FEW for side in sides) or not all("source" in side for side in sides)
