"""Names of Prefect that a later release took out or moved."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pipesense.lang.python.module import Module
from pipesense.lang.python.uses import uses_of
from pipesense.model.code import ApiChange, ObsoleteUse
from pipesense.model.value import Version
from pipesense.systems.prefect.tables import MOVED, REMOVED


def obsolete_in(module: Module, statement: ast.stmt, version: Version) -> Iterator[ObsoleteUse]:
    """The obsolete names in one top-level statement; code of Prefect 1 is another program altogether."""
    if version.number[:1] == (1,):
        return
    for use in uses_of(module, statement, REMOVED.keys() | MOVED.keys()):
        removed = REMOVED.get(use.name)
        since, instead = removed if removed is not None else ((3,), MOVED[use.name])
        yield ObsoleteUse(
            system="prefect",
            what=use.name,
            loc=use.loc,
            change=ApiChange.REMOVED if removed is not None else ApiChange.MOVED,
            since=since,
            package="prefect",
            target=version,
            instead=instead,
            guarded=use.guarded,
        )
