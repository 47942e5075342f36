"""What the statements of the workspace do with their columns, learned file by file while they are analysed anyway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pipesense.engine.record import FileRecord
from pipesense.lang.sql.habits import Counts, Habits, habits_of
from pipesense.lang.sql.usage import Sign
from pipesense.model.sql import StatementFacts

AT_ONCE: Final = 3
"""Statements that are learned while somebody waits: about five milliseconds."""
_ANY: Final = 1 << 30
_WHOLE: Final = -1
_NOTHING: Final[Mapping[Sign, Mapping[str, int]]] = {}


@dataclass(slots=True)
class Learned:
    """The habits of the workspace; nothing is learned until ``wanted``.

    A closed file is learned as a whole when it is put away, an open one statement by statement.
    """

    wanted: bool = False
    habits: Habits = field(default_factory=Habits)
    _files: dict[str, dict[int, tuple[StatementFacts | None, Counts]]] = field(default_factory=dict)
    _open: dict[str, FileRecord] = field(default_factory=dict)

    def note(self, record: FileRecord) -> None:
        """A file was judged: its facts are at hand."""
        if not self.wanted:
            return
        if record.is_open:
            self._open[record.path] = record
        elif not self.habits.full:
            self.drop(record.path)
            whole = Habits()
            for facts in _statements(record).values():
                whole.add(habits_of(facts))
            self._files[record.path] = {_WHOLE: (None, whole.counts)}
            self.habits.add(whole.counts)

    def drop(self, path: str) -> None:
        """Forget a file."""
        self._open.pop(path, None)
        for _, counts in self._files.pop(path, {}).values():
            self.habits.remove(counts)

    def refresh(self, most: int | None = None) -> bool:
        """Learn what changed in open files, at most so many statements; True while more is to be learned.

        What is gone is forgotten at once, so that no statement is evidence of what it was before the last key.
        """
        left = most if most is not None else len(self._open) * _ANY
        for path, record in list(self._open.items()):
            if record.is_open and not record.is_put_away:
                left = self._refresh(path, _statements(record), left)
        return left < 0

    def _refresh(self, path: str, statements: dict[int, StatementFacts], left: int) -> int:
        known = self._files.setdefault(path, {})
        for unit in [unit for unit, (facts, _) in known.items() if statements.get(unit) is not facts or facts is None]:
            self.habits.remove(known.pop(unit)[1])
        for unit, facts in statements.items():
            if unit in known or self.habits.full:
                continue
            left -= 1
            if left < 0:
                break
            counts = habits_of(facts)
            known[unit] = (facts, counts)
            self.habits.add(counts)
        return left

    def sources(self) -> dict[str, frozenset[str]]:
        """The tables of dbt's sources that statements read, by the source's name."""
        self.refresh(AT_ONCE)
        return {sign[1]: frozenset(names) for sign, names in self.habits.counts.items() if sign[0] == "source"}

    def of(self, path: str, unit: int) -> Mapping[Sign, Mapping[str, int]]:
        """What was learned from one statement of an open file."""
        return self._files.get(path, {}).get(unit, (None, _NOTHING))[1]


def _statements(record: FileRecord) -> dict[int, StatementFacts]:
    return {
        statement.loc.unit: statement.facts
        for script in record.linked.scripts.values()
        for statement in script.statements
        if not statement.facts.error
    }
