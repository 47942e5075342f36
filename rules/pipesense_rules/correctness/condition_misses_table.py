"""The condition of a join says nothing of the table that it joins."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.sql import Block, Expr, Join
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import queries

META = RuleMeta(
    id="correctness/condition-misses-table",
    wants=Block,
    pattern="join-conditions",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO, FileRole.TEST},
    scope=Scope.UNIT,
    messages={
        "others": Message(
            Severity.WARNING,
            "The condition that joins {table} compares {found} only.",
            "It holds or fails whatever row of {table} is looked at, so each row that passes meets all of its rows.",
            "Compare with a column of {table}.",
        ),
        "itself": Message(
            Severity.WARNING,
            "The condition that joins {table} compares {table} with itself.",
            "No other table has a say in it, so each row of them meets every row of {table} that passes.",
            "Compare with a column of another table.",
        ),
    },
)


@rule(META)
def condition_misses_table(block: Block, ctx: Context) -> Iterator[Finding]:
    """At the condition."""
    if not any(join.on for join in block.joins):
        return
    names = queries.aliases(block)
    for join in block.joins:
        table = join.source.alias
        if not join.on or not table or join.source.kind not in ("table", "cte", "subquery"):
            continue
        if join.source.block is not None and queries.one_row(join.source.block):
            continue
        whose = queries.owners(join.on, names)
        if not whose:
            continue
        joined = _joined(block, join)
        at = join.on[0].span.cover(join.on[-1].span)
        if not whose & joined:
            found = " and ".join(sorted(whose))
            yield ctx.finding("others", at=at, table=table, found=found)
        elif whose == {table.casefold()} and any(_pairs(part) for part in join.on):
            yield ctx.finding("itself", at=at, table=table)


def _joined(block: Block, join: Join) -> frozenset[str]:
    """What the join brings: its source, and what is joined to that inside brackets or before its ON."""
    inside = Span(join.source.span.start, join.on[0].span.start)
    return frozenset(
        source.alias.casefold() for source in block.every_source if inside.start <= source.span.start < inside.end
    )


def _pairs(part: Expr) -> bool:
    """Whether two columns are compared."""
    return part.op == "eq" and all(side.op == "column" for side in part.args)
