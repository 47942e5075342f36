"""A staging model joins several source tables."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.sql import Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_STAGING = 1

META = RuleMeta(
    id="modelling/staging-multi-source",
    wants=Statement,
    pattern="model-layers",
    since="0.1",
    messages={
        "joined": Message(
            Severity.INFO,
            "The staging model {name} joins the source tables {tables}.",
            "Neither of them is then cleaned by itself, and the next model that needs one reads the raw table again.",
            "Give each table its staging model, and join those.",
        ),
    },
)


@rule(META)
def staging_multi_source(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """Report a join whose two sides are different sources; rows put below each other are one table in parts."""
    name = ctx.model_of(statement)
    nodes = ctx.dbt.nodes(name) if name else ()
    if len(nodes) != 1 or not ctx.dbt.layered or ctx.dbt.layer(nodes[0]) != _STAGING or statement.facts.unsure:
        return
    for block in statement.facts.blocks:
        tables = {
            source.parts[-1]: source
            for source in block.every_source
            if source.kind == "table" and len(source.parts) == 1 and "source(" in source.parts[0]
        }
        if len(tables) > 1 and block.joins:
            first, second = list(tables.values())[:2]
            names = " and ".join(each.parts[0].strip("{} -").removeprefix("source") for each in (first, second))
            yield ctx.finding("joined", at=statement.at(second.span), name=name, tables=names)
            return
