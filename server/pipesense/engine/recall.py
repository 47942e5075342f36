"""Files that were put away and are asked for again: they get their facts back, the last few of them for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pipesense.engine.agenda import Agenda
from pipesense.engine.index import Stage
from pipesense.engine.record import FileRecord

_KEPT: Final = 20
"""How many closed files have their facts at hand beside those that wait to be judged."""


class Recall:
    """``run`` runs a stage of a file, ``stale`` holds the paths of those that wait for one."""

    def __init__(self, run: Callable[[Stage, FileRecord], object], stale: Agenda) -> None:
        self._run = run
        self._stale = stale
        self._recalled: dict[str, FileRecord] = {}

    def whole(self, record: FileRecord | None) -> FileRecord | None:
        """The record with all its facts; those of a file that was put away are read again."""
        if record is None or not record.is_put_away:
            return record
        for stage in (Stage.LINK, Stage.COMPOSE):
            self._run(stage, record)
        record.is_put_away = False
        self._recalled.pop(record.path, None)
        self._recalled[record.path] = record
        if len(self._recalled) > _KEPT:
            oldest = self._recalled.pop(next(iter(self._recalled)))
            # What a stale file was read for is not judged yet, and an open one keeps its facts anyway.
            if not oldest.is_open and not oldest.is_put_away and oldest.path not in self._stale:
                oldest.put_away()
        return record
