"""SQL that Python code hands to hooks, cursors and engines, and rows that it writes through them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from pipesense.lang.python.frames import Frame, read_arguments
from pipesense.lang.python.functions import Function, own_calls
from pipesense.lang.python.index import CallSite, dotted
from pipesense.lang.python.module import Module
from pipesense.lang.python.strings import literal
from pipesense.model.data import DatasetName
from pipesense.model.flow import EmbeddedRun, Pipeline, Runs, Task
from pipesense.model.making import remade
from pipesense.model.value import Known, Unknown, Value
from pipesense.text.regex import regex

_METHODS: Final = frozenset(
    {
        *("run", "get_records", "get_first", "get_pandas_df", "get_df", "get_polars_df", "insert_job"),
        *("execute", "executemany", "fetch_all", "scalar", "scalars", "exec_driver_sql", "copy_expert"),
        *("read_sql", "read_sql_query", "query", "raw_sql", "sql"),
        *("execute_many", "execute_query", "fetch_one", "fetch_many", "query_one"),
    }
)
_FUNCTIONS: Final = {
    "execute_values": frozenset({"psycopg2.extras.execute_values"}),
    "execute_batch": frozenset({"psycopg2.extras.execute_batch"}),
}
"""Functions that take a cursor and then the statement: https://www.psycopg.org/docs/extras.html#fast-execution-helpers"""
_NAMES: Final = ("sql", "query", "statement", "operation")
_SQL: Final = regex(
    r"\s*(?:--[^\n]*\n\s*|/\*(?:[^*]|\*(?!/))*\*/\s*)*(?:select|insert|update|delete|merge|with|create|drop|truncate|alter|copy|call|"
    r"replace|grant|vacuum|analyze|begin|explain)\b",
    re.I | re.S,
)
_SURELY: Final = regex(
    r"\s*(?:--[^\n]*\n\s*|/\*(?:[^*]|\*(?!/))*\*/\s*)*(?:select\b.*\bfrom\b|select\s+[\d@(]|insert\s+(?:ignore\s+|overwrite\s+)?"
    r"(?:into|table|\w+)\b|update\s+[^\s]+.*\bset\b|delete\s+from\b|merge\s+into\b|with\s+\S+\s+as\s*\(|"
    r"(?:create|drop|alter)\s+(?:or\s+replace\s+)?(?:temp|temporary|external|transient|materialized|unique|table|view|"
    r"schema|database|index|function|procedure|user|role|type|extension|sequence|stage|stream|task|warehouse)\b|"
    r"truncate\s+(?:table\s+)?[^\s]+\s*;?\s*$|copy\s+(?:into\s+)?\S+.*\b(?:from|to)\b|replace\s+into\b|grant\s+\w+\b.*\bto\b|"
    r"vacuum\b|analyze\b|call\s+[\w.]+\s*\(|begin\b|explain\s)",
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
    ("pyspark", "spark"),
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


@dataclass(frozen=True, slots=True, eq=False)
class SqlText:
    """SQL that a task runs, not yet numbered: an expression of the lifted file."""

    expr: ast.expr
    dialect: str | None
    why: str
    connection: Value[str]
    task: str
    scratch: bool = False


Number = Callable[[ast.expr, "str | None", str, Value[str]], "int | None"]


class Numberless(Protocol):
    """A pipeline whose SQL texts have no numbers yet; ``node`` is what it was lifted from."""

    @property
    def pipeline(self) -> Pipeline: ...

    @property
    def texts(self) -> tuple[SqlText, ...]: ...

    @property
    def node(self) -> ast.AST: ...


def numbered(module: Module, built: Numberless, embed: Number) -> Pipeline:
    """The pipeline with the numbers that the engine gives to its SQL texts, in place of their places in ``texts``."""
    numbers = tuple(embed(text.expr, text.dialect, text.why, text.connection) for text in built.texts)
    if not numbers:
        return built.pipeline
    tag = ("numbered SQL", built, numbers)
    return module.memo(tag, [built.node], lambda: _with_numbers(built.pipeline, numbers))


class NumberlessTask(Protocol):
    """A task whose SQL texts have no numbers yet; ``node`` is what it was lifted from."""

    @property
    def task(self) -> Task: ...

    @property
    def texts(self) -> tuple[SqlText, ...]: ...

    @property
    def node(self) -> ast.AST: ...


def numbered_task(module: Module, built: NumberlessTask, embed: Number) -> Task:
    """``numbered`` for a task that stands for itself."""
    numbers = tuple(embed(text.expr, text.dialect, text.why, text.connection) for text in built.texts)
    if not numbers:
        return built.task
    tag = ("numbered SQL", built, numbers)
    return module.memo(tag, [built.node], lambda: _task_with_numbers(built.task, numbers))


def _with_numbers(pipeline: Pipeline, numbers: tuple[int | None, ...]) -> Pipeline:
    return remade(pipeline, tasks=tuple(_task_with_numbers(task, numbers) for task in pipeline.tasks))


def _task_with_numbers(task: Task, numbers: tuple[int | None, ...]) -> Task:
    if not any(isinstance(each, EmbeddedRun) for each in task.runs):
        return task
    runs: list[Runs] = []
    for each in task.runs:
        if isinstance(each, EmbeddedRun):
            number = numbers[each.unit]
            runs += [remade(each, unit=number)] if number is not None else []
        else:
            runs.append(each)
    return remade(task, runs=tuple(runs))


def sql_calls(module: Module, function: Function | None) -> tuple[SqlCall, ...]:
    """The SQL that a function's own code runs (None: the file's top level), in its order."""
    calls = own_calls(module, function)
    return tuple(found for site in calls if (found := sql_call(module, site)) is not None)


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
    name = func.attr if isinstance(func, ast.Attribute) else site.callee
    if name in _FUNCTIONS:
        return _by_function(module, site.node, _FUNCTIONS[name])
    if not isinstance(func, ast.Attribute) or name not in _METHODS:
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
    if not names and not _SURELY.match(text.text):
        # ``agent.run("Select the best")``: what nobody knows must be given more than one word of SQL.
        return None
    dialect = _dialect(names)
    if func.attr == "sql" and dotted(func.value).rpartition(".")[2] == "spark":
        # The session that notebooks and jobs are handed is called so everywhere.
        dialect = "spark"
    why = names[0].rpartition(".")[0].removesuffix("()").rpartition(".")[2] if names else func.attr
    scratch = bool(names) and _in_memory(module, func.value, 0)
    return SqlCall(given, dialect, why, _connection(module, func.value, names, 0), scratch)


def _by_function(module: Module, call: ast.Call, known: frozenset[str]) -> SqlCall | None:
    """The statement that a function runs on the cursor that it is given first."""
    names = module.qualified(call.func)
    if not known.intersection(names) or any(isinstance(each, ast.Starred) for each in call.args[:2]):
        return None
    given = call.args[1] if len(call.args) > 1 else next((w.value for w in call.keywords if w.arg == "sql"), None)
    text = literal(given, module) if given is not None else None
    if given is None or text is None or text.loc.file != module.path or not _SQL.match(text.text):
        return None
    cursor = call.args[0] if call.args else next((w.value for w in call.keywords if w.arg == "cur"), None)
    on = module.qualified(cursor) if isinstance(cursor, ast.Name | ast.Attribute | ast.Call) else ()
    connection = _connection(module, cursor, on, 0) if cursor is not None else Unknown("no connection is named")
    return SqlCall(given, _dialect(names), names[0].rpartition(".")[2], connection)


def _connection(module: Module, expr: ast.expr, names: tuple[str, ...], depth: int) -> Value[str]:
    """The id of the connection that Airflow's hook behind a cursor or connection is given."""
    if len(names) != 1 or "Hook" not in names[0]:
        return Unknown("no connection is named")
    if isinstance(expr, ast.Attribute):
        return _connection(module, expr.value, names, depth)
    if isinstance(expr, ast.Name):
        found = [each.value for each in module.bindings_of(expr)] if depth < _MAX_DEPTH else []
        if len(found) == 1 and found[0] is not None:
            return _connection(module, found[0], names, depth + 1)
    if not isinstance(expr, ast.Call):
        return Unknown("the connection is computed")
    if not any(each.endswith("Hook") for each in module.qualified(expr.func)):
        inside = expr.func.value if isinstance(expr.func, ast.Attribute) else None
        return Unknown("the connection is computed") if inside is None else _connection(module, inside, names, depth)
    # DbApiHook takes the id as its only argument by position too.
    given = expr.args[0] if len(expr.args) == 1 else None
    given = next((word.value for word in expr.keywords if (word.arg or "").endswith("conn_id")), given)
    value = module.value(given) if given is not None else None
    if isinstance(value, Known) and isinstance(value.value, str):
        return Known(value.value, value.loc)
    return Unknown("the connection is computed")


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


def dataset_of(text: str | None) -> DatasetName | None:
    """The dataset that a table argument names; None for templates and what is no name."""
    if text is None or "{" in text:
        return None
    parts = tuple(part for part in re.split(r"[.:]", text.replace("`", "").replace('"', "").lower()) if part)
    return DatasetName(parts) if parts and all(re.fullmatch(r"[\w$@#\- ]+", part) for part in parts) else None
