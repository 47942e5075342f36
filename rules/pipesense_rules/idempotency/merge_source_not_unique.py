"""A MERGE or upsert may find several source rows for one target row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pipesense.model.frames import FrameOperation, FrameScope, Given
from pipesense.model.sql import Source, Statement, Write
from pipesense.model.value import Known
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import frames, grain, shapes

_WHY: Final = (
    "Most engines stop at the second row for one target row; the others keep whichever comes last, which may be "
    "another one at the next run."
)

META = RuleMeta(
    id="idempotency/merge-source-not-unique",
    wants=(Statement, FrameScope),
    pattern="upsert",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO},
    messages={
        "finer": Message(
            Severity.WARNING,
            "The rows of {source} are told apart by {rest} as well, and they are matched by {matched} alone.",
            _WHY,
            "Keep one row per {matched} first (ROW_NUMBER() OVER (PARTITION BY {matched} ORDER BY ...) = 1), or match "
            "by the whole key.",
        ),
        "micro-batch": Message(
            Severity.WARNING,
            "{source} holds what happened since the last micro-batch, and merges it row by row: a key may come twice.",
            "Delta stops the query at the second row for one row of the table "
            "(DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE), and the same batch comes again after a restart. "
            "A quiet topic hides it until many events pile up.",
            "Keep the newest row per key first: row_number() over a window by the key, ordered by the time, and = 1.",
        ),
        "perhaps": Message(
            Severity.INFO,
            "{source} is grouped by {rest} besides {matched}, and its rows are matched by {matched} alone.",
            "Where that makes several rows per {matched}, most engines stop at the second one.",
            "Group by {matched} alone.",
        ),
    },
)


@rule(META)
def merge_source_not_unique(statement: Statement | FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the source's name, or at the target of an INSERT with ON CONFLICT, where the source's grain is known."""
    if isinstance(statement, FrameScope):
        if statement.handler:
            yield from _micro_batch(statement, ctx)
        return
    write = statement.facts.write
    if write is None or statement.facts.error or statement.facts.unsure or write.opaque:
        return
    if write.merge is not None:
        yield from _merge(write, statement, ctx)
    elif write.conflict == "update" and write.source is not None and write.conflict_columns:
        yield from _upsert(write, statement, ctx)


_ONE_BY_ONE: Final = frozenset(
    {"event", "message", "offset", "version", "seq", "sequence", "ts", "time", "timestamp", "at", "date"}
)
"""Words of columns that tell the events of one key apart."""


def _micro_batch(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the frame that a handler of micro-batches merges, where its events were never made one per key."""
    if not any(each.kind == "merge" and each.name.startswith("whenMatchedUpdate") for each in scope.operations):
        return
    places = frames.by_place(scope)
    for each in scope.operations:
        source = each.argument("source", 0) if (each.kind, each.name) == ("delta table", "merge") else None
        if source is None or not {"micro-batch", "events"} <= source.traits:
            continue
        if source.traits & {"aggregated", "deduplicated"} or _made_unique(source, places, ctx):
            continue
        condition = frames.constant(each.argument("condition", 1))
        if isinstance(condition, str) and not shapes.words(condition) & _ONE_BY_ONE:
            yield ctx.finding("micro-batch", at=source.value_loc, source=_name(source, places, ctx))


def _made_unique(source: Given, places: Mapping[Loc, FrameOperation], ctx: Context) -> bool:
    """Whether rows are numbered on the way, or something is done with them that nobody can follow."""
    todo, seen = list(source.made), set[Loc]()
    while todo:
        each = places.get(todo.pop())
        if each is None or each.loc in seen:
            continue
        if each.name == "transform" or any("over(" in ctx.text(given.loc) for given in each.given):
            return True
        seen.add(each.loc)
        todo += each.made
    return False


def _name(source: Given, places: Mapping[Loc, FrameOperation], ctx: Context) -> str:
    root = next((places[loc].root for loc in source.made if loc in places), "")
    return root or " ".join(ctx.text(source.value_loc).split())


def _merge(write: Write, statement: Statement, ctx: Context) -> Iterator[Finding]:
    merge = write.merge
    if merge is None or not any(one.match == "matched" and one.action == "update" for one in merge.branches):
        return
    alias = merge.source.alias.casefold()
    target = (write.alias or write.target[-1]).casefold() if write.target else ""
    if not alias or not target or alias == target or any(part.opaque for part in merge.on):
        return
    names = frozenset({alias, target})
    matched = grain.equal_columns(merge.on, alias, names)
    rest = grain.finer(ctx.columns_of(merge.source, statement), matched)
    said = {part.path[-1].casefold() for on in merge.on for part in on.walk() if part.op == "column"}
    if rest is not None and not rest & (said - matched):
        yield _finding(merge.source.alias, matched, rest, statement, ctx, write)


def _upsert(write: Write, statement: Statement, ctx: Context) -> Iterator[Finding]:
    given = ctx.outputs(statement, write.source)
    if not given.closed or not write.columns or len(write.columns) != len(given.columns):
        return
    named = {to.casefold(): column.name.casefold() for to, column in zip(write.columns, given.columns, strict=True)}
    matched = frozenset(named.get(name.casefold(), "") for name in write.conflict_columns)
    rest = grain.finer(given, matched) if "" not in matched else None
    if rest is not None:
        yield _finding("the query", matched, rest, statement, ctx, write)


def _by_query(source: Source, statement: Statement, ctx: Context) -> bool:
    """Whether a query makes the table, so that its keys are what that groups by."""
    if source.kind != "table":
        return False
    found = ctx.relation_of(source.parts, statement)
    return isinstance(found, Known) and found.value.query is not None


def _finding(
    source: str, matched: frozenset[str], rest: frozenset[str], statement: Statement, ctx: Context, write: Write
) -> Finding:
    place = write.merge.source.span if write.merge is not None else write.target_span
    if write.merge is not None and write.merge.source.name_span is not None:
        place = write.merge.source.name_span
    # A GROUP BY often lists what depends on the key anyway, be it that of an earlier statement.
    grouped = any(
        block.group or block.distinct or any(_by_query(one, statement, ctx) for one in block.every_source)
        for block in statement.facts.blocks
    )
    grouped = grouped or (write.merge is not None and _by_query(write.merge.source, statement, ctx))
    return ctx.finding(
        "perhaps" if grouped else "finer",
        at=statement.at(place),
        source=source,
        matched=", ".join(sorted(matched)),
        rest=", ".join(sorted(rest)),
    )
