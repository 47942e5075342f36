"""What the rules about streaming SQL ask: which source ends, which query changes its rows, which group is a window.

Everything answers "surely"; what is not known is answered with None or False.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pipesense.model.data import Relation
from pipesense.model.sql import Block, Expr, Join, Script, Source, Statement
from pipesense.model.stream import Changes, Stream
from pipesense.model.value import known
from pipesense.rule.context import Context

WINDOW_COLUMNS: Final = frozenset({"window_start", "window_end", "window_time"})
"""What window table functions add:
https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/dev/table/sql/queries/window-tvf/
"""
STATE_TTL: Final = "table.exec.state.ttl"
_RUNTIME_MODE: Final = "execution.runtime-mode"
_RANGES: Final = frozenset({"gt", "gte", "lt", "lte", "between"})
_DEPTH: Final = 12


def setting(script: Script, key: str, before: Statement | None = None) -> str | None:
    """The value that the script gives a setting, the last one before a statement."""
    found: str | None = None
    for statement in script.statements:
        if statement is before:
            break
        use = statement.facts.stream
        for name, value in use.settings if use is not None else ():
            found = value if name == key else found
    return found


def is_batch(script: Script, statement: Statement) -> bool:
    """Whether the script runs the statement over what is there, and then ends."""
    return (setting(script, _RUNTIME_MODE, statement) or "").lower() == "batch"


def keeps_for_ever(script: Script, statement: Statement) -> bool:
    """Whether neither the script nor a hint says how long state is kept."""
    use = statement.facts.stream
    return use is not None and not use.state_ttl and setting(script, STATE_TTL, statement) is None


def fills(statement: Statement) -> bool:
    """Whether the statement is a job: it writes what it selects."""
    facts = statement.facts
    writes = facts.write is not None and facts.write.verb == "insert"
    return writes or (facts.table is not None and facts.table.kind == "table" and facts.table.from_query)


def table_of(source: Source, statement: Statement, ctx: Context) -> Relation | None:
    """The table that a source reads, where its definition is known."""
    return relation(source.parts, statement, ctx) if source.kind == "table" and not source.opaque else None


def relation(parts: tuple[str, ...], statement: Statement, ctx: Context) -> Relation | None:
    """The table of a name, where its definition as a stream is known."""
    found = known(ctx.relation_of(parts, statement)) if parts else None
    return found if found is not None and found.stream is not None else None


def stream_of(source: Source, statement: Statement, ctx: Context) -> Stream | None:
    """The stream that a source reads; None also where a hint changes the table's options."""
    found = table_of(source, statement, ctx)
    use = statement.facts.stream
    if found is None or (use is not None and source.parts[-1].casefold() in use.hinted):
        return None
    return found.stream


def endless(source: Source, statement: Statement, ctx: Context, depth: int = 0) -> Stream | None:
    """An append-only stream without end that reaches this source row by row; None where none surely does."""
    if source.as_of is not None or source.reshaped or depth > _DEPTH:
        return None
    if source.kind in ("subquery", "cte"):
        block = source.block
        if block is None or not _passes_rows(block):
            return None
        return next(
            (found for each in block.every_source if (found := endless(each, statement, ctx, depth + 1)) is not None),
            None,
        )
    stream = stream_of(source, statement, ctx)
    if stream is None or known(stream.unbounded) is not True:
        return None
    return stream if known(stream.emits) is Changes.APPEND else None


def never_ends(source: Source, statement: Statement, ctx: Context) -> bool:
    """Whether reading the source surely goes on for ever, whatever changes it carries."""
    if source.as_of is not None or source.reshaped:
        return False
    if source.kind == "table":
        stream = stream_of(source, statement, ctx)
        return stream is not None and known(stream.unbounded) is True
    return endless(source, statement, ctx) is not None


def _passes_rows(block: Block) -> bool:
    """Whether a query hands rows on one by one: no group, no window over rows, no limit, no other branch."""
    return not (
        block.group
        or block.grouping
        or block.distinct
        or block.limit is not None
        or block.branch is not None
        or block.holes
        or any(expr.op == "window" for output in block.outputs for expr in output.expr.walk())
    )


def is_windowed(block: Block, statement: Statement, depth: int = 0) -> bool:
    """Whether a query's groups are, or may be, windows over time: its own, or those of what it reads."""
    use = statement.facts.stream
    for window in use.windows if use is not None else ():
        if block.span.start <= window.span.start and window.span.end <= block.span.end:
            return True
    if any(names_window(expr) for expr in block.group):
        return True
    return any(
        source.reshaped != ""
        or (source.block is not None and depth < _DEPTH and is_windowed(source.block, statement, depth + 1))
        for source in block.every_source
    )


def names_window(expr: Expr) -> bool:
    """Whether an expression reads a column that a window table function gives."""
    return any(part.op == "column" and part.path and part.path[-1].lower() in WINDOW_COLUMNS for part in expr.walk())


def ungrouped_by_time(block: Block, statement: Statement, ctx: Context) -> bool:
    """Whether a query surely groups an endless append-only stream by keys alone: its result changes for ever."""
    if not block.group or block.holes or is_windowed(block, statement):
        return False
    return any(endless(source, statement, ctx) is not None for source in block.every_source)


def sink_of(statement: Statement, ctx: Context) -> Relation | None:
    """The table that a statement fills, where its definition is known."""
    write = statement.facts.write
    return relation(write.target, statement, ctx) if write is not None else None


def jobs(script: Script) -> Iterator[Statement]:
    """The statements of a script that are jobs over streams."""
    for statement in script.having("stream"):
        facts = statement.facts
        if facts.stream is not None and not facts.error and fills(statement) and not is_batch(script, statement):
            yield statement


def conditions(join: Join, block: Block) -> tuple[Expr, ...]:
    """What a join's pairs must fulfil, WHERE included."""
    return (*join.on, *block.where)


def bounds_time(parts: Iterable[Expr], times: frozenset[str]) -> bool:
    """Whether a condition may tie the times of two sides: a range over two columns, window columns, equal times."""
    for part in parts:
        for expr in part.walk():
            columns = [each for each in expr.walk() if each.op == "column" and each.path]
            if names_window(expr) or expr.opaque:
                return True
            if expr.op in _RANGES and len(columns) > 1:
                return True
            if expr.op == "eq" and len(columns) > 1 and all(each.path[-1] in times for each in columns):
                return True
    return False
