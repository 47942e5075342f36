"""What a table's checks are derived from, gathered over the workspace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipesense.engine.index import Key
from pipesense.engine.record import FileRecord
from pipesense.lang.sql.earlier import dataset as dataset_of
from pipesense.lang.sql.load import load_of
from pipesense.model.data import (
    WRITES,
    Access,
    AccessMode,
    Column,
    Confidence,
    DatasetName,
    QualityCheck,
    Relation,
)
from pipesense.model.quality import Load
from pipesense.model.sql import Statement
from pipesense.model.value import Known, Unknown, Value
from pipesense.model.where import Loc
from pipesense.quality.propose import Subject
from pipesense.quality.references import neighbours
from pipesense.rule.context import DatasetUse
from pipesense.text.span import Span

_HOLE_MARKS = frozenset("{}%$:@")
_OPENING = frozenset('"`[')


@dataclass(frozen=True, slots=True)
class Written:
    """A statement that brings rows into a table, with the text of its unit."""

    access: Access
    statement: Statement
    text: str
    emptied: bool
    """The script removed every row before."""


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Answers from the index; ``get`` may record what was asked. ``record_of`` gives files with all their facts."""

    get: Callable[[Key], tuple[object, ...]]
    record_of: Callable[[str], FileRecord | None]
    find: Callable[[DatasetName], Value[Relation]]
    """The shape of a dataset, with the columns that its query gives."""

    def subject(self, dataset: DatasetName, *, dialect: str | None = None, everything: bool = False) -> Subject:
        """All that is known of a table; where no file creates it, what its only load names."""
        found = self.find(dataset)
        writes = self.writes(dataset)
        relation = found.value if isinstance(found, Known) else _from_writes(dataset, writes)
        relation = replace(relation, columns=tuple(map(self._with_values, relation.columns)))
        related = tuple(
            each
            for name in neighbours(relation)
            for values in self.get(("relation", name))
            if isinstance(values, tuple)
            for each in values
            if isinstance(each, Relation) and each.kind not in ("altered", "dropped") and not each.temporary
        )
        return Subject(
            relation,
            self._dialect(relation, writes) if dialect is None else dialect,
            self._written_name(relation),
            related,
            _load(relation, writes),
            self.checks_on(dataset),
            everything,
            tuple(pair for column in relation.columns if (pair := self._written_column(column)) is not None),
            tuple((each.dataset, self._written_name(each)) for each in related),
        )

    def _with_values(self, column: Column) -> Column:
        """A column whose type lists its values somewhere else, as if it listed them here."""
        name = column.type.rpartition(".")[2].strip('"').lower()
        said = self.get(("type", name)) if name.isidentifier() else ()
        listed = {each for values in said if isinstance(values, tuple) for each in values}
        return replace(column, type=listed.pop()) if len(listed) == 1 else column

    def checks_on(self, dataset: DatasetName) -> tuple[QualityCheck, ...]:
        """The checks of a table that are there."""
        return tuple(
            check
            for values in self.get(("checks", dataset.table))
            if isinstance(values, tuple)
            for check in values
            if isinstance(check.dataset, Known) and check.dataset.value.match(dataset) is not Confidence.NONE
        )

    def writes(self, dataset: DatasetName) -> list[Written]:
        """The statements that bring rows into a table."""
        found: dict[Loc, Written] = {}
        for values in self.get(("uses", dataset.table)):
            for use in values if isinstance(values, tuple) else ():
                access = use.access if isinstance(use, DatasetUse) else None
                if access is None or access.temporary or access.mode not in WRITES:
                    continue
                made = self._written(access) if access.dataset.match(dataset) is not Confidence.NONE else None
                if made is not None:
                    found[access.loc] = made
        return list(found.values())

    def _written(self, access: Access) -> Written | None:
        record = self.record_of(access.loc.file)
        if record is None:
            return None
        for script in record.linked.scripts.values():
            emptied = False
            for statement in script.statements:
                if statement.loc.unit == access.loc.unit:
                    unit = record.document.unit(statement.loc.unit)
                    return Written(access, statement, unit.text, emptied) if unit is not None else None
                emptied = emptied or _empties(statement, access.dataset)
        return None

    def statement(self, loc: Loc) -> Statement | None:
        """The SQL statement at a place."""
        record = self.record_of(loc.file)
        statements = (
            statement
            for script in (record.linked.scripts.values() if record is not None else ())
            for statement in script.statements
        )
        return next((each for each in statements if each.loc.unit == loc.unit), None)

    def _dialect(self, relation: Relation, writes: list[Written]) -> str:
        """The dialect of the definition, else of the load."""
        defined = self.statement(relation.loc)
        said = [each.facts.dialect for each in (defined, *(each.statement for each in writes)) if each is not None]
        return next((dialect for dialect in said if dialect), "")

    def _text(self, loc: Loc) -> str:
        record = self.record_of(loc.file)
        return record.document.text_of(loc) if record is not None else ""

    def _written_name(self, relation: Relation) -> str:
        """A table's name as its definition writes it, quotes and all; masked parts of it left out."""
        text = self._text(relation.loc)
        return str(relation.dataset) if not text or _HOLE_MARKS.intersection(text) else text

    def _written_column(self, column: Column) -> tuple[str, str] | None:
        text = self._text(column.loc)
        return (column.name, text) if text[:1] in _OPENING and text[1:-1] == column.name else None


def _empties(statement: Statement, dataset: DatasetName) -> bool:
    """Whether no row of a table is left behind a statement."""
    write = statement.facts.write
    if write is None or write.filtered or write.holes or write.verb not in ("delete", "truncate"):
        return False
    target = dataset_of(write.target)
    return target is not None and target.match(dataset) is not Confidence.NONE


def _load(relation: Relation, writes: list[Written]) -> Value[Load]:
    columns = [column.name for column in relation.columns]
    if len(writes) > 1:
        return Unknown(f"{len(writes)} statements load it, so no single source has all its rows")
    if not writes:
        return Unknown("no statement of the workspace loads it")
    (only,) = writes
    if only.access.mode is AccessMode.UPDATE:
        return Unknown("the only statement that writes it changes rows and brings none")
    return load_of(only.statement.facts, only.text, columns, emptied=only.emptied)


def _from_writes(dataset: DatasetName, writes: list[Written]) -> Relation:
    """A relation of which only the columns that its loads name are known."""
    columns: dict[str, Column] = {}
    place = Loc("", 0, Span(0, 0))
    for each in writes:
        write = each.statement.facts.write
        for name in write.columns if write is not None else ():
            columns.setdefault(name.lower(), Column(name, "", None, each.access.loc))
        place = each.access.loc
    why = Unknown("no file of the workspace creates it")
    return Relation(dataset, tuple(columns.values()), (), (), place, why)
