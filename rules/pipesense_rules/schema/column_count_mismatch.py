"""Two column lists that are matched by position have different lengths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import Block, SetOperation, Statement, Write
from pipesense.model.value import Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules.tables import may_be_behind

_WHY = "Columns are matched by position, so the engine refuses lists of different lengths."

META = RuleMeta(
    id="schema/column-count-mismatch",
    wants=Statement,
    given=("set_operations", "write"),
    pattern="names-and-positions",
    since="0.1",
    roles=PRODUCTION | {FileRole.MIGRATION, FileRole.TEST},
    messages={
        "set": Message(
            Severity.ERROR,
            "This query of the {kind} gives {here}, the first one {there}.",
            _WHY,
            "Give all of them the same columns, in the same order.",
        ),
        "list": Message(
            Severity.ERROR,
            "The column list names {there}, and the rows have {here}.",
            _WHY,
            "Name exactly the columns that are filled.",
        ),
        "table": Message(
            Severity.ERROR,
            "{table} has {there}, and the rows have {here}.",
            _WHY,
            "Name the columns that are filled, in a list behind the table's name.",
        ),
        "behind": Message(
            Severity.INFO,
            "{file} gives {table} {there}, and the rows have {here}.",
            "A table lives on while files change. It may have been altered since, and then the definition is behind; "
            "otherwise the engine refuses the rows.",
            "Name the columns that are filled, in a list behind the table's name.",
        ),
    },
)

_FILLS_THE_REST: Final = frozenset({"", "postgres", "redshift", "risingwave", "materialize"})
"""Dialects in which INSERT may give fewer values than the table has columns, and the generic one."""
_SEVERAL: Final = frozenset({"jinja", "format", "fstring"})
"""Kinds of masked parts that may stand for more than one value."""


@rule(META)
def column_count_mismatch(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the shorter or longer list that comes second."""
    facts = statement.facts
    if facts.unsure:
        return
    for operation in facts.set_operations:
        if not operation.by_name:
            yield from _set(operation, statement, ctx)
    if facts.write is not None:
        yield from _insert(facts.write, statement, ctx)
        yield from _merge(facts.write, statement, ctx)


def _set(operation: SetOperation, statement: Statement, ctx: Context) -> Iterator[Finding]:
    left, right = operation.left, operation.right
    if left is None or right is None or left.as_struct or right.as_struct:
        return
    there, here = _width(left, statement, ctx), _width(right, statement, ctx)
    if there is not None and here is not None and there != here:
        at = statement.at(_list(right))
        yield ctx.finding("set", at=at, kind=operation.kind.upper(), here=_columns(here), there=_columns(there))


def _insert(write: Write, statement: Statement, ctx: Context) -> Iterator[Finding]:
    if write.verb != "insert" or write.by_name or write.opaque or write.partition:
        return
    if write.source is not None:
        here, at = _width(write.source, statement, ctx), _list(write.source)
    else:
        # A driver writes the tuple that it is given for VALUES %s with its brackets.
        masked = any(hole.kind in _SEVERAL or write.width == 1 for hole in statement.facts.holes)
        here, at = (write.width or None) if not masked else None, write.columns_span or write.target_span
    if here is None:
        return
    if write.columns:
        if len(write.columns) != here and not any("{" in name for name in write.columns):
            yield ctx.finding("list", at=statement.at(at), there=_columns(len(write.columns)), here=_columns(here))
        return
    target = ctx.relation_of(write.target, statement)
    if not isinstance(target, Known) or target.value.opened is not None:
        return
    columns = target.value.columns
    fewer = here < len(columns) and statement.facts.dialect not in _FILLS_THE_REST
    if here > len(columns) or (fewer and not any(column.has_default for column in columns)):
        declared = ctx.columns_of_table(write.target, statement).declared
        yield ctx.finding(
            "behind" if may_be_behind(declared, statement) else "table",
            at=statement.at(at),
            table=".".join(write.target),
            there=_columns(len(columns)),
            here=_columns(here),
            file=declared.rpartition("/")[2],
        )


def _merge(write: Write, statement: Statement, ctx: Context) -> Iterator[Finding]:
    for branch in write.merge.branches if write.merge is not None else ():
        if branch.action != "insert" or branch.star or not branch.columns or not branch.values:
            continue
        if len(branch.columns) != len(branch.values) and not any(value.opaque for value in branch.values):
            at = Span(branch.values[0].span.start, branch.values[-1].span.end)
            there, here = _columns(len(branch.columns)), _columns(len(branch.values))
            yield ctx.finding("list", at=statement.at(at), there=there, here=here)


def _width(block: Block, statement: Statement, ctx: Context) -> int | None:
    found = ctx.outputs(statement, block)
    return len(found.columns) if found.closed and found.columns else None


def _list(block: Block) -> Span:
    """The SELECT list."""
    spans = [output.span for output in block.outputs if output.span.end >= 0]
    return Span(spans[0].start, spans[-1].end) if spans else block.keyword


def _columns(number: int) -> str:
    return "1 column" if number == 1 else f"{number} columns"
