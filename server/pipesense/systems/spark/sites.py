"""Places in Spark code that stand for a pattern, with what it means right there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.code import PatternSite
from pipesense.model.frames import FrameOperation, FrameScope, Given
from pipesense.model.value import Known
from pipesense.model.where import Loc
from pipesense.systems.formats import stored_as
from pipesense.systems.rerun import merge_site, rerun_site
from pipesense.systems.spark.accesses import BY_MATCH, CHANGES, is_write, mode_of, written
from pipesense.systems.spark.chains import by_place, chain_of, constant_text
from pipesense.systems.spark.stream_sites import stream_site
from pipesense.systems.spark.tables import (
    DELTA,
    FRAME,
    GROUPED,
    MERGE,
    READER,
    SESSION,
    STREAM_WRITER,
    TABLE_WRITER,
    WRITER,
)


def sites_of(scope: FrameScope) -> tuple[PatternSite, ...]:
    """The places of a scope that a hover explains."""
    return (*_writes(scope), *_from_topics(scope), *(site for each in scope.operations for site in _means(each)))


def _from_topics(scope: FrameScope) -> Iterator[PatternSite]:
    """Tables that a stream makes from topics alone, read from their beginning, at the table's name."""
    places = by_place(scope)
    for last in scope.operations:
        if last.kind != STREAM_WRITER or not is_write(last) or "events" not in last.traits:
            continue
        topics = _topics(last, places)
        for access in written(scope, last, places) if topics else ():
            note = f"`{access.dataset}` is made from {', '.join(topics)} alone, read from the beginning."
            yield PatternSite("kappa-architecture", access.loc, note)


def _topics(last: FrameOperation, places: dict[Loc, FrameOperation]) -> list[str]:
    """The topics that a stream comes from; none where one of its sources is something else, or has no beginning."""
    todo, seen, found = list(last.made), set[Loc](), list[str]()
    while todo:
        loc = todo.pop()
        each = places.get(loc)
        if each is None:
            return []
        if loc in seen:
            continue
        seen.add(loc)
        if each.result == FRAME and each.kind in (READER, SESSION):
            chain = chain_of(each, places)
            topic = chain.option("subscribe")
            if chain.option("startingOffsets") != "earliest" or not topic or "events" not in each.result_traits:
                return []
            found.append(f"the topic `{topic}`")
            continue
        todo += [*each.made, *(place for given in each.given for place in given.made if given.kind == FRAME)]
    return found


def _writes(scope: FrameScope) -> Iterator[PatternSite]:
    """What a rerun of each write does, at the call that writes."""
    places = by_place(scope)
    for each in scope.operations:
        if each.kind == STREAM_WRITER and is_write(each):
            yield stream_site(scope, each, places)
        site = _rerun(scope, each, places)
        if site is not None:
            yield site


def _rerun(scope: FrameScope, each: FrameOperation, places: dict[Loc, FrameOperation]) -> PatternSite | None:
    if each.kind == MERGE and each.name == "execute":
        return merge_site(each.name_loc)
    if each.kind == DELTA and each.name in CHANGES:
        return rerun_site(each.name_loc, CHANGES[each.name], BY_MATCH)
    if not is_write(each) or each.kind == STREAM_WRITER or each.traits & {"streaming", "micro-batch"}:
        return None
    access = next(iter(written(scope, each, places)), None)
    if access is not None:
        return rerun_site(each.name_loc, access.mode, access.guard)
    if each.kind == TABLE_WRITER:
        return None
    return rerun_site(each.name_loc, *mode_of(scope, chain_of(each, places)), computed=True)


def _means(each: FrameOperation) -> Iterator[PatternSite]:
    found = _meaning(each)
    if found is not None:
        yield PatternSite(found[0], each.name_loc, found[1])


def _meaning(each: FrameOperation) -> tuple[str, str] | None:
    """The pattern that a call stands for, and what the cluster does because of this very call."""
    always = _ALWAYS.get((each.kind, each.name))
    if always is not None:
        return always
    if each.kind == WRITER and each.name == "partitionBy":
        return "partition-design", _folders(each)
    if each.kind == FRAME and each.name in ("repartition", "repartitionByRange"):
        return "partition-design", _shuffle(each)
    if each.kind == FRAME and each.name == "coalesce" and each.given:
        return "partition-design", (
            f"Parts are put together until {_left(each)} left, without moving rows over the network. The steps "
            "before it run in as few tasks as well, back to the last shuffle."
        )
    if (each.kind == "" and each.name.endswith("broadcast")) or _hints_broadcast(each):
        return "broadcast-join", (
            "This side is collected on the driver and copied to every executor; the other side is not moved."
        )
    if each.kind == READER and each.name in ("option", "options") and any(map(_limits, each.given)):
        return "backpressure", (
            "No more than this is taken up in one micro-batch, however much has piled up in the source."
        )
    if each.kind == STREAM_WRITER and each.name in ("foreachBatch", "trigger"):
        return "micro-batch", _micro_batch(each)
    if each.kind in (READER, WRITER, STREAM_WRITER) and (stored := _stored(each)):
        return "columnar-files", stored
    if "streaming" in each.traits and (bound := _bound(each)):
        return "state-ttl", bound
    if each.name == "withWatermark":
        delay = constant_text(each.argument("delayThreshold", 1))
        less = f"less {delay}" if delay else "less this delay"
        return (
            "watermark",
            f"Spark forgets state that is older than the newest time seen, {less}; later rows may be dropped.",
        )
    return None


_KEPT: Final = (
    "Nothing is kept yet: the first action that follows fills the executors' memory, later ones read it. What "
    "does not fit goes to their disks or is computed again."
)
_ON_DRIVER: Final = "Every row is sent to the driver and held in the memory of that one process."
_ALWAYS: Final[dict[tuple[str, str], tuple[str, str]]] = {
    (FRAME, "cache"): ("caching", _KEPT),
    (FRAME, "persist"): ("caching", _KEPT),
    (FRAME, "unpersist"): (
        "caching",
        "The executors forget what they kept of it; whoever reads it again computes it again.",
    ),
    (FRAME, "checkpoint"): (
        "caching",
        "The rows are computed here and written to the checkpoint folder; what comes behind reads those files, and "
        "the recipe before them is forgotten. The files stay when the program ends.",
    ),
    (FRAME, "localCheckpoint"): (
        "caching",
        "The rows are computed here and kept on the executors; the recipe before them is forgotten, so an executor "
        "that is lost takes its part with it, and the job fails.",
    ),
    (FRAME, "sortWithinPartitions"): (
        "partition-design",
        "Each task sorts the rows that it has; nothing is moved over the network, and there is no order across tasks. "
        "Files written behind it hold close ranges together, so readers can skip more of them.",
    ),
    (WRITER, "bucketBy"): (
        "partition-design",
        "Rows go to files by the hash of these columns. Joins and groups by them need no shuffle on tables with the "
        "same buckets; each task writes a file for each bucket that it has rows of.",
    ),
    (FRAME, "collect"): ("work-where-the-data-is", _ON_DRIVER),
    (FRAME, "toPandas"): ("work-where-the-data-is", _ON_DRIVER),
}
"""Calls that mean the same whatever they are given."""


def _micro_batch(each: FrameOperation) -> str:
    if each.name == "foreachBatch":
        return (
            "The function gets one micro-batch after another, with its number. A batch whose end was not noted comes "
            "again with the same number, after a failure."
        )
    said = {given.name: constant_text(given) for given in each.given}
    if "availableNow" in said or "once" in said:
        return "What is there now is taken up in micro-batches, and then the query ends: a batch job that remembers."
    if "continuous" in said:
        return "Rows are handled one by one, without micro-batches: at least once, and map-like operations only."
    interval = said.get("processingTime") or constant_text(each.given[0] if each.given else None)
    return f"A micro-batch starts every {interval or 'interval'}, or as soon as the one before it is done."


def _stored(each: FrameOperation) -> str:
    """How the format of a read or write lays its rows down."""
    name = constant_text(each.given[0] if each.given else None) if each.name == "format" else each.name
    return stored_as(name or "")


def _hints_broadcast(each: FrameOperation) -> bool:
    return (
        each.kind == FRAME
        and each.name == "hint"
        and constant_text(each.given[0] if each.given else None)
        in (
            "broadcast",
            "mapjoin",
        )
    )


def _folders(each: FrameOperation) -> str:
    columns = [column for given in each.given for column in given.columns]
    of = f"of {columns[0]}" if len(columns) == 1 else "of these columns" if not columns else f"of {', '.join(columns)}"
    makes = "Each value" if len(columns) == 1 else "Each combination of values"
    return (
        f"{makes} {of} becomes a folder, with at least one file per task that has rows of it. Readers that filter by "
        "it open those folders only."
    )


def _count(each: FrameOperation) -> str:
    value = each.given[0].value if each.given else None
    return str(value.value) if isinstance(value, Known) and isinstance(value.value, int) else "as many as are asked for"


def _left(each: FrameOperation) -> str:
    count = _count(each)
    return "one is" if count == "1" else f"{count} are"


def _shuffle(each: FrameOperation) -> str:
    columns = [column for given in each.given for column in given.columns]
    count = _count(each)
    tasks = f"{count} tasks" if count.isdigit() else "as many tasks as are asked for"
    if not columns:
        together = "spread evenly"
    elif each.name == "repartition":
        together = f"rows of the same {', '.join(columns)} in the same one"
    else:
        together = f"each with a range of {', '.join(columns)}"
    return f"All rows are moved over the network once (a shuffle), to {tasks}, {together}."


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


_LIMITS: Final = frozenset({"maxoffsetspertrigger", "maxfilespertrigger", "maxbytespertrigger"})
"""Options of streaming sources (in lower case) that say how much is taken up at once."""


def _limits(given: Given) -> bool:
    value = given.value.value if isinstance(given.value, Known) else None
    return given.name.lower() in _LIMITS or (isinstance(value, str) and value.lower() in _LIMITS)
