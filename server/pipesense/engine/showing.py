"""What is shown of a file: its findings where they stand, without those that nobody wants to see."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from pipesense.engine import reporting
from pipesense.engine.project import Surroundings
from pipesense.engine.record import FileRecord
from pipesense.engine.severity import severity_at
from pipesense.rule.finding import Finding
from pipesense.rule.registry import Registry


@dataclass(slots=True)
class Showing:
    """Replaces what is shown of files.

    ``wanted`` are the files that somebody opened, named or listed; nothing is shown of others. ``revisions`` counts
    over all files: a file that is read again never gets a number that it had before.
    """

    surroundings: Surroundings
    registry: Registry
    place: reporting.Place
    wanted: Collection[str]
    hide_baseline: bool
    revisions: int = 0

    def replace(self, record: FileRecord, findings: Sequence[Finding], *, complete: bool) -> None:
        """Show these findings of a file; ``complete``: all of it could be read."""
        path, document = record.path, record.document
        config, enabled = self.surroundings.config(path), self.surroundings.enabled(path)
        placed = reporting.place_findings(
            *(document, findings, config, self.registry, enabled, self.place),
            partial(severity_at, record, self.registry),
            complete=complete,
            before=record.placed,
        )
        is_wanted = path in self.wanted
        reported = record.shown(placed) if is_wanted else ()
        if is_wanted and self.hide_baseline:
            hidden = self.surroundings.baseline(path)
            reported = tuple(each for each in reported if each.fingerprint not in hidden) if hidden else reported
        missing = record.gaps() if is_wanted else ()
        if reported != record.reported or missing != record.not_analysed:
            record.reported, record.not_analysed = reported, missing
            self.revisions += 1
            record.revision = self.revisions
