"""Questions that several rules ask of operations on frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.frames import FrameOperation, FrameScope, Given
from pipesense.model.value import Evidence, Known, Version
from pipesense.model.where import Loc
from pipesense.text.span import Span

COUNTS: Final = frozenset(
    {"len", "shape", "empty", "isna", "isnull", "notna", "notnull", "count", "value_counts", "isEmpty", "size", "info"}
)
"""Operations by which code looks at how many rows or values there are."""

_FILES: Final = frozenset({"csv", "parquet", "json", "excel", "feather", "orc", "sql", "gbq", "deltalake"})


def by_place(scope: FrameScope) -> Mapping[Loc, FrameOperation]:
    """The operations by their place, as ``made`` names them."""
    return {each.loc: each for each in scope.operations}


def behind(operation: FrameOperation, places: Mapping[Loc, FrameOperation]) -> Iterator[FrameOperation]:
    """The operations that the receiver came through, nearest first, each once."""
    todo = list(operation.made)
    seen: set[Loc] = set()
    while todo:
        loc = todo.pop(0)
        found = places.get(loc)
        if loc in seen or found is None:
            continue
        seen.add(loc)
        yield found
        todo += found.made


def constant(given: Given | None) -> object:
    """The constant that an argument is, None where it is none or nobody can tell."""
    return given.value.value if given is not None and isinstance(given.value, Known) else None


def names(given: Given | None) -> tuple[str, ...]:
    """The texts of an argument that is a text or a list of texts; () for anything else."""
    value = constant(given)
    if isinstance(value, str):
        return (value,)
    if isinstance(value, tuple) and all(isinstance(each, str) for each in value):
        return value
    return given.columns if given is not None else ()


def persists(scope: FrameScope) -> bool:
    """Whether the scope writes frames to where they outlive it."""
    return any(is_write(each) for each in scope.operations)


def is_write(operation: FrameOperation) -> bool:
    """Whether an operation writes a frame to a file or table."""
    if operation.kind in ("frame", "lazy frame") and operation.name.startswith(("to_", "write_", "sink_")):
        return operation.name.partition("_")[2] in _FILES or operation.name in ("write_database", "write_delta")
    return operation.kind == "writer" and operation.name in WRITER_ENDS


WRITER_ENDS: Final = frozenset(
    {"save", "saveAsTable", "insertInto", "parquet", "csv", "json", "orc", "text", "jdbc", "append", "overwrite"}
    | {"create", "createOrReplace", "replace", "overwritePartitions"}
)
"""Methods of Spark's writers that write."""


def argument_removal(operation: FrameOperation, given: Given) -> Replace:
    """Takes an argument out of a call, with the comma that goes with it."""
    number = operation.given.index(given)
    span = given.loc.span
    if number:
        before = operation.given[number - 1].loc.span
        return Replace(given.loc.at(Span(before.end, span.end)), "")
    if len(operation.given) > 1:
        return Replace(given.loc.at(Span(span.start, operation.given[1].loc.span.start)), "")
    return Replace(given.loc, "")


def surely(version: Version, since: tuple[int, ...]) -> bool:
    """Whether the project pins a version that is ``since`` or newer."""
    return version.evidence is Evidence.PINNED and bool(version.number) and not version.below(since)


def surely_older(version: Version, since: tuple[int, ...]) -> bool:
    """Whether the project pins an older version than ``since``."""
    return version.evidence is Evidence.PINNED and version.below(since)


def chain_of(last: FrameOperation, places: Mapping[Loc, FrameOperation]) -> list[FrameOperation]:
    """A reader's or writer's own calls, the last one first: ``write``, ``mode``, ``option`` ... up to the frame."""
    found = [last]
    while len(found[-1].made) == 1 and (before := places.get(found[-1].made[0])) is not None:
        if before.result != last.kind:
            break
        found.append(before)
    return found


def option(chain: list[FrameOperation], key: str) -> str | None:
    """The value of an option that a chain sets, "" where it is set to something unknown, None where it is not set."""
    given = option_given(chain, key)
    value = constant(given)
    return None if given is None else "" if value is None else str(value)


def option_given(chain: list[FrameOperation], key: str) -> Given | None:
    """The argument that sets an option, the last one that does."""
    for each in chain:
        if each.name == "option" and len(each.given) > 1 and str(constant(each.given[0])).lower() == key.lower():
            return each.given[1]
        for given in each.given:
            if given.name.lower() == key.lower():
                return given
    return None


def is_open(chain: list[FrameOperation], places: Mapping[Loc, FrameOperation]) -> bool:
    """Whether a chain may hold calls or options that nobody sees."""
    first = chain[-1]
    if any(each.open or (each.name == "option" and not isinstance(_key(each), str)) for each in chain):
        return True
    return len(first.made) > 1 or (bool(first.made) and first.made[0] not in places and first.kind != "frame")


def _key(each: FrameOperation) -> object:
    return constant(each.given[0]) if each.given else None


def told(chain: list[FrameOperation], name: str) -> FrameOperation | None:
    """The call of that name in a chain."""
    return next((each for each in chain if each.name == name), None)


def setting(scope: FrameScope, key: str) -> str | None:
    """The value that the file gives a configuration key, "" where that is unknown, None where it does not name it."""
    return dict(scope.settings).get(key.lower())


def layout(before: str) -> str:
    """What stands between a chain and its next call: nothing, or a line break with its indentation and backslash."""
    return before[len(before.rstrip(" \t\r\n\\")) :]
