"""SQL that Python code hands to hooks, cursors and engines, and rows that it writes through them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.lang.python.frames import Frame, read_arguments
from pipesense.lang.python.functions import Function, own_calls
from pipesense.lang.python.index import CallSite
from pipesense.lang.python.module import Module
from pipesense.lang.python.strings import literal
from pipesense.model.data import Access, AccessMode, DatasetName
from pipesense.model.value import Known, Unknown, Value

_METHODS: Final = frozenset(
    {
        *("run", "get_records", "get_first", "get_pandas_df", "get_df", "get_polars_df", "insert_job"),
        *("execute", "executemany", "fetch_all", "scalar", "scalars", "exec_driver_sql", "copy_expert"),
        *("read_sql", "read_sql_query", "query", "raw_sql", "sql"),
    }
)
_NAMES: Final = ("sql", "query", "statement", "operation")
_SQL: Final = re.compile(
    r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(?:select|insert|update|delete|merge|with|create|drop|truncate|alter|copy|call|"
    r"replace|grant|vacuum|analyze|begin|explain)\b",
    re.I | re.S,
)
_DIALECTS: Final = (
    ("postgres", "postgres"),
    ("mysql", "mysql"),
    ("snowflake", "snowflake"),
    ("bigquery", "bigquery"),
    ("redshift", "redshift"),
    ("sqlite", "sqlite"),
    ("mssql", "tsql"),
    ("psycopg", "postgres"),
    ("asyncpg", "postgres"),
    ("duckdb", "duckdb"),
    ("oracle", "oracle"),
    ("trino", "trino"),
    ("presto", "presto"),
    ("clickhouse", "clickhouse"),
    ("databricks", "databricks"),
    ("hive", "hive"),
    ("athena", "athena"),
    ("pyodbc", "tsql"),
)
_MAX_DEPTH: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class SqlCall:
    """A call that runs SQL text; ``expr`` is the text."""

    expr: ast.expr
    dialect: str | None
    why: str
    connection: Value[str]
    scratch: bool = False
    """It runs in a database in memory, which ends with the process."""


def reached_calls(module: Module, function: Function) -> Iterator[CallSite]:
    """The calls in a function and in functions of the same file that it calls, in the order in which they run."""
    yield from _reached(module, function, {function.node}, 0)


def _reached(module: Module, function: Function, seen: set[ast.AST], depth: int) -> Iterator[CallSite]:
    for site in own_calls(module, function):
        yield site
        for callee in module.callables(site.node.func) if depth < _MAX_DEPTH else ():
            if callee.node not in seen and callee.module is module:
                seen.add(callee.node)
                yield from _reached(module, callee, seen, depth + 1)


def sql_call(module: Module, site: CallSite) -> SqlCall | None:
    """The SQL that a call runs, None where it runs none."""
    func = site.node.func
    if not isinstance(func, ast.Attribute) or func.attr not in _METHODS:
        return None
    given = site.node.args[0] if site.node.args else None
    if func.attr in ("read_sql", "read_sql_query") or given is None:
        given = given or next((word.value for word in site.node.keywords if word.arg in _NAMES), None)
    if given is None or isinstance(given, ast.Starred):
        return None
    text = literal(given, module)
    if text is None or text.loc.file != module.path or not _SQL.match(text.text):
        return None
    names = module.qualified(func)
    dialect = _dialect(names)
    why = names[0].rpartition(".")[0].removesuffix("()").rpartition(".")[2] if names else func.attr
    scratch = bool(names) and _in_memory(module, func.value, 0)
    return SqlCall(given, dialect, why, Unknown("no connection is named"), scratch)


_MEMORY: Final = frozenset({"duckdb.connect", "sqlite3.connect"})


def _in_memory(module: Module, expr: ast.expr, depth: int) -> bool:
    """Whether a connection or cursor belongs to a database in memory: ``duckdb.connect()``."""
    if isinstance(expr, ast.Attribute):
        return _in_memory(module, expr.value, depth)
    if isinstance(expr, ast.Name):
        found = [each.value for each in module.bindings_of(expr)] if depth < _MAX_DEPTH else []
        return len(found) == 1 and found[0] is not None and _in_memory(module, found[0], depth + 1)
    if not isinstance(expr, ast.Call):
        return False
    names = module.qualified(expr.func)
    if len(names) == 1 and names[0] in _MEMORY:
        given = read_arguments(expr, Frame(module), ("database",)).get("database")
        value = given.constant() if given is not None else None
        return (given is None and not expr.args and not expr.keywords) or (
            isinstance(value, Known) and value.value in (":memory:", None)
        )
    return isinstance(expr.func, ast.Attribute) and _in_memory(module, expr.func.value, depth)


def _dialect(names: tuple[str, ...]) -> str | None:
    for name in names:
        lowered = name.lower()
        for mark, dialect in _DIALECTS:
            if mark in lowered:
                return dialect
    return None


def table_write(module: Module, site: CallSite) -> Access | None:
    """The rows that ``hook.insert_rows`` or ``frame.to_sql`` write, where the table is a constant."""
    func = site.node.func
    if not isinstance(func, ast.Attribute) or func.attr not in ("insert_rows", "to_sql"):
        return None
    positions = ("table",) if func.attr == "insert_rows" else ("name", "con", "schema", "if_exists")
    given = read_arguments(site.node, Frame(module), positions)
    table = given.get("table", "name")
    value = table.constant() if table is not None else None
    if table is None or not isinstance(value, Known) or not isinstance(value.value, str):
        return None
    schema = given.get("schema")
    prefix = schema.constant() if schema is not None else None
    written = f"{prefix.value}.{value.value}" if isinstance(prefix, Known) and prefix.value else value.value
    dataset = dataset_of(written)
    if dataset is None:
        return None
    mode = AccessMode.APPEND
    replaced = given.get("if_exists", "replace")
    how = replaced.constant() if replaced is not None else None
    if isinstance(how, Known) and how.value in ("replace", True):
        mode = AccessMode.OVERWRITE if func.attr == "to_sql" else AccessMode.MERGE
    return Access(dataset, mode, Unknown("what ran before it is not known"), module.loc(table.value))


def dataset_of(text: str | None) -> DatasetName | None:
    """The dataset that a table argument names; None for templates and what is no name."""
    if text is None or "{" in text:
        return None
    parts = tuple(part for part in re.split(r"[.:]", text.replace("`", "").replace('"', "").lower()) if part)
    return DatasetName(parts) if parts and all(re.fullmatch(r"[\w$@#\- ]+", part) for part in parts) else None
