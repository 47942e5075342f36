"""A whole data set is written by one task into one file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import frames

META = RuleMeta(
    id="performance/single-file-write",
    wants=FrameScope,
    pattern="partition-design",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "one": Message(
            Severity.WARNING,
            "{method}(1) before the write leaves one task to write everything.",
            "All other executors wait, the one file is as large as the data, and a failure begins again from its "
            "start. "
            "coalesce(1) also takes the parallelism from the steps before it.",
            "Leave the number of files to Spark, and bound their size with maxRecordsPerFile where readers want that.",
        ),
    },
)

_SMALL: Final = frozenset({"bounded", "local", "command", "micro-batch", "aggregated"})
_EXPORTS: Final = ("export", "report", "outbox", "extract", "sftp", "download", "delivery", "tmp", "temp")


@rule(META)
def single_file_write(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the method, where the frame is written next."""
    if scope.system != "spark":
        return
    taken = {each.made[0] for each in scope.operations if each.kind == "writer" and len(each.made) == 1}
    for each in scope.operations:
        if each.kind != "frame" or each.name not in ("repartition", "coalesce") or each.loc not in taken:
            continue
        one = len(each.given) == 1 and frames.constant(each.given[0]) == 1
        if one and "source" in each.traits and not each.traits & _SMALL and not _for_somebody(scope, each):
            yield ctx.finding("one", at=each.name_loc, subject=each, method=each.name)


def _for_somebody(scope: FrameScope, each: FrameOperation) -> bool:
    """Whether the path says that one file is what somebody is waiting for."""
    reached = {each.loc}
    for later in scope.operations:
        if reached.intersection(later.made):
            reached.add(later.loc)
            if frames.is_write(later):
                path = later.given[0].starts.lower() if later.given else ""
                return any(word in path for word in _EXPORTS)
    return False


@single_file_write.fix
def leave_it_out(finding: Finding, each: FrameOperation, ctx: Context) -> Offer | None:
    """The call away."""
    end = each.receiver.span.end
    call = each.loc.at(Span(end, each.loc.span.end))
    if "\n" in ctx.text(call).strip():
        return None
    return Offer(f"Leave out {each.name}(1)", Replace(call, ""), Applicability.UNSAFE)
