"""Places in Spark code that stand for a pattern, with what it means right there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.code import PatternSite
from pipesense.model.data import AccessMode
from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.systems.spark.accesses import code_of, is_write
from pipesense.systems.spark.tables import FRAME, GROUPED, STREAM_WRITER, WRITER

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
    elif "streaming" in each.traits and (bound := _bound(each)):
        yield PatternSite("state-ttl", each.name_loc, bound)
    elif each.name == "withWatermark":
        note = "Spark forgets state that is older than the newest time seen, less this delay."
        yield PatternSite("watermark", each.name_loc, note)


def _bound(each: FrameOperation) -> str:
    """What an operation on a stream keeps, and until when; "" where it keeps nothing, or nobody can tell."""
    if "mixed" in each.traits:
        return ""
    marked = "watermarked" in each.traits
    if each.kind == GROUPED and each.result == FRAME and not each.name.startswith(("apply", "transform")):
        return _GROUP_MARKED if marked else f"State: **no bound**. One result per group is kept. {_NEVER}"
    if each.name == "dropDuplicatesWithinWatermark":
        return "State: **bounded by time**. A key is kept until the watermark has passed the time it was seen at."
    if each.name in ("dropDuplicates", "drop_duplicates", "distinct"):
        return _KEYS_MARKED if marked else f"State: **no bound**. Every key is kept. {_NEVER}"
    if each.name == "join" and "one side streams" not in each.result_traits:
        return _JOIN_MARKED if marked else f"State: **no bound**. Every row of both sides is kept. {_NEVER}"
    return ""


_NEVER: Final = "There is no watermark here, so Spark never knows that something is too late to matter."
_GROUP_MARKED: Final = (
    "State: **bounded by time**, for groups by a window over the watermarked time (or by that time itself): each is "
    "let go when the watermark has passed it. Groups by other columns alone stay for ever."
)
_KEYS_MARKED: Final = (
    "State: **bounded by time** if the watermarked column is among the keys. Without it every key is kept for ever; "
    "dropDuplicatesWithinWatermark (Spark 3.5) forgets them."
)
_JOIN_MARKED: Final = (
    "State: **bounded by time** if both sides have a watermark and the condition bounds the difference of their times; "
    "else every row of both sides is kept."
)
