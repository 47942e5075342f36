"""A subquery in the SELECT list is asked once per row."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.sql import Block, Role, StatementFacts
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense_rules import queries

META = RuleMeta(
    id="performance/correlated-scalar-subquery",
    wants=StatementFacts,
    given=("blocks",),
    pattern="join-conditions",
    since="0.1",
    roles=PRODUCTION,
    scope=Scope.UNIT,
    default=False,
    messages={
        "per-row": Message(
            Severity.INFO,
            "This subquery over {table} depends on {outer} of the query around it.",
            "Where the engine does not turn it into a join, it runs once per row. It fails when it finds two rows.",
            "Aggregate {table} by its key in a CTE and LEFT JOIN that.",
        ),
    },
)


@rule(META)
def correlated_scalar_subquery(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the subquery, where it reads a table; reading an array of the row itself costs nothing."""
    if not any(block.role is Role.SCALAR for block in facts.blocks):
        return
    shown = {
        id(part.query): part.span
        for block in facts.blocks
        for output in block.outputs
        for part in output.expr.walk()
        if part.op == "subquery" and part.query is not None
    }
    for block in facts.blocks:
        if block.role is not Role.SCALAR or id(block) not in shown:
            continue
        read = block.every_source
        if not read or any(source.kind not in ("table", "cte", "subquery") for source in read):
            continue
        outer = _outer(facts, block)
        if outer and read[0].alias:
            yield ctx.finding("per-row", at=shown[id(block)], table=read[0].alias, outer=outer)


def _outer(facts: StatementFacts, block: Block) -> str:
    """A column of the query around it that the subquery uses, "" for none."""
    own = queries.aliases(block)
    for column in facts.columns:
        inside = block.span.start <= column.span.start < block.span.end and column.inside == block.keyword.start
        if inside and len(column.path) > 1 and column.owner >= 0 and column.owner != column.inside:
            return "" if column.path[0].casefold() in own else ".".join(column.path)
    return ""
