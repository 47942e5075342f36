"""Connections, and what is run on them: SQLAlchemy 1.4 and 2, and the drivers of DB-API (PEP 249).

https://docs.sqlalchemy.org/en/20/core/connections.html; autocommit by driver: the drivers' own documentation.
"""

from __future__ import annotations

import re
from typing import Final

from pipesense.lang.python.flow import Library, Made, Step
from pipesense.model.value import Known
from pipesense.systems.renames import Renamed
from pipesense.text.regex import regex

ENGINE, CONNECTION, TRANSACTION, CURSOR, DBAPI, CLAUSE, SESSIONS, SESSION, QUERY, TABLE = (
    *("engine", "connection", "transaction", "cursor", "dbapi", "clause", "session maker", "session", "query", "table"),
)

_CHANGES: Final = regex(r"\s*(?:--[^\n]*\n\s*)*(?:insert|update|delete|merge|replace|upsert)\b", re.I)
_DRIVERS: Final = {
    # Drivers that open a transaction by themselves and drop it when the connection is closed.
    **dict.fromkeys(("psycopg2.connect", "sqlite3.connect", "pymysql.connect", "MySQLdb.connect"), "drops"),
    **dict.fromkeys(("mysql.connector.connect", "cx_Oracle.connect", "oracledb.connect", "pymssql.connect"), "drops"),
    "redshift_connector.connect": "drops",
    # ``with`` commits at the end of the block.
    **dict.fromkeys(("psycopg.connect", "psycopg.Connection.connect", "pyodbc.connect"), "drops with-commits"),
    # They commit by themselves unless told otherwise.
    **dict.fromkeys(("snowflake.connector.connect", "duckdb.connect", "trino.dbapi.connect"), "commits"),
}
_WITH_COMMITS: Final = frozenset({"psycopg2.connect", "sqlite3.connect"})
"""A ``with`` over the connection commits (and does not close it)."""
HOOK: Final = "hook"
_HOOKS: Final = (
    *("airflow.providers.postgres.hooks.postgres.PostgresHook", "airflow.hooks.postgres_hook.PostgresHook"),
    *("airflow.providers.mysql.hooks.mysql.MySqlHook", "airflow.hooks.mysql_hook.MySqlHook"),
    *("airflow.providers.microsoft.mssql.hooks.mssql.MsSqlHook", "airflow.hooks.mssql_hook.MsSqlHook"),
    *("airflow.providers.oracle.hooks.oracle.OracleHook", "airflow.hooks.oracle_hook.OracleHook"),
    *("airflow.providers.sqlite.hooks.sqlite.SqliteHook", "airflow.hooks.sqlite_hook.SqliteHook"),
    "airflow.providers.amazon.aws.hooks.redshift_sql.RedshiftSQLHook",
)
"""Hooks whose ``get_conn()`` is a driver's connection with the driver's own transactions; whether a ``with`` over it
commits is up to the driver's version.
https://airflow.apache.org/docs/apache-airflow-providers-common-sql/stable/_api/airflow/providers/common/sql/hooks/sql/
(1.28)
"""
_OF_HOOKS: Final = tuple(dict.fromkeys(f"{name.rpartition('.')[0]}." for name in _HOOKS))
_FUNCTIONS: Final = frozenset(
    {
        *("insert", "update", "delete", "sql.expression.insert", "sql.insert", "sql.update", "sql.delete"),
        *(f"dialects.{name}.insert" for name in ("postgresql", "mysql", "sqlite")),
    }
)
_ENGINES: Final = frozenset(
    {
        *("create_engine", "engine.create_engine", "engine_from_config"),
        *("ext.asyncio.create_async_engine", "ext.asyncio.engine.create_async_engine"),
    }
)
_MAKERS: Final = frozenset({"orm.sessionmaker", "orm.session.sessionmaker", "ext.asyncio.async_sessionmaker"})
_SESSION_CLASSES: Final = (
    *("sqlalchemy.orm.Session", "sqlalchemy.orm.session.Session", "sqlmodel.Session"),
    *("sqlalchemy.ext.asyncio.AsyncSession", "sqlmodel.ext.asyncio.session.AsyncSession"),
)


_ENDS: Final = regex(r"\s*(?:commit|end(?:\s+transaction)?)\s*;?\s*$", re.I)
"""SQL that ends a transaction, and keeps what was written in it."""


def changes_data(text: str) -> bool:
    """Whether SQL text begins like a statement that changes rows."""
    return _CHANGES.match(text) is not None


def _engine(name: str, step: Step) -> Made | None:
    if name in _ENGINES:
        return Made(ENGINE, _autocommit(step))
    if name in ("text", "sql.text", "sql.expression.text"):
        given = step.given[0] if step.given else None
        text = given.starts if given is not None else ""
        if _ENDS.match(text):
            return Made(CLAUSE, frozenset({"ends"}))
        return Made(CLAUSE, frozenset({"changes"}) if changes_data(text) else frozenset())
    if name in _FUNCTIONS:
        return Made(CLAUSE, frozenset({"changes"}))
    if name in ("Table", "schema.Table", "sql.schema.Table"):
        return Made(TABLE)
    if name in _MAKERS:
        return Made(SESSIONS, _kept_open(step))
    if name == "orm.scoped_session":
        # One session for the whole thread: who commits on it stands anywhere.
        return Made(SESSIONS, frozenset({"open"}))
    return None


def _kept_open(step: Step) -> frozenset[str]:
    """What is not known of sessions that are given settings from elsewhere, or commit by themselves (1.x)."""
    return frozenset({"open"}) if any(each.name in ("autocommit", "**", "*") for each in step.given) else frozenset()


def _driver(package: str, name: str, step: Step) -> Made | None:
    kind = _DRIVERS.get(f"{package}.{name}")
    if kind is None:
        return None
    traits = set(kind.split())
    if f"{package}.{name}" in _WITH_COMMITS:
        traits.add("with-commits")
    given = step.argument("autocommit")
    if given is not None and isinstance(given.value, Known) and given.value.value is False:
        traits = (traits - {"commits"}) | {"drops"}
    elif given is not None:
        traits.add("commits")
    level = step.argument("isolation_level")
    if package == "sqlite3" and level is not None:
        traits.add("commits")
    if any(each.name == "**" for each in step.given):
        traits.add("open")
    return Made(DBAPI, frozenset(traits))


def judge(name: str, step: Step) -> Made | None:
    """What a function gives; ``name`` begins with its package."""
    if name in ("Session", "AsyncSession"):
        return Made(SESSION, _kept_open(step))
    if name.startswith(("sqlalchemy.", "sqlmodel.")):
        return _engine(name.partition(".")[2], step)
    package, _, rest = name.rpartition(".")
    return _driver(package, rest, step)


def _autocommit(step: Step) -> frozenset[str]:
    level = step.argument("isolation_level")
    if level is not None:
        known = isinstance(level.value, Known) and level.value.value != "AUTOCOMMIT"
        return frozenset() if known else frozenset({"commits"})
    if any(each.name in ("execution_options", "**") for each in step.given):
        return frozenset({"commits"})
    return frozenset()


def operation(step: Step) -> Made | None:
    """What an operation on an engine, connection, cursor or statement gives."""
    if step.kind == ENGINE:
        return _of_engine(step)
    if step.kind in (CONNECTION, TRANSACTION):
        if step.name == "execution_options":
            return Made(step.kind, step.traits | _autocommit(step))
        return Made(DBAPI, frozenset({"commits"})) if step.name == "connection" else None
    if step.kind == TABLE:
        return Made(CLAUSE, frozenset({"changes"})) if step.name in ("insert", "update", "delete") else None
    if step.kind == SESSIONS:
        return _of_sessions(step)
    if step.kind == SESSION:
        return Made(QUERY, step.traits) if step.name == "query" else None
    if step.kind == QUERY and step.form == "call":
        return Made(QUERY, step.traits) if step.name in _NARROWS else None
    if step.kind == HOOK and step.name == "get_conn":
        return Made(DBAPI, frozenset({"drops", "with-commits"}))
    if step.kind == DBAPI and step.name == "cursor":
        return Made(CURSOR, step.traits)
    if step.kind == CLAUSE and step.form == "call":
        return Made(CLAUSE, step.traits)
    return None


_NARROWS: Final = frozenset(
    {
        *("filter", "filter_by", "where", "join", "outerjoin", "order_by", "group_by", "having", "limit", "offset"),
        *("distinct", "options", "execution_options", "with_for_update", "select_from", "with_entities", "params"),
    }
)


def _of_sessions(step: Step) -> Made | None:
    if step.name == "__call__":
        return Made(SESSION, step.traits)
    if step.name == "begin":
        return Made(SESSION, step.traits | {"with-commits"})
    # A scoped session passes on everything to the session of the thread.
    return Made(QUERY, step.traits) if step.name == "query" else None


def _of_engine(step: Step) -> Made | None:
    if step.name == "connect":
        return Made(CONNECTION, step.traits)
    if step.name == "begin":
        return Made(TRANSACTION, step.traits)
    if step.name == "raw_connection":
        # The driver's own; given back to the pool it is rolled back.
        return Made(DBAPI, frozenset({"drops"}) if not step.traits else frozenset({"commits"}))
    if step.name == "execution_options":
        return Made(ENGINE, step.traits | _autocommit(step))
    return None


_BEGIN: Final = "with engine.begin() as connection: connection.execute(text(...))"
_GONE: Final = ("execute", "scalar", "table_names", "has_table", "run_callable")
RENAMED: Final = {("engine", name): Renamed((2, 0), _BEGIN) for name in _GONE}
"""https://docs.sqlalchemy.org/en/20/changelog/migration_20.html#implicit-and-connectionless-execution"""

LIBRARY: Final = Library(
    name="sql_clients",
    packages=(
        *("sqlalchemy.", "psycopg2.", "psycopg.", "sqlite3.", "pymysql.", "MySQLdb.", "mysql.", "cx_Oracle."),
        *(
            "sqlmodel.",
            "oracledb.",
            "pymssql.",
            "pyodbc.",
            "redshift_connector.",
            "snowflake.connector.",
            "duckdb.",
            "trino.",
        ),
        *_OF_HOOKS,
    ),
    quiet=_OF_HOOKS,
    whole_names=True,
    objects={
        "sqlalchemy.engine.Engine": ENGINE,
        "sqlalchemy.Engine": ENGINE,
        "sqlalchemy.engine.base.Engine": ENGINE,
        **dict.fromkeys(("sqlalchemy.ext.asyncio.AsyncEngine", "sqlalchemy.ext.asyncio.engine.AsyncEngine"), ENGINE),
        **dict.fromkeys(_SESSION_CLASSES, SESSION),
        **dict.fromkeys(_HOOKS, HOOK),
    },
    function=judge,
    operation=operation,
    silent=frozenset({CLAUSE, TABLE}),
    keeps_none=True,
    calls=frozenset({SESSIONS}),
)
