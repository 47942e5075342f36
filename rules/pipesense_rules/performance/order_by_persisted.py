"""Rows are sorted on their way into something that keeps no order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.sql import Block, Role, StatementFacts
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span

META = RuleMeta(
    id="performance/order-by-persisted",
    wants=StatementFacts,
    given=("blocks",),
    pattern="repeatable-result",
    since="0.1",
    roles=PRODUCTION,
    scope=Scope.UNIT,
    messages={
        "inner": Message(
            Severity.INFO,
            "This ORDER BY sorts the rows of a {what} that is read by another query.",
            "A query that reads them owes no order to anybody: the work is mostly thrown away.",
            "Sort in the outermost query, or leave it out.",
        ),
        "stored": Message(
            Severity.INFO,
            "This ORDER BY sorts rows on their way into {table}.",
            "A table or view keeps no order: who reads it has to sort again.",
            "Sort where it is read. To keep rows together on disk, cluster or partition the table.",
        ),
    },
)

_TAKES_ORDER: Final = frozenset(
    {
        *("array_agg", "array_concat_agg", "string_agg", "group_concat", "listagg", "collect_list", "json_arrayagg"),
        *("json_object_agg", "json_agg", "jsonb_agg", "json_array_agg", "first", "last", "any_value", "xmlagg", "list"),
        *("arrayagg", "groupconcat", "first_value", "last_value", "array_unique_agg", "jsonagg", "string_agg_distinct"),
    }
)
"""Aggregates whose result shows the order in which rows arrive."""
_LAYOUT: Final = frozenset({"snowflake", "clickhouse", "redshift", "duckdb", "spark", "spark2", "databricks", "hive"})
"""Engines on which sorting before storing shapes the files, and so what later queries can skip."""


@rule(META)
def order_by_persisted(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the ORDER BY, unless something that reads the rows shows their order."""
    if not any(block.order for block in facts.blocks) or _shows_order(facts):
        return
    target = _target(facts, ctx)
    # LIMIT without an order of its own takes the first rows as they come from within.
    cut = any((block.limit is not None or block.distinct_on) and not block.order for block in facts.blocks)
    for block in facts.blocks:
        if not block.order or block.limit is not None or block.offset is not None or block.order_span is None:
            continue
        if block.distinct_on or block.branch is not None:
            continue
        if block.role in (Role.CTE, Role.FROM) and not cut:
            what = "CTE" if block.role is Role.CTE else "subquery"
            yield ctx.finding("inner", at=block.order_span, subject=(facts, block), what=what)
        elif block.role is Role.STATEMENT and target:
            yield ctx.finding("stored", at=block.order_span, subject=(facts, block), table=target)


def _shows_order(facts: StatementFacts) -> bool:
    """Whether an aggregate, a numbering without an order or Oracle's ROWNUM hands the order on."""
    if any(not window.order for window in facts.windows):
        return True
    return any(
        part.op in _TAKES_ORDER or part.name.lower() in _TAKES_ORDER or part.name.lower() == "rownum"
        for block in facts.blocks
        for root in (*(output.expr for output in block.outputs), *block.where)
        for part in root.walk()
    )


def _target(facts: StatementFacts, ctx: Context) -> str:
    """The table that keeps no order; "" where rows are shown, or where sorting shapes the table's files."""
    if facts.table is not None and facts.table.from_query:
        if facts.table.kind == "table" and ctx.dialect in _LAYOUT:
            return ""
        return f"the {facts.table.kind} {'.'.join(facts.table.parts)}"
    if facts.write is not None and facts.write.verb == "insert" and ctx.dialect not in (*_LAYOUT, "tsql", "mysql"):
        # SQL Server and MySQL number identity columns in the order of arrival.
        return ".".join(facts.write.target)
    return ""


@order_by_persisted.fix
def leave_out(finding: Finding, subject: tuple[StatementFacts, Block], ctx: Context) -> Offer | None:
    """Without the ORDER BY. Some engines hand the order on although nobody asks, so it is offered, not applied."""
    _, block = subject
    span = block.order_span
    if span is None or finding.variant != "inner":
        return None
    behind = ctx.text(finding.loc.at(Span(span.end, block.span.end)))
    tail = re.match(r"(?:\s+(?:asc|desc)\b)?(?:\s+nulls\s+(?:first|last)\b)?", behind, re.I)
    before = ctx.text(finding.loc.at(Span(block.span.start, span.start)))
    start = span.start - (len(before) - len(before.rstrip()))
    end = span.end + (tail.end() if tail else 0)
    return Offer("Leave the ORDER BY out", Replace(finding.loc.at(Span(start, end)), ""), Applicability.UNSAFE)
