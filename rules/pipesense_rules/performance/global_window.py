"""A window without partitions brings all rows to one task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.frames import FrameScope
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="performance/global-window",
    wants=FrameScope,
    pattern="window-functions",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "all": Message(
            Severity.WARNING,
            "This window has an order and no partitions.",
            "Spark moves every row to one task to number or sum them; it says so in a log line and runs out of "
            "memory when "
            "the data has grown.",
            "Add partitionBy(...) with the key that the window is about, or work on an aggregate.",
        ),
    },
)


_ADDS: Final = frozenset({"withColumn", "withColumns", "select", "selectExpr"})
_FEW: Final = frozenset({"bounded", "local", "aggregated", "command"})


@rule(META)
def global_window(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the call that orders."""
    if scope.system != "spark":
        return
    adding = [each for each in scope.operations if each.kind == "frame" and each.name in _ADDS]
    if not any("source" in each.traits and not each.traits & _FEW for each in adding):
        return
    dividing = [each for each in scope.operations if each.kind == "window" and each.name == "partitionBy"]
    divided = {loc for each in dividing for loc in each.made}
    for each in scope.operations:
        orders = each.name.endswith("orderBy") and each.result == "window" and "partitioned" not in each.result_traits
        if orders and each.kind in ("", "window") and each.loc not in divided:
            yield ctx.finding("all", at=each.name_loc)
