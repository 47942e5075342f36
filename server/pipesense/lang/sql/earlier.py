"""What the statements that run before one mean for it: which tables they emptied, made for the session, or hid."""

from __future__ import annotations

from typing import Final, NamedTuple

from pipesense.model.data import DatasetName
from pipesense.model.sql import StatementFacts

_HOLE_MARKS: Final = frozenset("{%$:")
_ROW_VERBS: Final = {"delete": "DELETE", "truncate": "TRUNCATE"}


class Around(NamedTuple):
    """What matters of all earlier statements for one, so small that it can be compared at every key press.

    ``cleared``: how rows of the written table were removed before ("" if they were not); ``temporary``: the
    tables it touches that live no longer than the session; ``unread``: why a statement
    before it may have done what is not seen, "" where none may.
    """

    cleared: str = ""
    temporary: frozenset[DatasetName] = frozenset()
    unread: str = ""


_RUN_OTHERS: Final = frozenset(
    {
        "template",
        "call",
        "execute",
        "exec",
        "begin",
        "declare",
        "if",
        "for",
        "while",
        "loop",
        "repeat",
        "case",
        "do",
        "from",
        "psql",
    }
)
"""Kinds of statements that run others in which nothing is judged."""

ALONE: Final = Around()


class _Clearing(NamedTuple):
    """A statement that removes rows of ``name``, or (``source``) those that a later INSERT brings from there."""

    how: str
    name: DatasetName
    source: DatasetName | None = None


def _unseen(facts: StatementFacts) -> str:
    """Why a statement may change rows although nothing of that is seen: it is unread, or runs something else."""
    if facts.error:
        return "a statement before it could not be read"
    return "a statement before it runs what is not seen here" if facts.kind in _RUN_OTHERS else ""


class Earlier:
    """Gathers the statements of a script in order, by the tables that they touch."""

    def __init__(self) -> None:
        self._unread = ""
        self._temporary: dict[str, list[DatasetName]] = {}
        self._clearing: dict[str, list[_Clearing]] = {}

    def add(self, facts: StatementFacts) -> None:
        """A statement ran."""
        if not self._unread and (facts.error or facts.unjudged):
            self._unread = _unseen(facts)
        table, write = facts.table, facts.write
        if table is not None and table.temporary:
            _append(self._temporary, dataset(table.parts))
        if write is not None and write.verb in _ROW_VERBS:
            target = dataset(write.target)
            if write.verb == "delete" and target is not None:
                for parts, _ in facts.reads:
                    self._clears("DELETE of what the table has already from what is inserted", parts, target)
            self._clears(f"{_ROW_VERBS[write.verb]} of the same table before it", write.target)
        for parts in facts.drops:
            self._clears("DROP of the same table before it", parts)
        if table is not None and table.kind == "table" and (table.replace or not table.if_not_exists):
            how = "CREATE OR REPLACE" if table.replace else "CREATE"
            self._clears(f"{how} of the same table before it", table.parts)

    def around(self, facts: StatementFacts) -> Around:
        """What all statements so far mean for the next one."""
        target = dataset(facts.write.target) if facts.write is not None else None
        temporary: frozenset[DatasetName] = frozenset()
        if self._temporary:
            touched = [dataset(parts) for parts, _ in facts.reads]
            temporary = frozenset(name for name in (target, *touched) if name is not None and self._is_temporary(name))
        if target is None:
            return Around(temporary=temporary) if temporary else ALONE
        return Around(self._cleared(target, facts), temporary, self._unread)

    def _clears(self, how: str, parts: tuple[str, ...], source: DatasetName | None = None) -> None:
        name = dataset(parts)
        if name is not None:
            known = self._clearing.setdefault(name.table, [])
            made = _Clearing(how, name, source)
            if not known or known[-1] != made:
                known.append(made)

    def _is_temporary(self, name: DatasetName) -> bool:
        return any(_same(name, other) for other in self._temporary.get(name.table, ()))

    def _cleared(self, target: DatasetName, facts: StatementFacts) -> str:
        for each in reversed(self._clearing.get(target.table, ())):
            if _same(target, each.name) and (each.source is None or _reads(facts, each.source)):
                return each.how
        return ""


def _append(known: dict[str, list[DatasetName]], name: DatasetName | None) -> None:
    if name is not None and name not in known.setdefault(name.table, []):
        known[name.table].append(name)


def _reads(facts: StatementFacts, source: DatasetName) -> bool:
    return any((name := dataset(parts)) is not None and _same(name, source) for parts, _ in facts.reads)


def _same(one: DatasetName, other: DatasetName) -> bool:
    common = min(len(one.parts), len(other.parts))
    return one.parts[-common:] == other.parts[-common:]


def dataset(parts: tuple[str, ...]) -> DatasetName | None:
    """The dataset that a written name means: lower case, from the last masked part on; None if that is the last."""
    known: list[str] = []
    for part in reversed(parts):
        if not _HOLE_MARKS.isdisjoint(part):
            break
        known.append(part.lower())
    return DatasetName(tuple(reversed(known))) if known else None
