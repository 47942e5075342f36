"""A sum over one table is taken after a join that repeats its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.columns import Columns
from pipesense.model.sql import Block, Clause, Join, Statement
from pipesense.model.value import Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import grain, queries

META = RuleMeta(
    id="correctness/fan-out-aggregate",
    wants=Statement,
    given=("blocks",),
    pattern="grouping",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO, FileRole.TEST},
    messages={
        "repeated": Message(
            Severity.WARNING,
            "{call} adds up {column} once for each row of {joined} that is joined to it.",
            "{joined} has several rows per {matched} (its rows are told apart by {rest} as well), so values of {owner} "
            "are counted more than once.",
            "Aggregate {joined} by {matched} first and join the result, or sum before the join.",
        ),
        "perhaps": Message(
            Severity.INFO,
            "{call} adds up {column} once for each row of {joined} that is joined to it.",
            "The rows of {joined} are grouped by {rest} besides {matched}; where that makes several per {matched}, "
            "values of {owner} are counted more than once.",
            "Group {joined} by {matched} alone, or sum before the join.",
        ),
    },
)

_CALLS: Final = frozenset({"sum", "avg"})
_ONE_EACH: Final = frozenset({"semi", "anti", "asof", "cross", "lateral", "apply"})


@rule(META)
def fan_out_aggregate(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the call. Speaks only where the grain of the joined table is known."""
    if statement.facts.error or statement.facts.unsure:
        return
    for block in statement.facts.blocks:
        if block.joins and not block.holes & {Clause.FROM, Clause.ON, Clause.WHERE}:
            yield from _block(block, statement, ctx)


def _block(block: Block, statement: Statement, ctx: Context) -> Iterator[Finding]:
    names = queries.aliases(block)
    calls = [
        (call, whose)
        for output in block.outputs
        for call in queries.aggregates(output.expr)
        if call.op in _CALLS and not call.opaque and not any(arg.op == "distinct" for arg in call.args)
        if (whose := queries.owners(call.args, names)) is not None and len(whose) == 1
    ]
    if not calls:
        return
    for join in block.joins:
        alias = join.source.alias.casefold()
        found = _several(join, alias, names, block, statement, ctx) if alias else None
        if found is None:
            continue
        matched, rest = found
        for call, whose in calls:
            owner = next(iter(whose))
            if owner != alias and _is_single(owner, join, block):
                column = next(queries.columns(*call.args))
                yield ctx.finding(
                    "repeated" if _is_declared(join, statement, ctx) else "perhaps",
                    at=statement.at(call.span),
                    subject=call,
                    related=[Related(statement.at(join.span), "the join that repeats rows")],
                    call=call.op.upper(),
                    column=".".join(column.path),
                    owner=column.path[0],
                    joined=join.source.alias,
                    matched=", ".join(sorted(matched)),
                    rest=", ".join(sorted(rest)),
                )
        return


def _is_declared(join: Join, statement: Statement, ctx: Context) -> bool:
    """Whether the key is that of a table's definition: a GROUP BY often lists what depends on the key anyway."""
    found = ctx.relation_of(join.source.parts, statement) if join.source.kind == "table" else None
    return isinstance(found, Known) and found.value.query is None


def _is_single(owner: str, join: Join, block: Block) -> bool:
    """Whether the values come from a source that stands before the join, so that the join repeats them."""
    before = [source for source in block.every_source if source.span.start < join.source.span.start]
    return any(source.alias.casefold() == owner for source in before)


def _several(
    join: Join, alias: str, names: frozenset[str], block: Block, statement: Statement, ctx: Context
) -> tuple[frozenset[str], frozenset[str]] | None:
    """By which columns a source is joined of which it may have several rows, and what tells those apart."""
    if join.kind in _ONE_EACH or join.natural or join.comma or join.source.reshaped:
        return None
    matched = grain.equal_columns(join.on, alias, names) | {name.casefold() for name in join.using}
    rest = grain.finer(ctx.columns_of(join.source, statement), matched)
    if rest is None or _is_grouped_by(block, alias, names, ctx.columns_of(join.source, statement)):
        return None
    others = (*join.on, *block.where, *block.qualify, *(part for each in block.joins for part in each.on))
    said = {queries.last_name(column) for column in queries.columns(*others)}
    return (matched, rest) if not rest & (said - matched) else None


def _is_grouped_by(block: Block, alias: str, names: frozenset[str], columns: Columns) -> bool:
    """Whether the result tells the joined rows apart: then each of them is meant to count."""
    outputs = {output.name.casefold(): output.expr for output in block.outputs if output.aliased}
    if block.grouping:
        return True
    for one in block.group:
        item = one
        if item.op == "literal":
            at = int(item.name) - 1 if item.name.isdigit() else -1
            item = block.outputs[at].expr if 0 <= at < len(block.outputs) else item
        elif item.op == "column" and len(item.path) == 1:
            item = outputs.get(item.path[0].casefold(), item)
        for column in queries.columns(item):
            whose = queries.owner(column, names)
            if whose == alias or (not whose and columns.find(column.path[-1]) is not None):
                return True
    return False
