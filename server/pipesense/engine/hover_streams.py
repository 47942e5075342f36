"""What a query over streams keeps in its state, and until when: said at its GROUP BY, its joins and its windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.engine.hover_base import Making, code
from pipesense.engine.index import Key
from pipesense.model.sql import Block, Expr, Join, Script, Source, Statement
from pipesense.model.stream import TimeWindow
from pipesense.model.stream_job import StreamJob
from pipesense.model.value import Absent, Known, Unknown
from pipesense.text.span import Span

_TTL: Final = "table.exec.state.ttl"
_WINDOW_COLUMNS: Final = frozenset({"window_start", "window_end", "window_time"})
_RANGES: Final = frozenset({"gt", "gte", "lt", "lte", "between"})
_DEPTH: Final = 12


def state_bounds(made: Making, script: Script, statement: Statement) -> None:
    """The section about the stateful operation at the place, if the statement is one over streams."""
    use = statement.facts.stream
    if use is None or statement.facts.error:
        return
    for place, note in (*_windows(statement), *_groups(made, script, statement), *_joins(made, script, statement)):
        span = made.here(statement.at(place))
        page = made.registry.pattern("state-ttl") if span is not None else None
        if span is not None:
            made.add(f"**{page.title if page is not None else 'State'}**\n\n{note}", span)
            return


def sink_guarantee(made: Making, statement: Statement) -> None:
    """The section about how often a row arrives, at the option of a stream's table that decides it."""
    table = statement.facts.table
    found = table.stream.guarantee if table is not None and table.stream is not None else None
    span = made.here(statement.at(found.span)) if found is not None else None
    page = made.registry.pattern(found.pattern) if found is not None and span is not None else None
    if found is not None and span is not None and page is not None:
        made.add(f"**{page.title}**\n\n{found.note}", span)


def _windows(statement: Statement) -> Iterator[tuple[Span, str]]:
    use = statement.facts.stream
    for window in use.windows if use is not None else ():
        yield window.span, _of_window(window)


def _of_window(window: TimeWindow) -> str:
    size = f" of {', '.join(map(code, window.sizes))}" if window.sizes else ""
    return (
        f"State: **bounded by time**. Each open window{size} keeps one result per key; it is let go when the watermark "
        "of the stream has passed its end."
    )


def _groups(made: Making, script: Script, statement: Statement) -> Iterator[tuple[Span, str]]:
    for block in statement.facts.blocks:
        if block.group_span is None or not block.group or block.holes:
            continue
        if _windowed(block, statement, 0):
            note = (
                "State: **bounded by time**. A result per key and open window is kept; it is let go when the watermark "
                "has passed the window's end."
            )
            yield block.group_span, note
        elif any(_is_stream(made, each, statement, 0) for each in block.every_source):
            yield block.group_span, _kept(made, script, statement, "one result for every key")


def _joins(made: Making, script: Script, statement: Statement) -> Iterator[tuple[Span, str]]:
    for block in statement.facts.blocks:
        before = list(block.sources)
        for join in block.joins:
            left = [each for each in before if _is_stream(made, each, statement, 0)]
            before.append(join.source)
            if join.keyword is None:
                continue
            if join.source.as_of is not None:
                yield (
                    join.keyword,
                    "State: **none of the looked-up side**. Each row is joined with what holds at its time.",
                )
            elif left and _is_stream(made, join.source, statement, 0):
                yield join.keyword, _of_join(made, script, statement, join, block)


def _of_join(made: Making, script: Script, statement: Statement, join: Join, block: Block) -> str:
    if _ties_times((*join.on, *block.where)):
        return (
            "State: **bounded by time**, where the condition ties time columns with watermarks: rows of both sides are "
            "kept for as long as a partner may still come."
        )
    return _kept(made, script, statement, "every row of both sides")


def _kept(made: Making, script: Script, statement: Statement, what: str) -> str:
    use = statement.facts.stream
    if use is not None and use.state_ttl:
        return f"State: **bounded by a hint** (STATE_TTL). It keeps {what}, until its time to live is over."
    limit = _setting(script, statement)
    program = _program(made, script)
    if limit is None and program is not None and not isinstance(program.state_ttl, Absent):
        if isinstance(program.state_ttl, Unknown):
            return (
                f"State: it keeps {what}. Whether {code(_TTL)} lets go of it cannot be told: {program.state_ttl.why}."
            )
        return f"State: **bounded by {code(_TTL)}**, which this program sets. It keeps {what}, until that time is over."
    if limit is not None:
        return (
            f"State: **bounded by {code(_TTL)}** = {code(limit)}. It keeps {what}, until nothing came for it that long."
        )
    return (
        f"State: **no bound**. It keeps {what} that was ever seen; nothing in this script sets {code(_TTL)}; the "
        "cluster's configuration may."
    )


def _program(made: Making, script: Script) -> StreamJob | None:
    """The program whose string the script is."""
    if not script.embedded:
        return None
    return next((fact for fact in made.record.linked.facts if isinstance(fact, StreamJob)), None)


def _setting(script: Script, before: Statement) -> str | None:
    """The time to live that holds at a statement."""
    found: str | None = None
    for statement in script.statements:
        if statement is before:
            break
        use = statement.facts.stream
        for name, value in use.settings if use is not None else ():
            found = value if name == _TTL else found
    return found


def _is_stream(made: Making, source: Source, statement: Statement, depth: int) -> bool:
    """Whether reading a source surely never ends."""
    if depth > _DEPTH:
        return False
    if source.block is not None:
        return any(_is_stream(made, each, statement, depth + 1) for each in source.block.every_source)
    if source.kind != "table" or not source.parts:
        return False
    found = made.answers.relations.find(source.parts, statement, set[Key]())
    stream = found.value.stream if isinstance(found, Known) else None
    return stream is not None and not isinstance(stream.unbounded, Unknown) and stream.unbounded == Known(True)


def _windowed(block: Block, statement: Statement, depth: int) -> bool:
    use = statement.facts.stream
    inside = (each.span for each in use.windows) if use is not None else ()
    if any(block.span.start <= span.start and span.end <= block.span.end for span in inside):
        return True
    if any(part.op == "column" and part.path and part.path[-1].lower() in _WINDOW_COLUMNS for part in _parts(block)):
        return True
    return any(
        source.block is not None and depth < _DEPTH and _windowed(source.block, statement, depth + 1)
        for source in block.every_source
    )


def _parts(block: Block) -> Iterator[Expr]:
    for expr in block.group:
        yield from expr.walk()


def _ties_times(conditions: tuple[Expr, ...]) -> bool:
    """Whether a range over two columns, or the columns of windows, stand in a condition."""
    for condition in conditions:
        for expr in condition.walk():
            columns = [each for each in expr.walk() if each.op == "column" and each.path]
            if any(each.path[-1].lower() in _WINDOW_COLUMNS for each in columns):
                return True
            if expr.op in _RANGES and len(columns) > 1:
                return True
    return False
