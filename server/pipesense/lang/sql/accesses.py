"""Which datasets a statement touches, and whether running it twice leaves one copy of the rows."""

from __future__ import annotations

from typing import Final

from pipesense.lang.sql.earlier import ALONE, Around, dataset
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
_READING: Final[Value[Guard]] = Known(Guard("a read changes nothing"))


def accesses(facts: StatementFacts, loc: Loc, around: Around = ALONE) -> tuple[Access, ...]:
    """Reads first, then writes, creations and drops; ``loc`` is the statement's unit.

    ``around`` is what the statements that the script runs before mean for it (see ``Earlier``). A guard is Known
    where something prevents duplicates, Absent where surely nothing does, Unknown where a masked part or an unread
    statement hides it. A dataset whose own name is masked is left out; masked outer parts of a name count as
    unknown.
    """
    if facts.error:
        return ()
    found = [
        Access(name, AccessMode.READ, _READING, loc.at(span), temporary=name in around.temporary)
        for parts, span in facts.reads
        if (name := dataset(parts)) is not None
    ]
    if facts.write is not None and (name := dataset(facts.write.target)) is not None:
        found.append(_written(facts, facts.write, name, loc, around))
    if facts.table is not None and facts.table.kind != "alter":
        found += _created(facts.table, loc)
    for parts in facts.drops:
        if (name := dataset(parts)) is not None:
            guard: Value[Guard] = Known(Guard("DROP"))
            found.append(Access(name, AccessMode.DROP, guard, loc.at(facts.span)))
    return tuple(found)


def _written(facts: StatementFacts, write: Write, name: DatasetName, loc: Loc, around: Around) -> Access:
    mode = _MODES[write.verb]
    if write.overwrite:
        mode = AccessMode.OVERWRITE
    if write.guard in ("INSERT OVERWRITE of a partition", "REPLACE WHERE"):
        mode = AccessMode.OVERWRITE_PARTITION
    temporary = write.temporary or name in around.temporary
    guard, streaming = _guard(write, around), facts.stream is not None
    return Access(name, mode, guard, loc.at(write.target_span), streaming=streaming, temporary=temporary)


def _guard(write: Write, around: Around) -> Value[Guard]:
    how = write.guard or around.cleared
    if how:
        return Known(Guard(how))
    if around.unread:
        return Unknown(around.unread)
    if write.reads_target:
        return Unknown("its query reads the table that it fills, so it may leave out what is there")
    if write.holes - {Clause.SELECT}:
        return Unknown("a masked part of the statement may hold a condition")
    return Absent(
        Unknown("nothing keeps a second run from writing the same rows again"),
        ("the statement itself", "the statements before it"),
    )


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
