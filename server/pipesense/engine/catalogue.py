"""Which languages' readers and which systems the engine works with: the one list of them."""

from __future__ import annotations

from pipesense.model.sql import Hole, StatementFacts
from pipesense.systems.system import PythonSystem


def systems_in_use() -> tuple[PythonSystem, ...]:
    """Every system whose pipelines are Python code."""
    from pipesense.systems.airflow import SYSTEM as AIRFLOW

    return (AIRFLOW,)


def read_statement(text: str, dialect: str, *, holes: tuple[Hole, ...] = ()) -> StatementFacts:
    """What a SQL statement says; the parser is loaded at the first statement."""
    from pipesense.lang.sql.facts import read_statement as read

    return read(text, dialect, holes=holes)


def sql_dialects() -> frozenset[str]:
    """The names of the dialects that can be read."""
    from pipesense.lang.sql.dialect import NAMES

    return NAMES
