"""The end of a version is taken from the next row of the whole table instead of the next row of the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.sql import Expr, WindowCall
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense.text.span import Span

META = RuleMeta(
    id="modelling/scd2-window-without-partition",
    wants=WindowCall,
    pattern="slowly-changing-dimension",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO},
    scope=Scope.UNIT,
    messages={
        "ordered": Message(
            Severity.ERROR,
            "{function} takes {alias} from the next row of the whole table: there is no PARTITION BY.",
            "The last version of one {key} ends when the first version of the next one starts, so it never stays "
            "open, and both dates belong to different things.",
            "Write OVER (PARTITION BY {key} ORDER BY {rest}).",
        ),
    },
)

_END: Final = regex(r"(?:^|_)(?:end|ends|ended|until|expir\w*|valid_to|validto|effective_to|to_date)(?:_|$)", re.I)
_TIME: Final = regex(
    r"(?:^|_)(?:at|ts|time|timestamp|date|dt|dtm|dts|day|week|month|year|from|start|started|begin|since|version|"
    r"updated|created|modified|changed|loaded|seq|sequence|order|position|rank|rn|row_num|number|offset)(?:_|$)",
    re.I,
)


@rule(META)
def scd2_window_without_partition(window: WindowCall, ctx: Context) -> Iterator[Finding]:
    """At the call. With a time alone in ORDER BY the table may hold one thing only (a calendar, a release history)."""
    if window.function not in ("lead", "lag") or window.partition or len(window.order) < 2:
        return
    key, *rest = (_key(expr) for expr in window.order)
    if not _END.search(window.alias) or key.op != "column" or _TIME.search(key.name):
        return
    if not any(expr.op == "column" and _TIME.search(expr.name) for expr in rest):
        return
    yield ctx.finding(
        "ordered",
        at=window.span,
        function=window.function.upper(),
        alias=window.alias,
        key=".".join(key.path),
        rest=", ".join(".".join(expr.path) or "..." for expr in rest),
    )


@scd2_window_without_partition.fix
def partition_by_key(finding: Finding, window: WindowCall, ctx: Context) -> Offer | None:
    """The leading key of ORDER BY moves into PARTITION BY; the result changes, which is the point."""
    first, second = window.order[0], window.order[1]
    if first.op != "column":
        return None
    before = ctx.text(finding.loc.at(Span(window.span.start, first.span.start)))
    word = re.search(r"order\s+by\s*$", before, re.I)
    gap = ctx.text(finding.loc.at(Span(first.span.end, second.span.start)))
    if word is None or gap.strip() != ",":
        return None
    key = ctx.text(finding.loc.at(first.span))
    words = "partition by" if word.group().islower() else "PARTITION BY"
    moved = Span(window.span.start + word.start(), second.span.start)
    text = f"{words} {key} {word.group().rstrip()} "
    return Offer(f"Partition by {key}", Replace(finding.loc.at(moved), text), Applicability.UNSAFE)


def _key(expr: Expr) -> Expr:
    return expr.args[0] if expr.op == "desc" else expr
