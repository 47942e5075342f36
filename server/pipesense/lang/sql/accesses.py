"""Which datasets a statement touches, and whether running it twice leaves one copy of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipesense.model.data import Access, AccessMode, DatasetName, Guard
from pipesense.model.sql import Clause, StatementFacts, TableDef, Write
from pipesense.model.value import Absent, Known, Unknown, Value
from pipesense.model.where import Loc

_MODES: Final = {
    "insert": AccessMode.APPEND,
    "copy": AccessMode.APPEND,
    "update": AccessMode.UPDATE,
    "delete": AccessMode.DELETE,
    "truncate": AccessMode.DELETE,
    "merge": AccessMode.MERGE,
}
_ROW_MODES: Final = {"delete": "DELETE", "truncate": "TRUNCATE"}
_HOLE_MARKS: Final = frozenset("{%$:")
_READING: Final[Value[Guard]] = Known(Guard("a read changes nothing"))


def accesses(facts: StatementFacts, loc: Loc, earlier: Sequence[StatementFacts]) -> tuple[Access, ...]:
    """Reads first, then writes, creations and drops; ``loc`` is the statement's unit.

    ``earlier`` are the statements that the script runs before: a DELETE, TRUNCATE or DROP of the same table
    makes an INSERT safe to run again. A guard is Known where something prevents duplicates, Absent where
    surely nothing does, Unknown where a masked part or an unread statement hides it. A dataset whose own
    name is masked is left out; masked outer parts of a name count as unknown.
    """
    if facts.error:
        return ()
    found = [
        Access(name, AccessMode.READ, _READING, loc.at(span), temporary=_is_temporary(name, earlier))
        for parts, span in facts.reads
        if (name := dataset(parts)) is not None
    ]
    if facts.write is not None and (name := dataset(facts.write.target)) is not None:
        found.append(_written(facts, facts.write, name, loc, earlier))
    if facts.table is not None and facts.table.kind != "alter":
        found += _created(facts.table, loc)
    for parts in facts.drops:
        if (name := dataset(parts)) is not None:
            guard: Value[Guard] = Known(Guard("DROP"))
            found.append(Access(name, AccessMode.DROP, guard, loc.at(facts.span)))
    return tuple(found)


def dataset(parts: tuple[str, ...]) -> DatasetName | None:
    """The dataset that a written name means: lower case, from the last masked part on; None if that is the last."""
    known: list[str] = []
    for part in reversed(parts):
        if _HOLE_MARKS.intersection(part):
            break
        known.append(part.lower())
    return DatasetName(tuple(reversed(known))) if known else None


def _same(parts: tuple[str, ...], name: DatasetName) -> bool:
    other = dataset(parts)
    if other is None:
        return False
    common = min(len(other.parts), len(name.parts))
    return other.parts[-common:] == name.parts[-common:]


def _is_temporary(name: DatasetName, earlier: Sequence[StatementFacts]) -> bool:
    return any(one.table is not None and one.table.temporary and _same(one.table.parts, name) for one in earlier)


def _written(
    facts: StatementFacts, write: Write, name: DatasetName, loc: Loc, earlier: Sequence[StatementFacts]
) -> Access:
    mode = _MODES[write.verb]
    if write.overwrite:
        mode = AccessMode.OVERWRITE
    if write.guard in ("INSERT OVERWRITE of a partition", "REPLACE WHERE"):
        mode = AccessMode.OVERWRITE_PARTITION
    temporary = write.temporary or _is_temporary(name, earlier)
    return Access(name, mode, _guard(facts, write, name, earlier), loc.at(write.target_span), temporary=temporary)


def _guard(facts: StatementFacts, write: Write, name: DatasetName, earlier: Sequence[StatementFacts]) -> Value[Guard]:
    if write.guard:
        return Known(Guard(write.guard))
    for statement in reversed(earlier):
        how = _clears(statement, name)
        if how:
            return Known(Guard(f"{how} of the same table before it"))
        if _takes_out(statement, facts, name):
            return Known(Guard("DELETE of what the table has already from what is inserted"))
    if any(statement.error for statement in earlier):
        return Unknown("a statement before it could not be read")
    if write.reads_target:
        return Unknown("its query reads the table that it fills, so it may leave out what is there")
    if write.holes - {Clause.SELECT}:
        return Unknown("a masked part of the statement may hold a condition")
    return Absent(
        Unknown("nothing keeps a second run from writing the same rows again"),
        ("the statement itself", "the statements before it"),
    )


def _takes_out(statement: StatementFacts, insert: StatementFacts, name: DatasetName) -> bool:
    """``DELETE FROM fresh USING target``, where the INSERT into the target then reads ``fresh``."""
    write = statement.write
    source = dataset(write.target) if write is not None and write.verb == "delete" else None
    return (
        source is not None
        and any(_same(parts, name) for parts, _ in statement.reads)
        and any(_same(parts, source) for parts, _ in insert.reads)
    )


def _clears(statement: StatementFacts, name: DatasetName) -> str:
    """How a statement removes the rows of a table, "" if it does not."""
    write = statement.write
    if write is not None and write.verb in _ROW_MODES and _same(write.target, name):
        return _ROW_MODES[write.verb]
    if any(_same(parts, name) for parts in statement.drops):
        return "DROP"
    table = statement.table
    if table is not None and table.kind == "table" and _same(table.parts, name):
        if table.replace:
            return "CREATE OR REPLACE"
        if not table.if_not_exists:
            return "CREATE"
    return ""


def _created(table: TableDef, loc: Loc) -> list[Access]:
    name = dataset(table.parts)
    if name is None:
        return []
    fills = table.from_query and table.kind == "table"
    if table.replace:
        guard = Guard("CREATE OR REPLACE")
    elif table.if_not_exists:
        guard = Guard("IF NOT EXISTS")
    else:
        guard = Guard("CREATE refuses a table that exists")
    mode = AccessMode.OVERWRITE if fills and table.replace else AccessMode.CREATE
    return [Access(name, mode, Known(guard), loc.at(table.name_span), temporary=table.temporary)]
