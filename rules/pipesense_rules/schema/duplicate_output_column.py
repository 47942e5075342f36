"""A table, view or model would get two columns of one name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import Output, Role, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="schema/duplicate-output-column",
    wants=Statement,
    given=("blocks",),
    pattern="names-and-positions",
    since="0.1",
    by_dialect=True,
    roles=PRODUCTION | {FileRole.MIGRATION},
    messages={
        "twice": Message(
            Severity.ERROR,
            "{made} would get two columns called {column}.",
            "A table cannot have two columns of one name, so the engine refuses to make it.",
            "Give one of them another name, or leave it out.",
        ),
        "star": Message(
            Severity.ERROR,
            "{made} would get two columns called {column}: this star brings one that is there already.",
            "A table cannot have two columns of one name, so the engine refuses to make it.",
            "List the columns, or leave {column} out of the star.",
        ),
    },
)

_RENAMES: Final = frozenset({"duckdb", "sqlite"})
"""Engines that give the second column another name by themselves."""


@rule(META)
def duplicate_output_column(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the second column."""
    facts = statement.facts
    made = _made(statement, ctx)
    block = next((one for one in facts.blocks if one.role is Role.STATEMENT and not one.branch), None)
    if not made or block is None or facts.unsure or facts.dialect in _RENAMES or block.as_struct:
        return
    columns = ctx.outputs(statement, block).columns
    if len({column.name.casefold() for column in columns}) == len(columns):
        return
    first: dict[str, int] = {}
    for column in columns:
        name, item = column.name.casefold(), column.item
        if not name or not 0 <= item < len(block.outputs) or "{" in name or _is_quoted(block.outputs[item]):
            continue
        if name not in first:
            first[name] = item
            continue
        output, other = block.outputs[item], block.outputs[first[name]]
        yield ctx.finding(
            "star" if output.name == "*" else "twice",
            at=statement.at(output.name_span or output.span),
            related=[Related(statement.at(other.span), f"the other {column.name}")],
            made=made,
            column=column.name,
        )


def _made(statement: Statement, ctx: Context) -> str:
    """What the statement makes, "" for nothing that stays."""
    table = statement.facts.table
    if table is not None:
        return ".".join(table.parts) if table.from_query and not table.columns else ""
    model = ctx.model_of(statement)
    return f"The model {model}" if model else ""


def _is_quoted(output: Output) -> bool:
    """Quoted names may differ in case alone, which some engines tell apart."""
    place = output.name_span or (output.expr.span if output.expr.op == "column" else None)
    if place is None or output.name == "*":
        return False
    written = len(output.name) if output.name_span is not None else len(".".join(output.expr.path))
    return place.end - place.start != written
