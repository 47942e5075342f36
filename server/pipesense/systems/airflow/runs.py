"""What a task runs: functions of the workspace, SQL in strings and files, and things outside."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipesense.lang.python.frames import Frame, constant, follow
from pipesense.lang.python.functions import Function
from pipesense.lang.python.module import Module
from pipesense.lang.python.sql_calls import SqlText
from pipesense.model.flow import CallableRun, EmbeddedRun, OtherRun, Runs, SqlFileRun
from pipesense.model.value import Known, Unknown, Value, known
from pipesense.systems.airflow.names import RUN
from pipesense.systems.airflow.things import DagDraft, TaskDraft

_SQL_FILES: Final = (".sql", ".hql", ".ddl", ".dml")
_SQL_KEYWORDS: Final = ("sql", "hql", "query")
_COMMANDS: Final = ("bash_command", "command", "cmds", "arguments")
_DIALECTS: Final = {
    "postgres": "postgres",
    "mysql": "mysql",
    "sqlite": "sqlite",
    "snowflake": "snowflake",
    "redshift": "redshift",
    "google_cloud": "bigquery",
    "bigquery": "bigquery",
    "mssql": "tsql",
    "oracle": "oracle",
    "trino": "trino",
    "presto": "presto",
    "athena": "athena",
    "databricks": "databricks",
    "duckdb": "duckdb",
    "clickhouse": "clickhouse",
    "hive_cli": "hive",
    "hiveserver2": "hive",
}
"""Dialects by what stands before ``_default`` in the ids of the connections that Airflow itself creates."""


@dataclass(frozen=True, slots=True, eq=False)
class TaskRuns:
    """``runs`` in order; an EmbeddedRun's number is its place in ``texts`` until the engine has given it one."""

    runs: tuple[Runs, ...]
    texts: tuple[SqlText, ...]
    connection: Value[str]


def task_runs(task: TaskDraft, first: int) -> TaskRuns:
    """What a task runs; ``first`` is the number of its first SQL text."""
    connection = _connection(task)
    runs: list[Runs] = []
    texts: list[SqlText] = []
    module = task.frame.module
    if task.function is not None:
        runs.append(CallableRun(task.function.name, module.loc(task.function.node)))
    called = task.argument("python_callable")
    if called is not None:
        expr, frame = follow(called.value, called.frame)
        if isinstance(expr, ast.Attribute) and expr.attr == "function" and not module.callables(expr):
            # What ``@task`` makes of a function keeps the function itself under this name.
            expr = expr.value
        runs += _callable_runs(expr, frame, module.callables(expr))
    for method in _methods(task):
        runs.append(CallableRun(method.name, module.loc(task.node)))
    dialect, why = _dialect(task, connection)
    for expr, frame in _sql_expressions(task):
        run = _sql_run(task, expr, frame, dialect, why, first + len(texts))
        if isinstance(run, EmbeddedRun):
            texts.append(SqlText(expr, dialect, why, connection, task.name))
        if run is not None:
            runs.append(run)
    if not runs:
        runs += _other_runs(task)
    return TaskRuns(tuple(runs), tuple(texts), connection)


def _methods(task: TaskDraft) -> Iterator[Function]:
    """The methods of workspace classes that do the operator's work."""
    for name in RUN if task.construct is not None else ():
        method = task.construct.method(name) if task.construct is not None else None
        if method is not None:
            yield method


def _callable_runs(expr: ast.expr, frame: Frame, functions: Sequence[Function]) -> Iterator[Runs]:
    module = frame.module
    for function in functions:
        yield CallableRun(function.name, module.loc(expr))
    if not functions:
        names = module.qualified(expr)
        written = names[0] if names else module.text_of(expr)
        yield CallableRun(written, module.loc(expr))


def _connection(task: TaskDraft) -> Value[str]:
    """The connection that the task names."""
    names = task.facts.connections if task.facts is not None else ()
    given = task.argument(*names, "conn_id") or next(
        (
            item
            for layer in task.layers
            for name, item in layer.items.items()
            if name.endswith("_conn_id") and not name.startswith(("gcp_", "google_cloud_"))
        ),
        None,
    )
    if given is None:
        return Unknown("no connection is named")
    value = given.constant()
    if isinstance(value, Known) and isinstance(value.value, str):
        return Known(value.value, given.loc)
    return Unknown("the connection is computed")


def _dialect(task: TaskDraft, connection: Value[str]) -> tuple[str | None, str]:
    if task.facts is not None and task.facts.dialect:
        return task.facts.dialect, task.kind
    if isinstance(connection, Known):
        found = _DIALECTS.get(connection.value.removesuffix("_default"))
        if found is not None and connection.value.endswith("_default"):
            return found, f"connection {connection.value}"
    return None, task.kind


def _sql_expressions(task: TaskDraft) -> Iterator[tuple[ast.expr, Frame]]:
    """The SQL texts among a task's arguments, lists taken apart."""
    facts = task.facts
    own = task.construct is not None and bool(task.construct.classes)
    names = (facts.sql,) if facts is not None and facts.sql else _SQL_KEYWORDS if facts is None or own else ()
    if task.function is not None:
        return
    given = task.argument(*names) if names else None
    if given is None or (facts is not None and facts.table and facts.sql == facts.table):
        return
    expr, frame = follow(given.value, given.frame)
    for key in facts.sql_path if facts is not None else ():
        expr, frame = _inside(expr, frame, key)
        if isinstance(expr, ast.Constant) and expr.value is None:
            return
    yield from _pieces(expr, frame)


def _inside(expr: ast.expr, frame: Frame, key: str) -> tuple[ast.expr, Frame]:
    entry = frame.module.dictionary(expr).entries.get(key)
    return follow(entry.value, frame) if entry is not None else (ast.Constant(None), frame)


def _pieces(expr: ast.expr, frame: Frame) -> Iterator[tuple[ast.expr, Frame]]:
    if isinstance(expr, ast.Name):
        found = frame.module.definition(expr)
        if len(found) == 1 and isinstance(found[0], ast.List | ast.Tuple):
            expr = found[0]
    if isinstance(expr, ast.List | ast.Tuple):
        for element in expr.elts:
            yield follow(element, frame)
    else:
        yield expr, frame


def _sql_run(task: TaskDraft, expr: ast.expr, frame: Frame, dialect: str | None, why: str, number: int) -> Runs | None:
    module = frame.module
    loc = module.loc(expr)
    value = constant(expr, frame)
    text = value.value if isinstance(value, Known) else None
    if isinstance(text, str) and text.endswith(_SQL_FILES) and "\n" not in text:
        if "{{" in text or "{%" in text:
            return OtherRun(f"the SQL file {text}", loc)
        closed = task.facts is not None and _is_closed(task.dag)
        return SqlFileRun(text, _candidates(text, task.dag, module), loc, dialect, closed)
    if text is None and _names_a_file(expr):
        return OtherRun(f"the SQL file {module.text_of(expr)}", loc)
    if loc.file != module.path:
        return OtherRun("SQL of another file", loc)
    return EmbeddedRun(module.path, number, loc)


def _names_a_file(expr: ast.expr) -> bool:
    """Whether a computed text is the name of a file: ``"/load/{0}.sql".format(name)``, ``f"load/{name}.sql"``."""
    if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute) and expr.func.attr == "format":
        expr = expr.func.value
    parts = expr.values if isinstance(expr, ast.JoinedStr) else [expr]
    if isinstance(expr, ast.BinOp):
        parts = [expr.left, expr.right]
    texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    ends = isinstance(parts[-1], ast.Constant) and bool(texts) and texts[-1].endswith(_SQL_FILES)
    return ends and not any(character.isspace() for text in texts for character in text)


def _candidates(path: str, dag: DagDraft | None, module: Module) -> tuple[str, ...]:
    """Where Airflow looks for a template: the DAG file's folder, then ``template_searchpath``."""
    folder = posixpath.dirname(module.path)
    roots = [*_search_path(dag, folder), folder]
    return tuple(dict.fromkeys(posixpath.normpath(posixpath.join(root, path.lstrip("/"))) for root in roots))


def _is_closed(dag: DagDraft | None) -> bool:
    """Whether every folder is known in which Airflow looks for the templates of a DAG."""
    if dag is None or not dag.known or dag.anchor is not None or "template_searchpath" in dag.attributes:
        return False
    given = dag.arguments.get("template_searchpath")
    if given is None:
        return dag.arguments.why_unsure("template_searchpath") is None
    # A folder of the machine that runs Airflow may hold anything.
    value = known(given.constant())
    folders = value if isinstance(value, tuple) else (value,)
    return all(isinstance(each, str) and not each.startswith("/") for each in folders)


def _search_path(dag: DagDraft | None, folder: str) -> Iterator[str]:
    given = dag.arguments.get("template_searchpath") if dag is not None else None
    if given is None:
        return
    value = given.constant()
    if not isinstance(value, Known):
        return
    for root in value.value if isinstance(value.value, tuple) else (value.value,):
        if not isinstance(root, str):
            continue
        yield posixpath.join(folder, root)
        # An absolute path of the machine that runs Airflow usually ends in a folder of the repository.
        parts = [part for part in root.split("/") if part]
        for start in range(len(parts)):
            above = folder
            while above not in ("/", ""):
                yield posixpath.join(above, *parts[start:])
                above = posixpath.dirname(above)


def _other_runs(task: TaskDraft) -> Iterator[Runs]:
    given = task.argument(*_COMMANDS)
    if given is None:
        return
    value = given.constant()
    text = " ".join(str(value.value).split()) if isinstance(value, Known) else task.kind
    yield OtherRun(text if len(text) <= 60 else text[:57] + "...", given.loc)
