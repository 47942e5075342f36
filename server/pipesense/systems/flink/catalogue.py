"""Which tables the SQL of a PyFlink program fills although nothing creates them.

Flink's own catalogue lives in memory and is empty when a program starts:
https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/dev/table/catalogs/ (GenericInMemoryCatalog). Where a
program uses another one, is given its environment, or runs SQL that cannot be read, nothing is said.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.model.stream_job import UndeclaredTable
from pipesense.model.value import Known
from pipesense.model.where import Loc
from pipesense.text.regex import regex
from pipesense.text.span import Span

_RUNS: Final = frozenset({"execute_sql", "add_insert_sql", "sql_update"})
_FILLS: Final = frozenset({"execute_insert", "insert_into", "add_insert"})
_NAMES: Final = frozenset({"create_temporary_view", "create_temporary_table", "create_table", "create_view"})
_ELSEWHERE: Final = frozenset(
    {
        *("register_catalog", "use_catalog", "create_catalog", "use_database", "register_table", "connect"),
        *("register_table_source", "register_table_sink", "execute_plan", "load_plan", "get_catalog"),
    }
)
_CREATES: Final = regex(
    r"\bCREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMPORARY\s+)?(?:TABLE|VIEW)\s+(?:IF\s+NOT\s+EXISTS\s+)?`?(?P<name>[\w.{]+)",
    re.I,
)
_INSERTS: Final = regex(r"\bINSERT\s+(?:INTO|OVERWRITE)\s+(?:TABLE\s+)?(?P<name>`?[\w.{]+`?)", re.I)
_CATALOGUE: Final = regex(r"\b(?:CREATE|USE)\s+CATALOG\b|^\s*USE\s|\bLOAD\s+MODULE\b", re.I | re.M)
_COMMENT: Final = regex(r"--[^\n]*")
_ENVIRONMENTS: Final = ("pyflink.table.TableEnvironment.create", "pyflink.table.StreamTableEnvironment.create")


@dataclass(slots=True)
class _Told:
    """What one top-level statement says: names that it creates, tables that it fills, and whether more may happen."""

    made: bool = False
    created: set[str] = field(default_factory=set)
    filled: list[tuple[str, Loc]] = field(default_factory=list)
    opened: bool = False


def undeclared(module: Module) -> tuple[UndeclaredTable, ...]:
    """The tables of the file that are filled and never created in it."""
    told = module.memo_each("flink: catalogue", module.body, partial(_told, module))
    created = {name for each in told for name in each.created}
    if not created or any(each.opened for each in told) or not any(each.made for each in told):
        return ()
    return tuple(
        UndeclaredTable("flink", name, loc)
        for each in told
        for name, loc in each.filled
        if name not in created and "." not in name
    )


def _told(module: Module, statement: ast.stmt) -> _Told:
    found = _Told()
    for node in nodes_under(statement):
        if isinstance(node, ast.Call):
            _call(module, node, found)
    return found


def _call(module: Module, call: ast.Call, found: _Told) -> None:
    func = call.func
    name = func.attr if isinstance(func, ast.Attribute) else ""
    if name == "create" and not set(_ENVIRONMENTS).isdisjoint(module.qualified(func)):
        found.made = True
    elif name in _ELSEWHERE:
        found.opened = True
    elif name in _RUNS:
        for text, loc in _texts(module, call, found):
            _statement(text, loc, found)
    elif name in _NAMES or name in _FILLS:
        _named(module, call, name, found)
    elif any(isinstance(each, ast.Name) and _is_environment(module, each) for each in call.args):
        # Code of another file may create what it likes.
        callees = module.callables(func) if isinstance(func, ast.Name) else ()
        found.opened |= not callees or any(each.module is not module for each in callees)


def _is_environment(module: Module, node: ast.Name) -> bool:
    return any(name.removesuffix("()") in _ENVIRONMENTS for name in module.qualified(node))


def _named(module: Module, call: ast.Call, name: str, found: _Told) -> None:
    """``create_temporary_view("orders", table)`` and ``table.execute_insert("totals")``."""
    value = module.value(call.args[0]) if call.args else None
    if not isinstance(value, Known) or not isinstance(value.value, str):
        found.opened = True
    elif name in _NAMES:
        found.created.add(value.value.lower())
    elif isinstance(call.args[0], ast.Constant):
        found.filled.append((value.value.lower(), module.loc(call.args[0])))


def _texts(module: Module, call: ast.Call, found: _Told) -> Iterator[tuple[str, Loc | None]]:
    """The SQL of a call: the source of the literal, so that places in it are places in the file."""
    given = call.args[0] if call.args else None
    if isinstance(given, ast.Constant | ast.JoinedStr):
        yield module.text_of(given), module.loc(given)
        return
    value = module.value(given) if given is not None else None
    if isinstance(value, Known) and isinstance(value.value, str):
        yield value.value, None
        return
    values = module.definition(given) if isinstance(given, ast.Name) else ()
    if len(values) == 1 and isinstance(values[0], ast.JoinedStr):
        yield module.text_of(values[0]), None
        return
    found.opened = True


def _statement(text: str, loc: Loc | None, found: _Told) -> None:
    plain = _COMMENT.sub(lambda hit: " " * len(hit.group()), text)
    if _CATALOGUE.search(plain):
        found.opened = True
    for hit in _CREATES.finditer(plain):
        found.created.add(hit["name"].lower())
        found.opened |= "{" in hit["name"]
    for hit in _INSERTS.finditer(plain):
        name = hit["name"].strip("`").lower()
        if loc is not None and "{" not in name:
            start = loc.span.start + hit.start("name")
            found.filled.append((name, loc.at(Span(start, start + len(hit["name"])))))
