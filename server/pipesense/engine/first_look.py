"""The top of a long SQL file, shown before the rest of it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipesense.engine.agenda import Agenda
from pipesense.engine.index import Index, Stage
from pipesense.engine.record import FileRecord
from pipesense.engine.showing import Showing
from pipesense.engine.stages import Stages

_LONG: Final = 40_000
"""Characters that take more than the blink of an eye to read."""


@dataclass(frozen=True, slots=True)
class FirstLook:
    """Reads an opened file piece by piece.

    Only what a statement says by itself is shown: that stays true whatever the rest of the file holds.
    """

    records: Mapping[str, FileRecord]
    agenda: Agenda
    index: Index
    stages: Stages
    showing: Showing

    def is_worth_it(self, path: str) -> bool:
        """Whether a file takes so long to read that its top should be shown first."""
        record = self.records.get(path)
        return record is not None and record.document.language == "sql" and len(record.document.text) > _LONG

    def read_on(self, path: str) -> bool:
        """Read a few milliseconds of a stale file ahead; True while there is more to read."""
        record = self.records.get(path)
        if record is None or self.agenda.stage(path) != Stage.LINK:
            return False
        return self.stages.prepare(record, self.index)

    def statements_read(self, path: str) -> int:
        """How many statements have been read."""
        return sum(unit.facts is not None for unit in self.records[path].document.units)

    def show(self, path: str) -> bool:
        """Show what the statements that were read say; True if they say anything."""
        record = self.records[path]
        self.showing.replace(record, self.stages.first_findings(record, self.index), complete=False)
        return bool(record.reported)
