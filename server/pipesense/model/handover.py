"""How the tasks of a pipeline hand data to one another."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.model.where import Loc


@dataclass(frozen=True, slots=True)
class LargeResult:
    """``task`` returns ``written`` at ``loc``, which is ``what`` ("a data frame"), and the system stores it."""

    task: str
    loc: Loc
    written: str
    what: str


@dataclass(frozen=True, slots=True)
class LocalFile:
    """``reader`` reads at ``loc`` the file ``path`` of one machine that ``writer`` writes at ``written_at``."""

    path: str
    writer: str
    reader: str
    loc: Loc
    written_at: Loc
