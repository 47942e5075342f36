"""SQL clients of Python: SQLAlchemy, the drivers of DB-API, and the hooks and clients that are given SQL text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipesense.lang.python import pins
from pipesense.lang.python.module import Module
from pipesense.model.change import Change, Refusal, Replace
from pipesense.model.value import Evidence, Version
from pipesense.systems.system import Embed, Lifted, PythonSystem
from pipesense.text.regex import regex

_RUNTIME: Final = regex(r"(?m)^\s*FROM\s+\S*astro\S*runtime:(\d+)\.\d+\.\d+")
_FIRST_RUNTIME: Final = 4
_LAST_RUNTIME: Final = 13
"""The releases of Astro Runtime that hold an Airflow 2; from Airflow 3 on they are called 3.0-1
(https://www.astronomer.io/docs/runtime/runtime-release-notes)."""


def _version(module: Module, files: Mapping[str, str], configured: str | None) -> Version:
    """SQLAlchemy's: DB-API has been the same since 1999."""
    if configured is not None and (number := pins.number(configured)):
        return Version(number, Evidence.PINNED, "the configuration")
    own = pins.pinned("sqlalchemy", files)
    return own or _of_airflow(module, files) or Version()


def _of_airflow(module: Module, files: Mapping[str, str]) -> Version | None:
    """Each Airflow 2 wants SQLAlchemy below 2, and what imports Airflow runs beside it.

    Source: https://pypi.org/project/apache-airflow/2.11.0/ and the releases before it.
    """
    if not any(name.partition(".")[0] == "airflow" for name in module.imports()):
        return None
    airflow = pins.pinned("apache-airflow", files, image="apache/airflow")
    if airflow is not None and airflow.evidence is Evidence.PINNED and airflow.below((3,)):
        return Version((1, 4), Evidence.PINNED, f"Airflow 2 in {airflow.source}")
    for name, text in files.items():
        found = _RUNTIME.search(text) if "astro" in text else None
        if found is not None and _FIRST_RUNTIME <= int(found[1]) <= _LAST_RUNTIME:
            return Version((1, 4), Evidence.PINNED, f"Airflow 2 in {name}")
    return None


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
        *("sessionmaker", "Session(", "execute_values(", "execute_batch("),
    ),
    version_files=pins.FILES,
    version=_version,
    lift=_lift,
    write=_write,
)
