"""Flink SQL, in files and in the strings of PyFlink: a reading of its own for what no parser of the language knows."""

from __future__ import annotations

from typing import Final

from pipesense.model.sql import Hole, StatementFacts
from pipesense.systems.flink.signs import sign
from pipesense.systems.system import SqlSystem


def _read_statement(text: str, dialect: str, *, holes: tuple[Hole, ...] = ()) -> StatementFacts:
    from pipesense.systems.flink.read import read_statement

    return read_statement(text, dialect, holes=holes)


SYSTEM: Final = SqlSystem(name="flink", dialects=("flink",), sign=sign, read_statement=_read_statement)
