"""One partition's rows replace the whole table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import frames

_DO: Final = (
    'Say option("partitionOverwriteMode", "dynamic") at the writer: only partitions that the frame has are replaced.'
)
_WHAT: Final = "This overwrite removes every partition, and the frame holds only the rows that {filter} has left."

META = RuleMeta(
    id="idempotency/overwrite-all-partitions",
    wants=FrameScope,
    pattern="partition-overwrite",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "lost": Message(
            Severity.WARNING,
            _WHAT,
            "Spark's default is static: the folder is emptied first, so the history of all other partitions is gone "
            "after "
            "the first run.",
            _DO,
        ),
        "depends": Message(
            Severity.INFO,
            _WHAT,
            "Unless the session that is handed in says dynamic, Spark empties the folder first.",
            _DO,
        ),
    },
)

_NARROWS: Final = frozenset({"filter", "where", "limit"})
_WIDENS: Final = frozenset({"union", "unionAll", "unionByName", "join"})


@rule(META)
def overwrite_all_partitions(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the mode."""
    if scope.system != "spark" or frames.setting(scope, "spark.sql.sources.partitionOverwriteMode") is not None:
        return
    places = frames.by_place(scope)
    for last in scope.operations:
        if last.kind != "writer" or not frames.is_write(last) or last.name in ("insertInto", "jdbc"):
            continue
        chain = frames.chain_of(last, places)
        at = _overwrite(chain)
        if at is None or frames.is_open(chain, places) or not _partitioned(chain) or _limited(chain):
            continue
        narrowing = _narrowing(chain[-1], places)
        if narrowing is not None:
            handed = not any("built" in each.result_traits for each in scope.operations)
            variant = "depends" if handed and scope.parameters else "lost"
            yield ctx.finding(variant, at=at, subject=(scope, last), filter=narrowing.name)


def _overwrite(chain: list[FrameOperation]) -> Loc | None:
    mode = frames.told(chain, "mode")
    if mode is not None:
        return mode.loc.at(Span(mode.name_loc.span.start, mode.loc.span.end)) if _says(mode, 0) else None
    given = chain[0].argument("mode")
    return given.loc if given is not None and frames.constant(given) == "overwrite" else None


def _says(mode: FrameOperation, number: int) -> bool:
    return len(mode.given) > number and frames.constant(mode.given[number]) == "overwrite"


def _partitioned(chain: list[FrameOperation]) -> bool:
    return frames.told(chain, "partitionBy") is not None or chain[0].argument("partitionBy") is not None


def _limited(chain: list[FrameOperation]) -> bool:
    """Whether the writer itself says which part of the table it replaces."""
    return any(frames.option(chain, key) is not None for key in ("partitionOverwriteMode", "replaceWhere"))


def _narrowing(first: FrameOperation, places: Mapping[Loc, FrameOperation]) -> FrameOperation | None:
    """The filter that left one part of the rows, by a value that comes from outside or is a date."""
    for before in frames.behind(first, places):
        if before.name in _WIDENS:
            return None
        if before.name in _NARROWS and before.given and before.given[0].form in ("operator", "f-string", "call"):
            return before if _by_run(before) else None
    return None


def _by_run(before: FrameOperation) -> bool:
    """Whether the filter chooses one run's rows: it compares for equality with a value that is not written there."""
    return before.given[0].chooses


@overwrite_all_partitions.fix
def dynamic(finding: Finding, subject: tuple[FrameScope, FrameOperation], ctx: Context) -> Offer | None:
    """The option behind the mode. Delta and Parquet know it; other formats may not."""
    scope, last = subject
    mode = frames.told(frames.chain_of(last, frames.by_place(scope)), "mode")
    if mode is None:
        return None
    end = mode.loc.at(Span(mode.loc.span.end, mode.loc.span.end))
    before = ctx.text(mode.loc)[: mode.name_loc.span.start - 1 - mode.loc.span.start]
    text = f'{frames.layout(before)}.option("partitionOverwriteMode", "dynamic")'
    return Offer("Replace only the frame's own partitions", Replace(end, text), Applicability.UNSAFE)
