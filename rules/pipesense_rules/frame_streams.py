"""Questions about Spark's streaming queries, put together from the operations of a scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.model.where import Loc
from pipesense_rules import frames


@dataclass(frozen=True, slots=True)
class Stateful:
    """A streaming query that keeps state: ``at`` is the operation that needs it, ``mode`` the output mode in words,
    "" where it is unknown. ``watermarked`` is None where nobody can tell.
    """

    scope: FrameScope
    at: FrameOperation
    kind: str
    """"aggregate", "deduplicate" or "join"."""
    mode: str
    watermarked: bool | None
    how: str = ""
    """For a join its type ("inner", "left_outer")."""


def stateful(scope: FrameScope) -> Iterator[Stateful]:
    """The stateful operations of the queries that the scope starts, once for each output mode."""
    if scope.system != "spark":
        return
    places = frames.by_place(scope)
    seen: set[tuple[Loc, str]] = set()
    for last in scope.operations:
        if last.kind != "stream writer" or last.name not in ("start", "toTable"):
            continue
        chain = frames.chain_of(last, places)
        if frames.is_open(chain, places):
            continue
        mode = _mode(last, chain)
        for each in _states(chain[-1], places):
            if (each.loc, mode) not in seen:
                seen.add((each.loc, mode))
                yield _fact(scope, each, mode, places)


def _mode(last: FrameOperation, chain: list[FrameOperation]) -> str:
    said = frames.told(chain, "outputMode")
    given = said.given[0] if said is not None and said.given else last.argument("outputMode")
    if given is None:
        return "append"
    value = frames.constant(given)
    return value.lower() if isinstance(value, str) else ""


def _states(first: FrameOperation, places: Mapping[Loc, FrameOperation]) -> Iterator[FrameOperation]:
    for each in frames.behind(first, places):
        if "streaming" not in each.traits:
            continue
        if _keeps(each):
            yield each


def _keeps(each: FrameOperation) -> bool:
    """Whether an operation on a stream keeps state."""
    if each.kind == "grouped":
        return each.result == "frame" and not each.name.startswith(("apply", "transform"))
    if each.name == "join":
        return "one side streams" not in each.result_traits
    return each.name in _KEEPING


_KEEPING: Final = frozenset({"agg", "dropDuplicates", "drop_duplicates", "distinct", "dropDuplicatesWithinWatermark"})


def _fact(scope: FrameScope, each: FrameOperation, mode: str, places: Mapping[Loc, FrameOperation]) -> Stateful:
    kind = "join" if each.name == "join" else "deduplicate" if "uplicate" in each.name else "aggregate"
    kind = "deduplicate" if each.name == "distinct" else kind
    how = ""
    if kind == "join":
        given = each.argument("how", 2)
        value = frames.constant(given)
        how = "inner" if given is None else value.lower().replace("_", "") if isinstance(value, str) else ""
    return Stateful(scope, each, kind, mode, _watermarked(each, places), how)


def _watermarked(each: FrameOperation, places: Mapping[Loc, FrameOperation]) -> bool | None:
    if "mixed" in each.traits:
        return None
    if "watermarked" in each.traits:
        return True
    sources = [one for one in frames.behind(each, places) if not one.made]
    # A frame that comes in from elsewhere may have its watermark already.
    if not sources or any(one.kind not in ("reader", "session", "builder") for one in sources):
        return None
    return False
