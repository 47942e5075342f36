"""A stream has a time column and no watermark, so nobody knows when a window over it is complete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipesense.model.change import Replace
from pipesense.model.data import AccessMode, Relation
from pipesense.model.frames import FrameScope
from pipesense.model.sql import Block, Script, Statement
from pipesense.model.stream import Stream, TimeColumn, TimeWindow
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import frame_streams, frames, streams

META = RuleMeta(
    id="streaming/no-watermark",
    wants=(Script, FrameScope),
    pattern="watermark",
    since="0.1",
    messages={
        "window": Message(
            Severity.ERROR,
            "{table}.{column} has no watermark, and a window over it is asked for.",
            "A window is complete when no earlier row can come any more, and only a watermark says so. The query is "
            "refused: the column is no time attribute.",
            "Declare WATERMARK FOR {column} AS {column} - INTERVAL '5' SECOND, with as much delay as rows are late.",
        ),
        "append": Message(
            Severity.ERROR,
            "This streaming query aggregates in append mode and has no watermark.",
            "In append mode a group is written once, when it is complete, and only a watermark says when "
            "that is. Spark "
            "refuses to start the query.",
            'Say withWatermark("<time column>", "10 minutes") before the grouping, with as much delay as '
            "rows are late.",
        ),
        "outer-join": Message(
            Severity.ERROR,
            "This streaming query joins two streams {how} and has no watermark.",
            "A row without a partner is written when no partner can come any more, and only watermarks on "
            "both sides say "
            "when that is. Spark refuses to start the query.",
            'Say withWatermark("<time column>", "10 minutes") on both sides, and bound the time in the '
            "join's condition.",
        ),
        "source": Message(
            Severity.INFO,
            "The stream {table} has the time column {column} and no watermark.",
            "Windows, interval joins and joins as of a time cannot use the column until one is declared.",
            "Declare WATERMARK FOR {column} AS {column} - INTERVAL '5' SECOND, with as much delay as rows are late.",
        ),
    },
)


@dataclass(frozen=True, slots=True)
class _Bare:
    """A time column without a watermark; ``relation`` says where its table stands."""

    relation: Relation
    stream: Stream
    column: TimeColumn


@rule(META)
def no_watermark(fact: Script | FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the time column where the script declares it, else at what needs the watermark."""
    yield from _in_script(fact, ctx) if isinstance(fact, Script) else _in_code(fact, ctx)


def _in_code(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    for each in frame_streams.stateful(scope):
        if each.watermarked is not False or each.mode != "append":
            continue
        if each.kind == "aggregate" or each.at.name == "dropDuplicatesWithinWatermark":
            yield ctx.finding("append", at=each.at.name_loc, subject=each)
        elif each.kind == "join" and "outer" in each.how:
            yield ctx.finding("outer-join", at=each.at.name_loc, subject=each, how=each.how)


def _in_script(script: Script, ctx: Context) -> Iterator[Finding]:
    told: set[tuple[Loc, str]] = set()
    for statement in script.having("stream"):
        use = statement.facts.stream
        if use is None or statement.facts.error or streams.is_batch(script, statement):
            continue
        for window in use.windows:
            bare = _bare(window, statement, ctx)
            if bare is None or (bare.relation.loc, bare.column.name) in told:
                continue
            told.add((bare.relation.loc, bare.column.name))
            yield _window(bare, window, statement, script, ctx)
    for made in script.relations:
        yield from _source(made, told, script, ctx)


def _window(bare: _Bare, window: TimeWindow, statement: Statement, script: Script, ctx: Context) -> Finding:
    here = statement.at(window.column_span)
    there = bare.relation.loc.at(bare.column.name_span)
    declared_here = there.file == script.loc.file
    at, other, what = (there, here, "the window") if declared_here else (here, there, "the column is declared here")
    return ctx.finding(
        "window",
        at=at,
        related=[Related(other, what)],
        subject=bare,
        table=str(bare.relation.dataset),
        column=bare.column.name,
    )


def _bare(window: TimeWindow, statement: Statement, ctx: Context) -> _Bare | None:
    """The column that a window is over, where it surely is no time attribute."""
    parts = window.table if not window.legacy else _grouped(window, statement)
    if not parts or any(cte.name.casefold() == parts[-1].casefold() for cte in statement.facts.ctes):
        return None
    found = streams.relation(parts, statement, ctx)
    stream = found.stream if found is not None else None
    if found is None or stream is None or found.opened is not None or found.kind != "table":
        return None
    name = window.column[-1]
    if stream.watermark is not None and stream.watermark.column[-1] == name:
        return None
    column = next((each for each in stream.time_columns if each.name == name), None)
    return _Bare(found, stream, column) if column is not None and not column.computed else None


def _grouped(window: TimeWindow, statement: Statement) -> tuple[str, ...]:
    """The table whose rows a window in GROUP BY is over; () where that is not one plain table."""
    around = [each for each in statement.facts.blocks if _holds(each, window.span)]
    block = min(around, key=lambda each: each.span.end - each.span.start, default=None)
    if block is None:
        return ()
    sources = block.every_source
    if len(window.column) > 1:
        sources = tuple(each for each in sources if each.alias.casefold() == window.column[0].casefold())
    if len(sources) != 1 or sources[0].kind != "table" or sources[0].reshaped:
        return ()
    return sources[0].parts


def _holds(block: Block, span: Span) -> bool:
    return block.span.start <= span.start and span.end <= block.span.end


def _source(made: Relation, told: set[tuple[Loc, str]], script: Script, ctx: Context) -> Iterator[Finding]:
    """A broker's events with their time, which somebody reads and nobody can window."""
    stream = made.stream
    if stream is None or not stream.broker or stream.watermark is not None or made.opened is not None:
        return
    column = next((each for each in stream.time_columns if not each.computed), None)
    if column is None or any(loc == made.loc for loc, _ in told):
        return
    uses = ctx.uses_of(made.dataset)
    if not any(use.access.mode is AccessMode.READ for use in uses):
        return
    at = made.loc.at(column.name_span)
    if at.file == script.loc.file:
        bare = _Bare(made, stream, column)
        yield ctx.finding("source", at=at, subject=bare, table=str(made.dataset), column=column.name)


@no_watermark.fix
def before_the_grouping(finding: Finding, each: object, ctx: Context) -> Offer | None:
    """``withWatermark`` on the time column that the grouping's window names."""
    if not isinstance(each, frame_streams.Stateful) or each.kind != "aggregate":
        return None
    places = frames.by_place(each.scope)
    grouping = places.get(each.at.made[0]) if len(each.at.made) == 1 else None
    if grouping is None:
        return None
    column = next((given.windowed for given in grouping.given if given.windowed), "")
    if not column:
        return None
    start = grouping.name_loc.span.start - 1
    before = ctx.text(grouping.loc)[: start - grouping.loc.span.start]
    text = f'.withWatermark("{column}", "10 minutes"){frames.layout(before)}'
    place = grouping.loc.at(Span(start, start))
    return Offer(f"Add a watermark on {column}", Replace(place, text), Applicability.UNSAFE)


@no_watermark.fix
def declare(finding: Finding, bare: object, ctx: Context) -> Offer | None:
    """Five seconds of delay, behind the column."""
    if not isinstance(bare, _Bare):
        return None
    if bare.stream.watermark is not None:
        return None
    end = bare.column.span.end
    head = ctx.text(bare.relation.loc.at(Span(0, bare.column.span.start)))
    indent = head[head.rfind("\n") + 1 :]
    between = "\n" + indent if "\n" in head and not indent.strip() else " "
    name = ctx.text(bare.relation.loc.at(bare.column.name_span))
    text = f",{between}WATERMARK FOR {name} AS {name} - INTERVAL '5' SECOND"
    place = bare.relation.loc.at(Span(end, end))
    return Offer(f"Declare a watermark for {bare.column.name}", Replace(place, text), Applicability.UNSAFE)
