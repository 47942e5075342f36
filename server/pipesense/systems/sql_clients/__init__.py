"""SQL clients of Python: SQLAlchemy, the drivers of DB-API, and the hooks and clients that are given SQL text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipesense.lang.python import pins
from pipesense.lang.python.module import Module
from pipesense.model.change import Change, Refusal, Replace
from pipesense.model.value import Evidence, Version
from pipesense.systems.system import Embed, Lifted, PythonSystem


def _version(module: Module, files: Mapping[str, str], configured: str | None) -> Version:
    """SQLAlchemy's: DB-API has been the same since 1999."""
    if configured is not None and (number := pins.number(configured)):
        return Version(number, Evidence.PINNED, "the configuration")
    return pins.pinned("sqlalchemy", files) or Version()


def _lift(module: Module, version: Version, embed: Embed) -> Lifted:
    from pipesense.systems.sql_clients.lift import lift

    return lift(module, version, embed)


def _write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    return Refusal("SQL clients have nothing of their own to write that change with")


SYSTEM: Final = PythonSystem(
    name="sql_clients",
    marks=(
        *(".run(", ".get_records(", ".get_first(", ".get_pandas_df(", ".get_df(", ".get_polars_df(", ".insert_job("),
        *(".execute(", ".executemany(", ".fetch_all(", ".scalar(", ".scalars(", ".exec_driver_sql(", ".copy_expert("),
        *("read_sql", ".query(", ".raw_sql(", ".sql(", ".insert_rows(", "write_pandas(", "create_engine", ".connect("),
        *("sessionmaker", "Session("),
    ),
    version_files=pins.FILES,
    version=_version,
    lift=_lift,
    write=_write,
)
