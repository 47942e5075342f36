"""A query over streams without end keeps everything it has seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.frames import FrameScope
from pipesense.model.sql import Block, Join, Script, Source, Statement
from pipesense.model.stream import Changes
from pipesense.model.stream_job import StreamJob
from pipesense.model.value import Absent, known
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import frame_streams, frames, shapes, streams

_OUTSIDE = "Nothing in this script or its hints sets table.exec.state.ttl; the cluster's configuration may."

_DAY: Final = "Keep the state of a key for one day after its last row"
_FEW_RESULTS: Final = frozenset(
    {"case", "extract", "hour", "minute", "month", "dayofweek", "day_of_week", "is", "eq", "boolean", "literal"}
)
_FEW_VALUES: Final = frozenset(
    {
        *("status", "state", "type", "kind", "category", "region", "country", "currency", "gender", "level"),
        *("severity", "channel", "platform", "language", "weekday", "hour", "month", "quarter", "browser", "os"),
    }
)
"""Words of columns with as many values as a list of options."""

META = RuleMeta(
    id="streaming/unbounded-state",
    wants=(Script, FrameScope, StreamJob),
    pattern="state-ttl",
    since="0.1",
    messages={
        "append-sink": Message(
            Severity.ERROR,
            "This GROUP BY changes its results with every row, and {sink} ({connector}) takes inserts only.",
            "The INSERT is refused: the sink does not support consuming update changes.",
            "Group by a window over time, whose results are final, or write into a sink that takes updates by key.",
        ),
        "group": Message(
            Severity.WARNING,
            "This GROUP BY over the endless stream {source} keeps a result for every key it has ever seen.",
            f"The state grows with the keys until the job cannot take its checkpoints. {_OUTSIDE}",
            "Group by a window over time, or say how long the state of a key that gets no rows is kept.",
        ),
        "table-group": Message(
            Severity.WARNING,
            "{method}() of the endless stream {source} keeps a result for every {what} it has ever seen.",
            "The state grows with them until the job cannot take its checkpoints. Nothing in this program sets "
            "table.exec.state.ttl; the cluster's configuration may.",
            "Group by a window over time, or say how long the state of a key that gets no rows is kept.",
        ),
        "spark-group": Message(
            Severity.WARNING,
            "This aggregation of a stream in {mode} mode keeps a result for every key it has ever seen.",
            "There is no watermark, so Spark never forgets a key: the state grows with the keys until the "
            "executors run out "
            "of memory.",
            'Say withWatermark("<time column>", "1 hour") and group by a window over that column.',
        ),
        "spark-deduplicate": Message(
            Severity.WARNING,
            "{method} on a stream keeps every key it has ever seen.",
            "There is no watermark, so Spark never forgets a key: the state grows until the executors run "
            "out of memory.",
            'Say withWatermark("<time column>", "1 hour") and dropDuplicatesWithinWatermark (Spark 3.5), or '
            "put the time "
            "column among the keys.",
        ),
        "spark-join": Message(
            Severity.WARNING,
            "This join of two streams keeps every row of both.",
            "There is no watermark: a row that comes tomorrow may match one of today, so nothing is ever let go.",
            "Say withWatermark on both sides, and bound the difference of their times in the join's condition.",
        ),
        "join": Message(
            Severity.WARNING,
            "This join of the endless streams {left} and {right} keeps every row of both.",
            f"A row that comes tomorrow may match one of today, so nothing is ever let go. {_OUTSIDE}",
            "Tie the times of both sides (BETWEEN ... AND ... + INTERVAL), look the other side up as of a time, or say "
            "how long the state is kept.",
        ),
    },
)


@dataclass(frozen=True, slots=True)
class _Job:
    script: Script | StreamJob
    statement: Statement


@rule(META)
def unbounded_state(fact: Script | FrameScope | StreamJob, ctx: Context) -> Iterator[Finding]:
    """At the words GROUP BY with their list, at the words that join, and at the methods of Spark that keep state."""
    if isinstance(fact, StreamJob):
        yield from _in_program(fact, ctx)
    else:
        yield from _in_script(fact, ctx) if isinstance(fact, Script) else _in_code(fact, ctx)


def _in_program(program: StreamJob, ctx: Context) -> Iterator[Finding]:
    """The SQL in strings, where the program that runs them surely says nothing of the state."""
    if not isinstance(program.state_ttl, Absent):
        return
    for group in program.groups:
        if not (group.columns and all(shapes.words(column) & _FEW_VALUES for column in group.columns)):
            what = "row" if group.method == "distinct" else "key"
            yield ctx.finding(
                "table-group", at=group.loc, subject=program, method=group.method, source=group.table, what=what
            )
    for statement in (each for place in program.sql for each in ctx.statements_in(place)):
        use = statement.facts.stream
        if use is None or use.state_ttl or statement.facts.error or not streams.fills(statement):
            continue
        job = _Job(program, statement)
        for block in statement.facts.blocks:
            if _refused(block, job, ctx) is None:
                yield from _groups(block, job, ctx)
            yield from _joins(block, job, ctx)


def _in_code(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    told: set[Loc] = set()
    for each in frame_streams.stateful(scope):
        if each.watermarked is not False or each.at.loc in told:
            continue
        if each.kind != "aggregate" or each.mode in ("complete", "update"):
            told.add(each.at.loc)
        if each.kind == "aggregate" and each.mode in ("complete", "update") and not _few_groups(each):
            yield ctx.finding("spark-group", at=each.at.name_loc, subject=each, mode=each.mode)
        elif each.kind == "deduplicate" and each.at.name != "dropDuplicatesWithinWatermark":
            yield ctx.finding("spark-deduplicate", at=each.at.name_loc, subject=each, method=each.at.name)
        elif each.kind == "join" and each.how == "inner":
            yield ctx.finding("spark-join", at=each.at.name_loc, subject=each)


def _few_groups(each: frame_streams.Stateful) -> bool:
    """Whether the keys have as many values as a list of options, or there are none."""
    if each.at.name == "agg" and each.at.kind == "frame":
        return True
    places = frames.by_place(each.scope)
    grouping = places.get(each.at.made[0]) if len(each.at.made) == 1 else None
    columns = [column for given in grouping.given for column in given.columns] if grouping is not None else []
    return bool(columns) and all(shapes.words(column) & _FEW_VALUES for column in columns)


def _in_script(script: Script, ctx: Context) -> Iterator[Finding]:
    for statement in streams.jobs(script):
        job = _Job(script, statement)
        # What a string of a program runs with is set by calls of that program.
        grows = not script.embedded and streams.keeps_for_ever(script, statement)
        for block in statement.facts.blocks:
            refused = _refused(block, job, ctx)
            if refused is not None:
                yield refused
            elif grows:
                yield from _groups(block, job, ctx)
            if grows:
                yield from _joins(block, job, ctx)


def _refused(block: Block, job: _Job, ctx: Context) -> Finding | None:
    """An outermost query with changing results, written into a sink for inserts only."""
    statement = job.statement
    sink = streams.sink_of(statement, ctx)
    if sink is None or sink.stream is None or known(sink.stream.takes) is not Changes.APPEND or block.depth != 0:
        return None
    if block.group_span is None or not streams.ungrouped_by_time(block, statement, ctx):
        return None
    return ctx.finding(
        "append-sink",
        at=statement.at(block.group_span),
        related=[Related(sink.loc, "the sink")],
        subject=job,
        sink=str(sink.dataset),
        connector=sink.stream.connector,
    )


def _groups(block: Block, job: _Job, ctx: Context) -> Iterator[Finding]:
    statement = job.statement
    if block.group_span is None or not streams.ungrouped_by_time(block, statement, ctx) or _few_keys(block):
        return
    source = next(each for each in block.every_source if streams.endless(each, statement, ctx) is not None)
    yield ctx.finding("group", at=statement.at(block.group_span), subject=job, source=_named(source))


def _few_keys(block: Block) -> bool:
    """Whether the groups have few values: conditions, parts of a date, columns named like a short list."""
    return all(
        expr.op in _FEW_RESULTS
        or expr.name.lower() in _FEW_RESULTS
        or (expr.op == "column" and shapes.words(expr.path[-1]) & _FEW_VALUES)
        for expr in block.group
    )


def _joins(block: Block, job: _Job, ctx: Context) -> Iterator[Finding]:
    statement = job.statement
    if block.holes:
        return
    before = list(block.sources)
    for join in block.joins:
        right = join.source
        left = next((each for each in before if streams.never_ends(each, statement, ctx)), None)
        before.append(right)
        if left is None or not _regular(join, ctx, statement):
            continue
        appends = [each for each in (left, right) if streams.endless(each, statement, ctx) is not None]
        times = frozenset(_times((*before,), statement, ctx))
        if not appends or join.keyword is None or streams.bounds_time(streams.conditions(join, block), times):
            continue
        at = statement.at(join.keyword)
        yield ctx.finding("join", at=at, subject=job, left=_named(left), right=_named(right))


def _regular(join: Join, ctx: Context, statement: Statement) -> bool:
    """Whether the join waits for rows of both sides for ever: no array of the same row, no table function."""
    source = join.source
    if join.using and any(name.lower() in streams.WINDOW_COLUMNS for name in join.using):
        return False
    return not (source.lateral or join.kind in ("lateral", "apply")) and streams.never_ends(source, statement, ctx)


def _times(sources: tuple[Source, ...], statement: Statement, ctx: Context) -> Iterator[str]:
    """The columns with watermarks of all sides."""
    for source in sources:
        inner = source.block.every_source if source.block is not None else (source,)
        for each in inner:
            stream = streams.stream_of(each, statement, ctx)
            if stream is not None and stream.watermark is not None:
                yield stream.watermark.column[-1]


def _named(source: Source) -> str:
    return ".".join(source.parts) or source.alias or "the subquery"


@unbounded_state.fix
def set_ttl(finding: Finding, job: object, ctx: Context) -> Offer | None:
    """Keep the state of a key for a day after its last row."""
    program = job.script if isinstance(job, _Job) else job
    if finding.variant == "append-sink":
        return None
    if isinstance(program, StreamJob):
        if program.ttl_after is None:
            return None
        text = f"\n{program.ttl_indent}{program.ttl_statement}"
        return Offer(_DAY, Replace(program.ttl_after, text), Applicability.UNSAFE)
    if not isinstance(program, Script):
        return None
    first = program.statements[0]
    start = first.facts.span.start
    if "STATEMENT" in ctx.text(first.at(Span(0, start))).upper():
        return None
    change = Replace(first.at(Span(start, start)), f"SET '{streams.STATE_TTL}' = '1 d';\n\n")
    return Offer(_DAY, change, Applicability.UNSAFE)
