"""A streaming query has no place to remember how far it has come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.frames import FrameOperation, FrameScope, Given
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense.text.span import Span
from pipesense_rules import frames

_DO: Final = 'Say option("checkpointLocation", "<durable path>") at the writer, one path per query.'

META = RuleMeta(
    id="streaming/no-checkpoint",
    wants=FrameScope,
    pattern="checkpoint",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "refused": Message(
            Severity.ERROR,
            "This query writes to {sink} and has no checkpoint location.",
            "Spark refuses to start it: checkpointLocation must be specified.",
            _DO,
        ),
        "handed": Message(
            Severity.WARNING,
            "This query writes to {sink} and has no checkpoint location of its own.",
            "Unless the session that is handed in sets spark.sql.streaming.checkpointLocation, Spark refuses "
            "to start it.",
            _DO,
        ),
        "forgets": Message(
            Severity.WARNING,
            "This query hands its rows to {sink} and has no checkpoint location.",
            "It starts, with a checkpoint in a temporary folder: after a restart it begins again from its "
            "starting offsets, "
            "and rows are processed twice or not at all.",
            _DO,
        ),
        "temporary": Message(
            Severity.INFO,
            "The checkpoint of this query lies in a folder for temporary files.",
            "It is local to one machine and emptied when that starts again: the query then begins from its starting "
            "offsets, and rows are processed twice or not at all.",
            "Keep it on storage that outlives the cluster, such as s3://, abfss:// or gs://, one path per query.",
        ),
    },
)

_TEMPORARY: Final = regex(r"(?:file:/+)?/?(?:var/)?tmp/", re.I)
_FREE: Final = frozenset({"console", "memory", "noop", "rate"})
_KEY: Final = "spark.sql.streaming.checkpointLocation"


@rule(META)
def no_checkpoint(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the call that starts the query."""
    if scope.system != "spark" or frames.setting(scope, _KEY) is not None:
        return
    places = frames.by_place(scope)
    for last in scope.operations:
        if last.kind != "stream writer" or last.name not in ("start", "toTable"):
            continue
        chain = frames.chain_of(last, places)
        if frames.is_open(chain, places):
            continue
        kept = frames.option_given(chain, "checkpointLocation")
        if kept is not None:
            path = frames.constant(kept)
            if isinstance(path, str) and _TEMPORARY.match(path) and _sink(last, chain) not in _FREE:
                yield ctx.finding("temporary", at=kept.loc, subject=kept)
            continue
        sink = _sink(last, chain)
        if not sink or sink in _FREE:
            continue
        subject = (scope, last)
        if sink in ("foreachBatch", "foreach"):
            yield ctx.finding("forgets", at=last.name_loc, subject=subject, sink=sink)
            continue
        handed = any("handed" in each.traits for each in scope.operations) or not any(
            "built" in each.result_traits for each in scope.operations
        )
        yield ctx.finding("handed" if handed else "refused", at=last.name_loc, subject=subject, sink=sink)


def _sink(last: FrameOperation, chain: list[FrameOperation]) -> str:
    """Where the rows go, "" where that is unknown."""
    for name in ("foreachBatch", "foreach"):
        if frames.told(chain, name) is not None:
            return name
    if last.name == "toTable":
        return "a table"
    given = frames.told(chain, "format")
    value = frames.constant(given.given[0]) if given is not None and given.given else last.argument("format")
    if isinstance(value, str):
        return value
    return "" if given is not None or value is not None else "files"


@no_checkpoint.fix
def add_location(finding: Finding, subject: tuple[FrameScope, FrameOperation] | Given, ctx: Context) -> Offer | None:
    """The option before the last call, with a path beside the query's own where that is known."""
    if isinstance(subject, Given):
        return None
    scope, last = subject
    chain = frames.chain_of(last, frames.by_place(scope))
    path = frames.constant(last.argument("path", 0)) or frames.option(chain, "path")
    name = frames.constant(_first(frames.told(chain, "queryName")))
    root = f"{str(path).rstrip('/')}/_checkpoint" if path else f"/checkpoints/{name or scope.scope.rpartition('.')[2]}"
    dot = last.name_loc.at(Span(last.name_loc.span.start - 1, last.name_loc.span.start - 1))
    line = ctx.text(last.loc)
    before = line[: last.name_loc.span.start - 1 - last.loc.span.start]
    text = f'.option("checkpointLocation", "{root}"){frames.layout(before)}'
    return Offer("Add a checkpoint location (choose a durable path)", Replace(dot, text), Applicability.UNSAFE)


def _first(each: FrameOperation | None) -> Given | None:
    return each.given[0] if each is not None and each.given else None
