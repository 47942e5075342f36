"""The checks of data that a file's own statements make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipesense.engine.index import Key
from pipesense.lang.sql.checks import is_check_file, quality_checks
from pipesense.lang.sql.enum_type import enum_type
from pipesense.model.data import QualityCheck
from pipesense.model.sql import Statement
from pipesense.model.value import Known

if TYPE_CHECKING:
    from pipesense.engine.record import FileRecord


def own_checks(record: FileRecord, statement: Statement) -> tuple[tuple[Key, QualityCheck], ...]:
    """The checks that a statement makes, each under the key of the table that it checks."""
    unit = record.document.unit(statement.loc.unit)
    if unit is None:
        return ()
    if unit.checks is None:
        # In a string of a program, a query is run for its rows; only its comment can call it a check.
        in_file = record.document.language == "sql" and is_check_file(record.path)
        by = "/".join(record.path.split("/")[-2:])
        found = quality_checks(statement.facts, statement.loc, unit.text, by, check_file=in_file)
        unit.checks = tuple(
            (("checks", check.dataset.value.table), check) for check in found if isinstance(check.dataset, Known)
        )
    return unit.checks


def own_type(record: FileRecord, statement: Statement) -> tuple[Key, tuple[str, ...]] | None:
    """The type with listed values that a statement makes, under its name."""
    unit = record.document.unit(statement.loc.unit)
    found = enum_type(statement.facts, unit.text) if unit is not None else None
    return (("type", found[0]), (found[1],)) if found is not None else None
