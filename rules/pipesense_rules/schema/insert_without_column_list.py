"""An INSERT that names no columns fits values to columns by their position."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.sql import Script, Statement, Write
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense.text.span import Span
from pipesense_rules import shapes

_WHY: Final = (
    "Values go into the columns in the order in which the table happens to have them. A column that is added or moved "
    "shifts them, and where types fit nothing fails."
)

META = RuleMeta(
    id="schema/insert-without-column-list",
    wants=Script,
    pattern="names-and-positions",
    since="0.1",
    roles=PRODUCTION | {FileRole.MIGRATION},
    messages={
        "order": Message(
            Severity.WARNING,
            "This INSERT puts {given} into column {column} of {table}: the query has another order than the table.",
            "Without a column list values go by position, whatever they are called.",
            "Write the columns behind {table} in the order of the query.",
        ),
        "positions": Message(
            Severity.INFO,
            "This INSERT into {table} does not say which columns its values are for.",
            _WHY,
            "Write the columns behind {table}.",
        ),
        "star": Message(
            Severity.INFO,
            "This INSERT fills {table} from SELECT * and names no columns on either side.",
            _WHY,
            "Write the columns of both.",
        ),
    },
)

_BY_POSITION: Final = frozenset({"hive", "spark", "spark2", "clickhouse", "flink", "risingwave"})
"""Engines in which the list was long not possible, or in which most loads go without."""
_WIDTH: Final = 100
_PLAIN: Final = regex(r"[a-z_][a-z0-9_]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT without a column list."""

    statement: Statement
    write: Write


@rule(META)
def insert_without_column_list(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the table's name."""
    created: set[str] = set()
    for statement in script.statements:
        facts = statement.facts
        if facts.table is not None and facts.table.parts and facts.table.kind != "alter":
            created.add(facts.table.parts[-1].casefold())
        write = facts.write
        if write is None or facts.error or not _is_by_position(write):
            continue
        if write.target[-1].casefold() in created or any(one.temporary for one in statement.accesses):
            # The order of columns stands a few lines above.
            continue
        if shapes.is_staging(write.target):
            continue
        insert = Insert(statement, write)
        moved = _moved(insert, ctx)
        if moved is not None:
            at = statement.at(write.target_span)
            table = ".".join(write.target)
            yield ctx.finding("order", at=at, subject=insert, given=moved[0], column=moved[1], table=table)
            continue
        if facts.dialect in _BY_POSITION or _is_hive(statement, write, ctx):
            continue
        star = write.source is not None and all(output.name == "*" for output in write.source.outputs)
        yield ctx.finding(
            "star" if star else "positions",
            at=statement.at(write.target_span),
            subject=insert,
            table=".".join(write.target),
        )


def _is_hive(statement: Statement, write: Write, ctx: Context) -> bool:
    """Whether INSERT INTO TABLE is written, as Hive and Spark have it."""
    between = ctx.text(statement.at(Span(write.keyword.end, write.target_span.start)))
    return "TABLE" in between.upper().split()


def _moved(insert: Insert, ctx: Context) -> tuple[str, str] | None:
    """A value and the column that it goes into, where the table has a column of the value's own name elsewhere."""
    if insert.write.source is None:
        return None
    table = ctx.columns_of_table(insert.write.target, insert.statement)
    given = ctx.outputs(insert.statement, insert.write.source)
    if not table.closed or not given.closed or len(table.columns) != len(given.columns):
        return None
    names = [column.name.casefold() for column in table.columns]
    for value, column in zip(given.columns, table.columns, strict=True):
        if value.name.casefold() != column.name.casefold() and value.name.casefold() in names:
            return value.name, column.name
    return None


def _is_by_position(write: Write) -> bool:
    if write.verb != "insert" or write.columns or write.by_name or write.opaque or not write.target:
        return False
    if write.partition or write.overwrite or write.temporary:
        return False
    if write.source is None and not write.values:
        return False
    holes = write.source.holes if write.source is not None else frozenset()
    return not holes or bool(write.source is not None and write.source.outputs)


@insert_without_column_list.fix
def list_columns(finding: Finding, insert: Insert, ctx: Context) -> Offer | None:
    """The table's own columns in their order: what the statement meant anyway."""
    write = insert.write
    if finding.variant == "order":
        return _in_order_of_query(insert, ctx)
    table = ctx.columns_of_table(write.target, insert.statement)
    names = [column.name for column in table.columns]
    if not table.closed or write.alias or not names or not all(_PLAIN.fullmatch(name) for name in names):
        return None
    if _width(insert, ctx) != len(names):
        return None
    end = write.target_span.end
    return Offer(
        "List the table's columns",
        Replace(insert.statement.at(Span(end, end)), _listed(names, insert, ctx)),
        Applicability.SAFE,
    )


def _listed(names: list[str], insert: Insert, ctx: Context) -> str:
    """The names in brackets; a line for each where one line would be too long."""
    write = insert.write
    line = ctx.text(insert.statement.at(Span(write.keyword.start, write.target_span.end)))
    together = f" ({', '.join(names)})"
    if len(line) + len(together) <= _WIDTH:
        return together
    inside = ",\n".join(f"    {name}" for name in names)
    return f" (\n{inside}\n)"


def _in_order_of_query(insert: Insert, ctx: Context) -> Offer | None:
    """The names of the query's columns: other columns than before get the values."""
    write = insert.write
    names = [column.name for column in ctx.outputs(insert.statement, write.source).columns]
    known = {column.name.casefold() for column in ctx.columns_of_table(write.target, insert.statement).columns}
    if write.alias or not all(_PLAIN.fullmatch(name) and name.casefold() in known for name in names):
        return None
    at = insert.statement.at(Span(write.target_span.end, write.target_span.end))
    return Offer("List the query's columns", Replace(at, _listed(names, insert, ctx)), Applicability.UNSAFE)


def _width(insert: Insert, ctx: Context) -> int:
    """How many values a row has; 0 where nobody can tell."""
    if insert.write.source is None:
        return insert.write.width
    given = ctx.outputs(insert.statement, insert.write.source)
    return len(given.columns) if given.closed else 0
