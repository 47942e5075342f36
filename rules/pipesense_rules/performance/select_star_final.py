"""A stored mart is a star over one table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.sql import Role, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense_rules.dbt_facts import STORED, materialized

_MART: Final = 3
_PLAIN: Final = regex(r"[a-z_][a-z0-9_]*", re.I)

META = RuleMeta(
    id="performance/select-star-final",
    wants=Statement,
    pattern="names-and-positions",
    since="0.1",
    messages={
        "star": Message(
            Severity.INFO,
            "The mart {name} stores all columns of {source}, whatever they are.",
            "A column that is added below is computed, stored and shown to everybody without a decision.",
            "List the columns.",
        ),
    },
)


@rule(META)
def select_star_final(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """Report the outermost star of a stored mart if it stands for a model or source; stars over CTEs are style."""
    name = ctx.model_of(statement)
    nodes = ctx.dbt.nodes(name) if name else ()
    if len(nodes) != 1 or not ctx.dbt.layered or ctx.dbt.layer(nodes[0]) != _MART or statement.facts.unsure:
        return
    if materialized(ctx, nodes[0]) not in STORED:
        return
    for block in statement.facts.blocks:
        if block.role is not Role.STATEMENT or block.branch is not None or block.depth or len(block.every_source) != 1:
            continue
        source = block.every_source[0]
        for at, output in enumerate(block.outputs):
            if output.name == "*" and source.kind == "table" and not source.reshaped:
                told = ".".join(source.parts).strip("{} ")
                yield ctx.finding(
                    "star", at=statement.at(output.span), name=name, source=told, subject=(statement, block, at)
                )


@select_star_final.fix
def list_columns(finding: Finding, subject: object, ctx: Context) -> Offer | None:
    """The columns that the star stands for now, where all of them are known."""
    if not isinstance(subject, tuple):
        return None
    statement, block, at = subject
    star = block.outputs[at].star
    if star is not None and (star.replaced or star.renamed or star.excluded):
        return None
    found = ctx.outputs(statement, block)
    names = [column.name for column in found.columns if column.item == at]
    if not found.closed or not names or not all(_PLAIN.fullmatch(name) for name in names):
        return None
    return Offer("List the columns", Replace(finding.loc, ", ".join(names)), Applicability.UNSAFE)
