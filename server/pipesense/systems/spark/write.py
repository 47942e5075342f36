"""Changes to Spark code: new names, and an aggregate that raises before a write."""

from __future__ import annotations

from pipesense.lang.python.module import Module
from pipesense.model.change import AddCheck, Change, Refusal, Replace
from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.model.value import Version
from pipesense.model.where import Loc
from pipesense.quality.frames import Style
from pipesense.systems.frame_checks import FrameWrite, in_spark, insert, nothing_to_ask, stem_of, write_of
from pipesense.systems.frames import Reading, nothing_beside
from pipesense.systems.renames import write_name
from pipesense.systems.spark.accesses import is_write, written
from pipesense.systems.spark.chains import by_place
from pipesense.systems.spark.tables import FRAME, LIBRARY, STREAM_WRITER, TABLE_WRITER, WRITER
from pipesense.text.span import Span


def write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    """The replacements that make a change, or why there are none."""
    if not isinstance(change, AddCheck):
        return write_name(change)
    refusal = nothing_to_ask(change, Style.SPARK)
    if refusal is not None:
        return refusal
    found = Reading(module, LIBRARY, version, nothing_beside, "spark: write", {}).scopes()
    writes = [each for one in found for each in _writes(one.scope)]
    return insert(module, write_of(change, writes), stem_of(change, "checks"), in_spark(change))


def _writes(scope: FrameScope) -> list[FrameWrite]:
    places = by_place(scope)
    found: list[FrameWrite] = []
    for each in scope.operations:
        if is_write(each) and each.kind != STREAM_WRITER and not each.traits & {"streaming"}:
            frame = _frame(each, places)
            if frame is not None:
                found.append(FrameWrite(each, tuple(written(scope, each, places)), frame))
    return found


def _frame(each: FrameOperation, places: dict[Loc, FrameOperation]) -> Loc | None:
    """The expression whose rows a writer writes: what stands before ``.write``, or before ``writeTo``."""
    at = each
    while len(at.made) == 1 and (before := places.get(at.made[0])) is not None:
        if before.kind not in (WRITER, TABLE_WRITER) and before.name != "writeTo":
            break
        at = before
    if at.kind == FRAME:
        return at.receiver
    # The receiver of the writer's first call ends with ``.write``.
    span = at.receiver.span
    return at.receiver.at(Span(span.start, span.end - len(".write"))) if span.end - span.start > 6 else None
