"""What is read again and again, and whether it is kept: questions of the rules about caching."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.model.where import Loc
from pipesense_rules import frames

ACTIONS: Final = frozenset(
    {
        *("count", "collect", "show", "toPandas", "take", "first", "head", "tail", "isEmpty", "toLocalIterator"),
        *("foreach", "foreachPartition", "toJSON"),
    }
)
"""Methods of a Spark frame that run its plan."""
_GIVES_AWAY: Final = frozenset(
    {"rdd", "createTempView", "createOrReplaceTempView", "createGlobalTempView", "createOrReplaceGlobalTempView"}
    | {"registerTempTable", "transform", "foreachBatch", "writeStream"}
)
"""Behind these nobody can tell how often the frame is read."""


_MOST: Final = 20
"""In a scope with more calls that keep something nobody follows them all."""


@dataclass(frozen=True, slots=True)
class Cached:
    """A frame that is kept, and the operations of its scope that run its plan afterwards."""

    call: FrameOperation
    actions: tuple[FrameOperation, ...]
    released: bool


def cached_in(scope: FrameScope) -> Iterator[Cached]:
    """The frames that a scope of Spark keeps in memory and that stay in its sight to the end."""
    if sum(each.name in ("cache", "persist") for each in scope.operations) > _MOST:
        return
    for number, each in enumerate(scope.operations):
        if each.kind != "frame" or each.name not in ("cache", "persist") or each.traits & {"streaming", "mixed"}:
            continue
        name = each.detail if each.use == "assign" else each.root if each.use == "statement" else ""
        if not name or name in scope.escaped or name in scope.parameters or each.loop:
            continue
        found = _followed(each, scope.operations[number + 1 :], scope.escaped)
        if found is not None:
            yield found


def _followed(each: FrameOperation, later: tuple[FrameOperation, ...], escaped: frozenset[str]) -> Cached | None:
    """What becomes of a kept frame; None where it, or what is made from it, leaves the scope's sight."""
    reached: set[Loc] = {each.loc, *(each.made if each.use == "statement" else ())}
    actions: list[FrameOperation] = []
    released = False
    for one in later:
        taken = not reached.isdisjoint(one.made)
        given = any(not reached.isdisjoint(argument.made) for argument in one.given)
        released = released or one.name == "clearCache"
        if not (taken or given):
            continue
        if one.use == "return" or one.name in _GIVES_AWAY or (one.use == "assign" and one.detail in escaped):
            return None
        if taken and one.name == "unpersist":
            released = True
        elif (one.kind == "frame" and one.name in ACTIONS) or frames.is_write(one):
            actions.append(one)
        elif one.result:
            reached.add(one.loc)
        elif one.kind == "frame" and one.name not in _LOOKS:
            # An operation that is not known may run the plan any number of times.
            return None
    return Cached(each, tuple(actions), released)


_LOOKS: Final = frozenset({"printSchema", "explain", "dtypes", "columns", "schema", "is_cached", "storageLevel"})
