"""How a function opens the database that it writes to, so that a check can open it in the same way."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final

from pipesense.lang.python.functions import Function
from pipesense.lang.python.index import FUNCTIONS
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.sql_calls import reached_calls, sql_call

_EXECUTES: Final = frozenset(
    {"sqlite3.connect()", "psycopg.connect()", "duckdb.connect()", "psycopg.Connection.connect()"}
)
"""Connections that run a statement themselves and give its rows back."""
_CURSORS: Final = frozenset(
    {
        *("psycopg2.connect()", "pymysql.connect()", "snowflake.connector.connect()", "redshift_connector.connect()"),
        *("pyodbc.connect()", "oracledb.connect()", "trino.dbapi.connect()"),
    }
)
_BLOCKS: Final = frozenset({"prefect_sqlalchemy.SqlAlchemyConnector.load()"})
_ENGINES: Final = frozenset({"sqlalchemy.create_engine()"})
_RESOURCES: Final = {"DuckDBResource": "execute", "SnowflakeResource": "cursor"}
"""Dagster's resources whose ``get_connection`` gives a connection, and how that is asked."""
_HOPS: Final = 6


@dataclass(frozen=True, slots=True)
class Opening:
    """``text`` is the expression that opens the database, ``way`` how it is asked for a row: "execute", "cursor",
    "block" (Prefect's connector) or "engine" (SQLAlchemy). ``parameters`` are those that the text needs, as written.
    """

    text: str
    way: str
    parameters: tuple[str, ...] = ()

    def lines(self, queries: str, found: str, text_function: str) -> list[str]:
        """Statements that run each text of the dictionary ``queries`` and list in ``found`` whose rows are there."""
        each = f"{found} = [name for name, query in {queries}.items() if "
        match self.way:
            case "block":
                return [f"with {self.text} as database:", f"    {each}database.fetch_one(query)]"]
            case "engine":
                asked = f"connection.execute({text_function}(query)).first()"
                return [f"with {self.text}.connect() as connection:", f"    {each}{asked}]"]
            case "cursor":
                return [
                    f"{found} = []",
                    f"with {self.text} as connection:",
                    "    cursor = connection.cursor()",
                    f"    for name, query in {queries}.items():",
                    "        cursor.execute(query)",
                    "        if cursor.fetchone():",
                    f"            {found}.append(name)",
                ]
            case _:
                return [f"with {self.text} as connection:", f"    {each}connection.execute(query).fetchone()]"]


def opening_in(module: Module, function: Function) -> Opening | None:
    """How the function opens the database that its SQL runs in; None where that cannot be repeated elsewhere."""
    if isinstance(function.node, ast.Lambda):
        return None
    for site in reached_calls(module, function):
        call = sql_call(module, site)
        func = site.node.func
        if call is None or call.scratch or not isinstance(func, ast.Attribute):
            continue
        found = _opened(module, func.value, function.node, 0)
        if found is not None:
            return found
    return None


def _opened(module: Module, expr: ast.expr, node: ast.FunctionDef | ast.AsyncFunctionDef, hops: int) -> Opening | None:
    if hops > _HOPS:
        return None
    names = module.qualified(expr)
    for known, way in ((_EXECUTES, "execute"), (_CURSORS, "cursor"), (_BLOCKS, "block")):
        if isinstance(expr, ast.Call) and known.intersection(names):
            return _stable(module, expr, way, node)
    if _ENGINES.intersection(names) and not isinstance(expr, ast.Call):
        return _stable(module, expr, "engine", node)
    if isinstance(expr, ast.Name):
        found = module.bindings_of(expr)
        if len(found) == 1 and found[0].kind in ("assign", "with") and found[0].value is not None:
            return _opened(module, found[0].value, node, hops + 1)
        return None
    if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute):
        if expr.func.attr == "get_connection" and isinstance(expr.func.value, ast.Name):
            return _resource(module, expr, expr.func.value.id, node)
        return _opened(module, expr.func.value, node, hops + 1)
    return None


def _resource(
    module: Module, expr: ast.Call, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef
) -> Opening | None:
    for parameter in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
        if parameter.arg == name and parameter.annotation is not None:
            way = _RESOURCES.get(module.text_of(parameter.annotation).rpartition(".")[2])
            return Opening(module.text_of(expr), way, (module.text_of(parameter),)) if way is not None else None
    return None


def _stable(module: Module, expr: ast.expr, way: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Opening | None:
    """The expression, where it means outside the function what it means in it: it names nothing of the function's."""
    if module.loc(expr).file != module.path:
        return None
    for name in nodes_under(expr):
        if isinstance(name, ast.Name) and module.scope_of(name).kind == "function":
            for binding in module.bindings_of(name):
                if any(isinstance(place.node, FUNCTIONS) for place in binding.place.outward()):
                    return None
    return Opening(module.text_of(expr), way)
