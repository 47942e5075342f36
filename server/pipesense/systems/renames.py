"""Names of data libraries that a version gave up: found among a scope's operations, and written anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipesense.model.change import Change, Refusal, Replace, UseNewApi
from pipesense.model.code import ApiChange, ObsoleteUse
from pipesense.model.frames import FrameScope
from pipesense.model.value import Version


@dataclass(frozen=True, slots=True)
class Renamed:
    """``since`` is the first version without the name (or, for MOVED, with the new one); ``instead`` in words.

    ``fix`` is the new name where it stands in the same place and takes the same arguments, "" otherwise.
    """

    since: tuple[int, ...]
    instead: str
    fix: str = ""
    change: ApiChange = ApiChange.REMOVED


def obsolete_in(
    scopes: Iterable[FrameScope],
    table: Mapping[tuple[str, str], Renamed],
    package: str,
    version: Version,
) -> tuple[ObsoleteUse, ...]:
    """The operations that the table names by kind of receiver and method."""
    found: list[ObsoleteUse] = []
    for scope in scopes:
        for each in scope.operations:
            known = table.get((each.kind, each.name))
            if known is not None:
                what = each.name if each.kind == "" else f"{each.kind}.{each.name}"
                found.append(
                    ObsoleteUse(
                        scope.system,
                        what,
                        each.name_loc,
                        known.change,
                        known.since,
                        package,
                        version,
                        known.instead,
                        known.fix or None,
                    )
                )
    return tuple(found)


def write_name(change: Change) -> tuple[Replace, ...] | Refusal:
    """The new name in place of the old one."""
    if isinstance(change, UseNewApi) and change.use.fix:
        return (Replace(change.use.loc, change.use.fix),)
    return Refusal("there is no spelling for that change here")
