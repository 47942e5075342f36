"""DISTINCT takes away the copies that a join has made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import Block, Clause, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import grain, queries

META = RuleMeta(
    id="performance/distinct-masks-fan-out",
    wants=Statement,
    given=("blocks",),
    pattern="join-conditions",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO},
    default=False,
    messages={
        "copies": Message(
            Severity.INFO,
            "DISTINCT takes away copies that the join with {joined} may have made.",
            "All of them are built and compared first, and an aggregate that is added later counts them.",
            "Ask EXISTS where only {joined}'s being there matters.",
        ),
    },
)

_QUIET: Final = frozenset({"semi", "anti", "lateral", "apply", "asof"})


@rule(META)
def distinct_masks_fan_out(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the word SELECT, where no output is taken from a joined table that may have several rows."""
    if statement.facts.error or statement.facts.unsure:
        return
    for block in statement.facts.blocks:
        if block.distinct and not block.distinct_on and block.joins and not block.group and not block.holes:
            yield from _block(block, statement, ctx)


def _block(block: Block, statement: Statement, ctx: Context) -> Iterator[Finding]:
    names = queries.aliases(block)
    used = queries.owners([output.expr for output in block.outputs], names)
    if used is None or any(output.name == "*" for output in block.outputs):
        return
    for join in block.joins:
        alias = join.source.alias.casefold()
        if not alias or alias in used or join.kind in _QUIET or join.source.kind not in ("table", "cte", "subquery"):
            continue
        matched = grain.equal_columns(join.on, alias, names) | {name.casefold() for name in join.using}
        if matched and not ctx.columns_of(join.source, statement).has_key(matched) and Clause.ON not in block.holes:
            at, related = statement.at(block.keyword), [Related(statement.at(join.span), "the join")]
            yield ctx.finding("copies", at=at, related=related, joined=join.source.alias)
            return
