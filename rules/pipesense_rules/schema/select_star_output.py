"""What is made takes whatever columns its source has, and changes when they do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.sql import Block, Output, Role, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex

META = RuleMeta(
    id="schema/select-star-output",
    wants=Statement,
    given=("table",),
    pattern="names-and-positions",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "made": Message(
            Severity.INFO,
            "{made} gets whatever columns {source} has.",
            "A column that is added, renamed or dropped there appears, changes or is missing here, and nobody decides "
            "it.",
            "List the columns.",
        ),
    },
)

_PLAIN: Final = regex(r"[a-z_][a-z0-9_]*", re.I)


@rule(META)
def select_star_output(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the star of a table or view that stays; a star over an own CTE or subquery brings what stands in the text."""
    facts = statement.facts
    table = facts.table
    if table is None or facts.error or facts.unsure or not table.from_query or table.temporary or table.columns:
        return
    for block in facts.blocks:
        if block.role is not Role.STATEMENT or block.branch:
            continue
        if table.kind == "view" and len(block.outputs) == len(block.every_source) == 1:
            # It is another name for the table, on purpose.
            continue
        for at, output in enumerate(block.outputs):
            source = _source(output, block)
            if source:
                yield ctx.finding(
                    "made",
                    at=statement.at(output.span),
                    subject=(statement, block, at),
                    made=".".join(table.parts),
                    source=source,
                )


def _source(output: Output, block: Block) -> str:
    """The table that a star stands for, "" where it is no star or all that it brings is written in the statement."""
    if output.name != "*" or output.expr.op != "star":
        return ""
    wanted = output.expr.path[-1].casefold() if output.expr.path else None
    for source in block.every_source:
        if source.kind == "table" and (wanted is None or source.alias.casefold() == wanted):
            return ".".join(source.parts)
    return ""


@select_star_output.fix
def list_columns(finding: Finding, subject: tuple[Statement, Block, int], ctx: Context) -> Offer | None:
    """The columns that the star stands for now, where all of them are known: the same result."""
    statement, block, at = subject
    output = block.outputs[at]
    star = output.star
    if star is not None and (star.replaced or star.renamed):
        return None
    found = ctx.outputs(statement, block)
    names = [column.name for column in found.columns if column.item == at]
    if not found.closed or not names or not all(_PLAIN.fullmatch(name) for name in names):
        return None
    if len(block.every_source) > 1 and not output.expr.path:
        return None
    before = f"{'.'.join(output.expr.path)}." if output.expr.path else ""
    text = ", ".join(f"{before}{name}" for name in names)
    return Offer("List the columns", Replace(finding.loc, text), Applicability.SAFE)
