"""The relations that statements define, and what earlier statements of a script mean for later ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from pipesense.lang.sql.constraint import constraint
from pipesense.lang.sql.earlier import dataset
from pipesense.lang.sql.shape import query_of_macro, reachable, root_block, shape_of
from pipesense.lang.sql.types import type_of_name
from pipesense.model.data import Column, Confidence, DatasetName, ForeignKey, Relation
from pipesense.model.sql import ColumnDef, Expr, Statement, StatementFacts, TableDef
from pipesense.model.value import Unknown
from pipesense.model.where import Loc

_HOLE_MARKS: Final = frozenset("{%$:")


def same_table(one: tuple[str, ...], other: tuple[str, ...]) -> Confidence | None:
    """How surely two written names mean one table; None where a masked part lets nobody tell."""
    common = min(len(one), len(other))
    if common == 0:
        return Confidence.NONE
    unsure = False
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine.casefold() != theirs.casefold():
            if not _is_masked(mine) and not _is_masked(theirs):
                return Confidence.NONE
            unsure = True
    if unsure:
        return None
    if len(one) == len(other):
        return Confidence.EXACT
    # The same hole tells nothing where one of them names a catalog and the other does not.
    told = sum(not _is_masked(part) for part in one[-common:])
    return Confidence.TWO_PARTS if told > 1 else Confidence.UNIQUE_ONE_PART


def _is_masked(part: str) -> bool:
    return not _HOLE_MARKS.isdisjoint(part)


def relation(facts: StatementFacts, loc: Loc, local: tuple[Relation, ...] = ()) -> Relation | None:
    """What CREATE TABLE, CREATE VIEW or ALTER TABLE says of its relation; None for others and for masked names.

    ``loc`` is the statement's unit. ``local`` is what earlier statements of the script defined and this one reads.
    """
    table = facts.table
    if table is None or facts.error:
        return None
    name = dataset(table.parts)
    if name is None:
        return None
    return Relation(
        dataset=name,
        columns=tuple(_column(column, facts.dialect, loc) for column in table.columns),
        primary_key=table.primary_key,
        unique=table.unique,
        loc=loc.at(table.name_span),
        opened=_opened(table),
        foreign_keys=_foreign_keys(table),
        checks=tuple(map(constraint, table.checks)),
        stream=table.stream,
        kind="altered" if table.kind == "alter" else "external" if table.external else table.kind,
        parts=table.parts,
        temporary=table.temporary,
        partitioned_by=tuple(map(_partition, table.partitioned_by)),
        filter_required=("require_partition_filter", "true")
        in {(key, value.lower()) for key, value in table.properties},
        query=reachable(shape_of(facts).shape) if table.from_query else None,
        local=local if table.from_query else (),
        dropped=tuple(change.column.casefold() for change in table.changes if change.kind in ("drop", "rename")),
        required=tuple(change.column.casefold() for change in table.changes if change.kind == "set not null"),
    )


def model(statements: Iterable[Statement], name: str, project: str, loc: Loc, kind: str = "model") -> Relation:
    """The relation that a dbt model or snapshot is: what the one query of its file gives."""
    every = [*statements]
    queries = [each for each in every if each.facts.kind == "select" and root_block(each.facts) is not None]
    unread = [each for each in every if each.facts.error]
    one = queries[-1] if len(queries) == 1 and not unread else None
    by_macro = query_of_macro(every[0].facts) if not unread and len(every) == 1 else None
    why = f"the {kind}'s file holds no single query" if not unread else f"the {kind}'s query cannot be read"
    return Relation(
        dataset=DatasetName((name.lower(),)),
        columns=(),
        primary_key=(),
        unique=(),
        loc=one.at(one.facts.span) if one is not None else loc,
        opened=None if one is not None or by_macro is not None else Unknown(why),
        kind=kind,
        parts=(name,),
        query=reachable(shape_of(one.facts).shape) if one is not None else by_macro,
        local=one.local if one is not None else (),
        project=project,
    )


def _column(column: ColumnDef, dialect: str, loc: Loc) -> Column:
    family = type_of_name(column.type, dialect).family
    where = loc.at(column.name_span)
    return Column(column.name, column.type, column.nullable, where, column.comment, family, column.has_default)


def _partition(expr: Expr) -> str:
    """A column, or a call on columns: "day", "date(created_at)"."""
    if expr.op == "column":
        return expr.path[-1]
    named = [part.path[-1] for part in expr.walk() if part.op == "column"]
    return f"{expr.name or expr.op}({', '.join(named)})".lower() if named else expr.name


def _opened(table: TableDef) -> Unknown | None:
    if table.kind == "alter":
        return Unknown("it is altered where its columns are not defined")
    names = {name for name, _ in table.properties}
    if "like" in names:
        return Unknown("it is made LIKE another table")
    if "inherits" in names:
        return Unknown("it inherits from another table")
    if table.from_query or table.closed:
        return None
    return Unknown("its column list is not complete here")


def _foreign_keys(table: TableDef) -> tuple[ForeignKey, ...]:
    return tuple(
        ForeignKey(each.columns, target, each.target_columns)
        for each in table.references
        if (target := dataset(each.target)) is not None
    )


class Definitions:
    """The relations that a script has defined so far, by the last part of their names."""

    def __init__(self, loc: Loc) -> None:
        self._loc = loc
        self._known: dict[str, list[Relation]] = {}

    def add(self, facts: StatementFacts, made: Relation | None) -> None:
        """A statement ran; ``made`` is the relation that it says something of."""
        for parts in facts.drops:
            name = dataset(parts)
            if name is not None:
                gone = Unknown("the script drops it before")
                self._put(Relation(name, (), (), (), self._loc, gone, kind="dropped", parts=parts), name.table)
        if made is None or facts.table is None:
            return
        if facts.table.kind == "alter":
            before = self._find(made.parts)
            made = altered(before, facts.table, made) if before is not None else made
        self._put(made, made.dataset.table)

    def _put(self, made: Relation, table: str) -> None:
        known = self._known.setdefault(table, [])
        known[:] = [each for each in known if same_table(each.parts, made.parts) is not Confidence.EXACT]
        known.append(made)

    def _find(self, parts: tuple[str, ...]) -> Relation | None:
        name = dataset(parts)
        known = self._known.get(name.table, ()) if name is not None else ()
        return next((each for each in reversed(known) if is_sure(same_table(each.parts, parts))), None)

    def read_by(self, facts: StatementFacts) -> tuple[Relation, ...]:
        """Those that a statement reads or writes, as they are now."""
        if not self._known:
            return ()
        names = [parts for parts, _ in facts.reads]
        if facts.write is not None:
            names.append(facts.write.target)
        if facts.table is not None and facts.table.kind == "alter":
            names.append(facts.table.parts)
        found = [each for each in (self._find(parts) for parts in dict.fromkeys(names)) if each is not None]
        return _once(found)

    def relations(self) -> tuple[Relation, ...]:
        """All of them at the end of the script, those that it dropped left out."""
        return tuple(each for known in self._known.values() for each in known if each.kind != "dropped")


def _once(found: Iterable[Relation]) -> tuple[Relation, ...]:
    return tuple({id(each): each for each in found}.values())


def is_sure(confidence: Confidence | None) -> bool:
    """Whether two names mean one table so surely that a warning may stand on it."""
    return confidence in (Confidence.EXACT, Confidence.TWO_PARTS)


def altered(before: Relation, table: TableDef, change: Relation) -> Relation:
    """The relation after ALTER TABLE."""
    columns = list(before.columns)
    opened = before.opened
    names = [column.name.casefold() for column in columns]
    for each in table.changes:
        old = each.column.casefold()
        at = names.index(old) if old in names else -1
        if each.kind == "drop" and at >= 0:
            del columns[at], names[at]
        elif each.kind == "rename" and at >= 0:
            columns[at] = replace(columns[at], name=each.to)
            names[at] = each.to.casefold()
        elif each.kind == "type" and at >= 0:
            columns[at] = replace(columns[at], type=each.to, family=type_of_name(each.to).family)
        elif each.kind in ("set not null", "drop not null") and at >= 0:
            columns[at] = replace(columns[at], nullable=each.kind == "drop not null")
        elif each.kind == "rename table":
            opened = Unknown("the script gives it another name")
        elif each.kind in ("rename", "other"):
            opened = opened or Unknown("it is altered in a way that is not followed")
    for column in change.columns:
        if column.name.casefold() not in names:
            columns.append(column)
    if before.query is not None and (table.changes or change.columns):
        opened = opened or Unknown("it is made by a query and altered later")
    return with_keys(
        replace(
            before,
            columns=tuple(columns),
            opened=opened,
            dropped=tuple(dict.fromkeys((*before.dropped, *change.dropped))),
        ),
        change,
    )


def with_keys(before: Relation, change: Relation) -> Relation:
    """The relation with the keys that ALTER TABLE adds."""
    if not (change.primary_key or change.unique or change.foreign_keys):
        return before
    return replace(
        before,
        primary_key=before.primary_key or change.primary_key,
        unique=tuple(dict.fromkeys((*before.unique, *change.unique))),
        foreign_keys=tuple(dict.fromkeys((*before.foreign_keys, *change.foreign_keys))),
    )
