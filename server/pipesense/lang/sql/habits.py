"""Counts of how columns are used over many statements: evidence for which one is meant at a place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Final

from pipesense.lang.jinja.references import reference
from pipesense.lang.sql.usage import Sign, Use, signs, stem, stemmed, uses
from pipesense.model.sql import StatementFacts

_MOST: Final = 600_000
"""Counts that are kept: some 100 MB of SQL are not read to the end of the memory."""

Counts = dict[Sign, dict[str, int]]
"""For each sign, how often which column stood at such a place."""


def habits_of(facts: StatementFacts) -> Counts:
    """What one statement says: how it uses its columns, and which of dbt's sources it reads."""
    found = counted(uses(facts))
    for parts, _ in facts.reads:
        named = reference(parts[-1]) if len(parts) == 1 else None
        if named is not None and named.kind == "source":
            _add(found, ("source", intern(named.group)), intern(named.name))
    return found


def counted(every: Iterable[Use]) -> Counts:
    """What some uses say."""
    found: Counts = {}
    for use in every:
        name = intern(use.name)
        for sign in signs(use):
            _add(found, sign, name)
            rest = stemmed(sign)
            if rest is not None:
                _add(found, rest, stem(name))
        if use.table:
            _add(found, ("table", use.table, use.clause.value), name)
    return found


def _add(counts: Counts, sign: Sign, name: str) -> None:
    of = counts.get(sign)
    if of is None:
        counts[sign] = {name: 1}
    else:
        of[name] = of.get(name, 0) + 1


@dataclass(slots=True)
class Habits:
    """The sums over everything that was learned; what is learned can be taken back."""

    counts: Counts = field(default_factory=dict)
    size: int = 0

    @property
    def full(self) -> bool:
        """Whether no more is kept."""
        return self.size >= _MOST

    def add(self, more: Mapping[Sign, Mapping[str, int]]) -> None:
        """Learn from a statement or file."""
        for sign, names in more.items():
            own = self.counts.setdefault(sign, {})
            for name, number in names.items():
                self.size += name not in own
                own[name] = own.get(name, 0) + number

    def remove(self, less: Mapping[Sign, Mapping[str, int]]) -> None:
        """Forget what was learned from a statement or file."""
        for sign, names in less.items():
            own = self.counts.get(sign, {})
            for name, number in names.items():
                left = own.get(name, 0) - number
                if left > 0:
                    own[name] = left
                elif own.pop(name, None) is not None:
                    self.size -= 1
            if not own:
                self.counts.pop(sign, None)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known at a place: the habits of all other statements, and the rest of the statement itself.

    ``without`` is taken off again: what was learned from the statement as it was before the key.
    """

    habits: Habits
    without: Mapping[Sign, Mapping[str, int]]
    here: Mapping[Sign, Mapping[str, int]]

    def count(self, sign: Sign, name: str, own: float) -> float:
        """How often a name stood at such a place; a use in the same statement counts ``own`` times."""
        total = float(
            self.habits.counts.get(sign, _NOTHING).get(name, 0) - self.without.get(sign, _NOTHING).get(name, 0)
        )
        return max(total, 0.0) + own * self.here.get(sign, _NOTHING).get(name, 0)

    def columns(self, table: str, without_name: str) -> list[str]:
        """The columns that statements read from a table, the most frequent first."""
        found: dict[str, float] = {}
        for clause in _CLAUSES:
            sign = ("table", table, clause)
            for name in (*self.habits.counts.get(sign, _NOTHING), *self.here.get(sign, _NOTHING)):
                found[name] = found.get(name, 0.0) + self.count(sign, name, 1.0)
        names = [name for name, number in found.items() if number > 0 and name != without_name]
        return sorted(names, key=lambda name: (-found[name], name))


_CLAUSES: Final = ("select", "where", "on", "group", "order", "having", "qualify")
_NOTHING: Final[Mapping[str, int]] = {}
