"""Who holds a name of dbt's: the project itself, or one of its packages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.engine.index import Key
from pipesense.engine.relations import Lookup
from pipesense.model.dbt import DbtNode, DbtProject, DbtTable

NODES: Final = ("model", "snapshot", "seed")
"""The kinds of nodes that ``ref`` may name."""


def values(lookup: Lookup, key: Key) -> Iterator[object]:
    """Everything under a key, one by one."""
    for several in lookup.get(key):
        yield from several if isinstance(several, tuple) else (several,)


def is_called(lookup: Lookup, folder: str, name: str) -> bool:
    """Whether the project in a folder bears a name."""
    found = values(lookup, ("dbt-project", folder))
    return any(isinstance(each, DbtProject) and each.name == name for each in found)


def holders(lookup: Lookup, folder: str, package: str = "") -> Iterator[str]:
    """The folders that may define a name: the project, then its packages; with ``package`` those of that name."""
    for each in (folder, *map(str, values(lookup, ("dbt-packages", folder)))):
        if not package or is_called(lookup, each, package):
            yield each


def nodes(lookup: Lookup, folder: str, name: str, package: str = "") -> list[DbtNode]:
    """The models, snapshots or seeds that a name in lower case means."""
    for each in holders(lookup, folder, package):
        found = [node for node in values(lookup, ("dbt-node", each, name)) if isinstance(node, DbtNode)]
        found = [node for node in found if node.kind in NODES]
        if found:
            return found
    return []


def tables(lookup: Lookup, folder: str, source: str, name: str) -> list[DbtTable]:
    """The tables of sources that ``source(source, name)`` means."""
    for each in holders(lookup, folder):
        found = [table for table in values(lookup, ("dbt-source", each, source, name)) if isinstance(table, DbtTable)]
        if found:
            return found
    return []
