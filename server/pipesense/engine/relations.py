"""The workspace's catalogue of relations as one file sees it: its own script first, then everybody's definitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from pipesense.engine.index import Key
from pipesense.lang.sql.bind import Binder
from pipesense.lang.sql.columns import Resolver, renamed
from pipesense.lang.sql.earlier import dataset
from pipesense.lang.sql.relation import is_sure, same_table
from pipesense.model.columns import ColumnOrigin, Columns, OutColumn, SqlType
from pipesense.model.data import Column, Confidence, Relation
from pipesense.model.shape import Path
from pipesense.model.sql import Statement
from pipesense.model.value import Known, Unknown, Value

_ITSELF = Columns((), Unknown("it is made from itself"))
_TOO_DEEP = Columns((), Unknown("views read views too deeply to be followed"))
_DEEPEST = 40


class Lookup(Protocol):
    """Where values under keys come from: the index, or the index with one file's values exchanged."""

    def get(self, key: Key) -> tuple[object, ...]:
        """All values under a key."""


@dataclass(slots=True)
class _Answer:
    """A binder with everything that was looked up for it so far."""

    statement: Statement
    binder: Binder
    reads: set[Key]


@dataclass(slots=True)
class Relations:
    """Answers about relations and columns, each worked out once; good for as long as the look-up does not change."""

    lookup: Lookup
    _statements: dict[int, _Answer] = field(default_factory=dict)
    _relations: dict[int, tuple[Relation, Columns, frozenset[Key]]] = field(default_factory=dict)
    _active: list[int] = field(default_factory=list)

    def of(self, statement: Statement) -> tuple[Binder, set[Key]]:
        """The binder of a statement, and the keys that its answers depend on, which grow with the questions."""
        known = self._statements.get(id(statement))
        if known is None:
            reads: set[Key] = set()
            binder = Binder(
                statement.facts, lambda parts: self.columns(parts, statement.local, reads), statement.variables
            )
            known = self._statements[id(statement)] = _Answer(statement, binder, reads)
        return known.binder, known.reads

    def find(self, parts: Path, local: tuple[Relation, ...], reads: set[Key]) -> Value[Relation]:
        """The relation that a written name surely means: one of the script's own, or the only one of the workspace."""
        for own in local:
            if is_sure(same_table(own.parts, parts)):
                if own.kind == "altered":
                    return self._altered(self._anywhere(parts, reads), own)
                return Known(own, own.loc)
        return self._anywhere(parts, reads)

    def _anywhere(self, parts: Path, reads: set[Key]) -> Value[Relation]:
        name = dataset(parts)
        if name is None:
            return Unknown("a template makes its name")
        key = ("relation", name.table)
        reads.add(key)
        candidates = [
            (same_table(each.parts, parts), each)
            for values in self.lookup.get(key)
            if isinstance(values, tuple)
            for each in values
            if isinstance(each, Relation)
        ]
        sure = [(match, each) for match, each in candidates if is_sure(match)]
        defined = [(match, each) for match, each in sure if each.kind != "altered"]
        if not defined:
            if any(match is not Confidence.NONE for match, _ in candidates):
                return Unknown(f"it cannot be told whether another {name.table} is meant")
            return Unknown(f"no file of the workspace creates {'.'.join(name.parts)}")
        best = max(match.value for match, _ in defined if match is not None)
        fitting = [each for match, each in defined if match is not None and match.value == best]
        first = fitting[0]
        if any(each.temporary for each in fitting):
            return Unknown("another script makes a temporary table of that name")
        if any(each != first for each in fitting):
            return Unknown(f"several files define {'.'.join(name.parts)} in different ways")
        found: Value[Relation] = Known(first, first.loc)
        for _, change in sure:
            if change.kind == "altered":
                found = self._altered(found, change)
        return found

    @staticmethod
    def _altered(found: Value[Relation], change: Relation) -> Value[Relation]:
        """A definition of which another script changes columns: what is known of it stays, the rest is open."""
        if not isinstance(found, Known):
            return found
        known = {column.name.casefold() for column in found.value.columns}
        added = tuple(column for column in change.columns if column.name.casefold() not in known)
        made = replace(
            found.value,
            columns=(*found.value.columns, *added) if found.value.query is None else found.value.columns,
            opened=found.value.opened or change.opened,
            dropped=tuple(dict.fromkeys((*found.value.dropped, *change.dropped))),
        )
        return Known(made, found.loc)

    def columns(self, parts: Path, local: tuple[Relation, ...], reads: set[Key]) -> Columns:
        """The columns of a table by its written name."""
        found = self.find(parts, local, reads)
        if not isinstance(found, Known):
            return Columns((), found if isinstance(found, Unknown) else Unknown("it is not known"))
        return self.columns_of(found.value, reads)

    def columns_of(self, relation: Relation, reads: set[Key]) -> Columns:
        """The columns of a relation, through the query that makes it."""
        if relation.query is None:
            return _declared(relation)
        known = self._relations.get(id(relation))
        if known is not None and known[0] is relation:
            reads |= known[2]
            return known[1]
        if id(relation) in self._active:
            return _ITSELF
        if len(self._active) >= _DEEPEST:
            return _TOO_DEEP
        own: set[Key] = set()
        self._active.append(id(relation))
        resolver = Resolver(relation.query, lambda parts: self.columns(parts, relation.local, own))
        found = _of_query(relation, resolver.outputs(relation.query.root) if relation.query.root >= 0 else _NO_QUERY)
        self._active.pop()
        if not self._active:  # inside a circle the answer depends on where one entered it
            self._relations[id(relation)] = (relation, found, frozenset(own))
        reads |= own
        return found

    def whole(self, found: Value[Relation], reads: set[Key]) -> Value[Relation]:
        """A relation with the columns that its query gives."""
        if not isinstance(found, Known) or found.value.query is None:
            return found
        relation = found.value
        columns = self.columns_of(relation, reads)
        places = {column.name.casefold(): column.loc for column in relation.columns}
        listed = tuple(
            Column(
                column.name,
                column.type.text,
                column.nullable,
                places.get(column.name.casefold(), relation.loc),
                column.comment,
                column.type.family,
            )
            for column in columns.columns
            if column.name
        )
        unnamed = None if all(column.name for column in columns.columns) else Unknown("a column has no name")
        return Known(replace(relation, columns=listed, opened=columns.opened or unnamed), found.loc)


_NO_QUERY = Columns((), Unknown("its query cannot be read"))
Asked = Callable[[Path], Columns]


def _declared(relation: Relation) -> Columns:
    table = tuple(part.casefold() for part in relation.parts) or relation.dataset.parts
    keys = [frozenset(name.casefold() for name in key) for key in (relation.primary_key, *relation.unique) if key]
    primary = {name.casefold() for name in relation.primary_key}
    return Columns(
        tuple(
            OutColumn(
                column.name,
                SqlType(column.family, column.type),
                False if column.name.casefold() in primary else column.nullable,
                (ColumnOrigin(table, column.name.casefold()),),
                True,
                column.comment,
            )
            for column in relation.columns
        ),
        relation.opened,
        tuple(dict.fromkeys(keys)),
    )


def _of_query(relation: Relation, given: Columns) -> Columns:
    if relation.columns and relation.kind != "model":
        given = renamed(given, tuple(column.name for column in relation.columns))
    keys = [frozenset(name.casefold() for name in key) for key in (relation.primary_key, *relation.unique) if key]
    return Columns(
        tuple(replace(column, item=-1) for column in given.columns),
        relation.opened or given.opened,
        tuple(dict.fromkeys((*given.keys, *keys))),
        given.numbered,
    )
