"""Which columns of a query tell its rows apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from pipesense.model.columns import Columns
from pipesense.model.shape import From, Path, Projection

Place = tuple[int, str]
"""A column of a source: its number, and the name in lower case."""
Group = frozenset[Place]

_MOST: Final = 6


@dataclass(frozen=True, slots=True)
class Keyed:
    """What keys are told from: the columns of each source, and where each output is copied from."""

    sources: tuple[Columns, ...]
    places: tuple[Place | None, ...]
    place_of: Callable[[Path], Place | None]


def keys_of(projection: Projection, keyed: Keyed, outputs: Columns) -> tuple[frozenset[str], ...]:
    """The sets of output columns (lower case) that no two rows of a SELECT share."""
    if projection.one_row:
        return (frozenset(),)
    found: list[frozenset[str]] = []
    if projection.grouped:
        group = _group(projection, keyed, outputs)
        if group is not None:
            found.append(group)
    elif not projection.branches:
        names = _names(keyed, outputs)
        for key in _of_rows(projection, keyed):
            if all(place in names for place in key):
                found.append(frozenset(names[place] for place in key))
    if projection.distinct and outputs.closed and all(column.name for column in outputs.columns):
        found.append(frozenset(column.name.casefold() for column in outputs.columns))
    return _smallest(found)


def numbered_of(projection: Projection, keyed: Keyed, outputs: Columns) -> tuple[tuple[str, frozenset[str]], ...]:
    """The outputs that number the rows of groups, with the outputs that make the groups."""
    names = _names(keyed, outputs)
    found: list[tuple[str, frozenset[str]]] = []
    if projection.grouped:
        return ()
    for column in outputs.columns:
        item = projection.items[column.item] if 0 <= column.item < len(projection.items) else None
        if item is None or item.star or item.partition is None or not column.name:
            continue
        group = _places(item.partition, keyed)
        if group is not None and all(place in names for place in group):
            found.append((column.name.casefold(), frozenset(names[place] for place in group)))
    for at, source in enumerate(keyed.sources):
        for name, inner in source.numbered if len(keyed.sources) == 1 else ():
            if (at, name) in names and all((at, each) in names for each in inner):
                found.append((names[(at, name)], frozenset(names[(at, each)] for each in inner)))
    return tuple(found)


def _names(keyed: Keyed, outputs: Columns) -> dict[Place, str]:
    """Under which name each column of a source comes out."""
    found: dict[Place, str] = {}
    for place, column in zip(keyed.places, outputs.columns, strict=False):
        if place is not None and column.name:
            found.setdefault(place, column.name.casefold())
    return found


def _places(paths: Iterable[Path], keyed: Keyed) -> Group | None:
    found: set[Place] = set()
    for path in paths:
        place = keyed.place_of(path)
        if place is None:
            return None
        found.add(place)
    return frozenset(found)


def _group(projection: Projection, keyed: Keyed, outputs: Columns) -> frozenset[str] | None:
    """The outputs that GROUP BY lists, where it lists outputs only and all that it lists are outputs."""
    if projection.group is None or outputs.opened is not None:
        return None
    names = _names(keyed, outputs)
    listed = {column.name.casefold() for column in outputs.columns if column.name}
    found: set[str] = set()
    for path in projection.group:
        if path[0].startswith("#") and len(path) == 1:
            at = int(path[0][1:]) - 1 if path[0][1:].isdigit() else -1
            name = outputs.columns[at].name.casefold() if 0 <= at < len(outputs.columns) else ""
        else:
            place = keyed.place_of(path)
            name = names.get(place, "") if place is not None else ""
            if not name and len(path) == 1 and path[0].casefold() in listed:
                name = path[0].casefold()
        if not name:
            return None
        found.add(name)
    return frozenset(found)


def _of_rows(projection: Projection, keyed: Keyed) -> list[Group]:
    """The keys of what FROM and JOIN give, as columns of sources."""
    if projection.from_opened:
        return []
    found: list[Group] = [frozenset()]
    for at, source in enumerate(projection.sources):
        own = _of_source(at, keyed.sources[at], projection, keyed)
        found = own if at == 0 else _joined(found, own, at, source, keyed)
    for partition in projection.first_of:
        places = _places(partition, keyed)
        if places is not None:
            found.append(places)
    return found


def _of_source(at: int, columns: Columns, projection: Projection, keyed: Keyed) -> list[Group]:
    own = [frozenset((at, name) for name in key) for key in columns.keys]
    numbered = dict(columns.numbered)
    for path in projection.ones:
        place = keyed.place_of(path)
        if place is not None and place[0] == at and place[1] in numbered:
            own.append(frozenset((at, name) for name in numbered[place[1]]))
    return own


def _joined(left: list[Group], right: list[Group], at: int, source: From, keyed: Keyed) -> list[Group]:
    if source.hidden:
        return left
    here: set[str] = {name.casefold() for name in source.using}
    there: set[Place] = set()
    for pair in source.equal:
        places = [keyed.place_of(path) for path in pair]
        for one, other in (places, places[::-1]):
            if one is not None and one[0] == at and other is not None and other[0] < at:
                here.add(one[1])
                there.add(other)
    outer = source.side in ("right", "full")
    found: list[Group] = []
    if not outer and any(key <= {(at, name) for name in here} for key in right):
        found += left
    if source.side in ("", "right") and any(key <= there for key in left):
        found += right
    if not found:
        found = [one | other for one in left for other in right]
    return found[:_MOST]


def _smallest(keys: list[frozenset[str]]) -> tuple[frozenset[str], ...]:
    """Without keys that hold another one."""
    unique = list(dict.fromkeys(keys))
    return tuple(key for key in unique if not any(other < key for other in unique))[:_MOST]
