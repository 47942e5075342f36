"""Places in Spark code that stand for a pattern, with what it means right there."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.code import PatternSite
from pipesense.model.data import AccessMode
from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.systems.spark.accesses import code_of, is_write
from pipesense.systems.spark.tables import FRAME, STREAM_WRITER, WRITER

_RERUN = {
    AccessMode.APPEND: "A rerun adds the rows once more, unless something before it took the old ones away.",
    AccessMode.OVERWRITE: "A rerun replaces everything that is there.",
    AccessMode.OVERWRITE_PARTITION: "A rerun replaces the partitions that it brings, and leaves the others.",
}


def sites_of(scope: FrameScope) -> tuple[PatternSite, ...]:
    """The places of a scope that a hover explains."""
    return (*_writes(scope), *(site for each in scope.operations for site in _means(each)))


def _writes(scope: FrameScope) -> Iterator[PatternSite]:
    """What a rerun of each write does, at the call that writes."""
    modes = {access.loc: access for code in code_of(scope) for access in code.accesses if not access.streaming}
    for each in scope.operations:
        if not is_write(each) or each.kind == STREAM_WRITER:
            continue
        access = next((modes[given.value_loc] for given in each.given if given.value_loc in modes), None)
        note = _RERUN.get(access.mode) if access is not None else None
        if note is not None:
            yield PatternSite("idempotent-load", each.name_loc, note)


def _means(each: FrameOperation) -> Iterator[PatternSite]:
    if each.kind == WRITER and each.name == "partitionBy":
        note = "Each value of these columns becomes a folder, with at least one file per task that has rows of it."
        yield PatternSite("partition-design", each.name_loc, note)
    elif each.kind == FRAME and each.name in ("repartition", "repartitionByRange"):
        note = "All rows are moved over the network once (a shuffle), to as many tasks as are asked for."
        yield PatternSite("partition-design", each.name_loc, note)
    elif each.kind == FRAME and each.name in ("cache", "persist"):
        note = "Nothing is kept yet: the first action that follows fills the executors' memory, later ones read it."
        yield PatternSite("work-where-the-data-is", each.name_loc, note)
    elif each.kind == "" and each.name.endswith("broadcast"):
        note = "This side is collected on the driver and copied to every executor; the other side is not moved."
        yield PatternSite("work-where-the-data-is", each.name_loc, note)
    elif each.name == "withWatermark":
        note = "Spark forgets state that is older than the newest time seen, less this delay."
        yield PatternSite("watermark", each.name_loc, note)
