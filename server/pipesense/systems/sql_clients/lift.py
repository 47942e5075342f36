"""The SQL that a file hands to hooks, cursors and engines, the rows it writes through them, and its connections."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from pipesense.lang.python.datasets import dataset_named
from pipesense.lang.python.functions import Function, own_calls
from pipesense.lang.python.index import FUNCTIONS
from pipesense.lang.python.module import Module
from pipesense.lang.python.names import path_of
from pipesense.lang.python.sql_calls import SqlCall, sql_calls
from pipesense.model.code import PatternSite, ScopeCode
from pipesense.model.data import Access, AccessMode
from pipesense.model.flow import EmbeddedRun
from pipesense.model.frames import FrameScope
from pipesense.model.value import Absent, Known, Unknown, Value, Version
from pipesense.systems.frames import Reading
from pipesense.systems.renames import obsolete_in
from pipesense.systems.sql_clients.objects import written_objects
from pipesense.systems.sql_clients.sites import sites
from pipesense.systems.sql_clients.tables import LIBRARY, RENAMED
from pipesense.systems.system import Embed, Lifted

_WRITE_PANDAS = "snowflake.connector.pandas_tools.write_pandas"
Said = tuple[tuple[SqlCall, ...], tuple[Access, ...]]


def lift(module: Module, version: Version, embed: Embed) -> Lifted:
    """Everything that a file says to databases."""
    code: list[ScopeCode] = []
    for node, function in _functions(module):
        # What a function's own code says is read once; the numbers of its texts are the engine's, for each link.
        compute = partial(_read, module, function)
        calls, rows = module.memo("sql: calls", [node], compute) if node is not None else compute()
        numbers = tuple(embed(call.expr, call.dialect, call.why, call.connection) for call in calls)
        if numbers or rows:
            scope = function.name if function is not None else module.prefix
            made = partial(_code, module, scope, calls, numbers, rows)
            code.append(module.memo(("sql: code", scope, calls, numbers), [node], made) if node is not None else made())
    found = Reading(module, LIBRARY, version, partial(_beside, module), "SQL clients", {}).scopes()
    scopes = tuple(each.scope for each in found)
    return Lifted(
        sites=tuple(site for each in found for site in each.beside[0]),
        facts=scopes,
        obsolete=obsolete_in(scopes, RENAMED, "sqlalchemy", version),
        code=(*code, *(rows for each in found for rows in each.beside[1])),
        scripts=tuple(run.unit for each in code for run in each.scripts),
    )


def _beside(
    module: Module, function: Function | None, scope: FrameScope
) -> tuple[tuple[PatternSite, ...], tuple[ScopeCode, ...]]:
    return sites(function, scope), written_objects(module, function, scope)


def _functions(module: Module) -> Iterator[tuple[ast.AST | None, Function | None]]:
    yield None, None
    for unit in module.units:
        for node, place in unit.index.definitions:
            if isinstance(node, FUNCTIONS) and not place.is_orphan:
                yield node, Function(module, node, path_of(place, node.name))


def _read(module: Module, function: Function | None) -> Said:
    calls = sql_calls(module, function)
    rows = tuple(_rows(module, function, guarded=bool(calls)))
    return calls, rows


def _rows(module: Module, function: Function | None, guarded: bool) -> Iterator[Access]:
    """The rows that ``hook.insert_rows`` and Snowflake's ``write_pandas`` write, where the table is a constant."""
    for site in own_calls(module, function):
        words = {word.arg: word.value for word in site.node.keywords}
        if site.callee == "write_pandas" and _WRITE_PANDAS in module.qualified(site.node.func):
            yield from _written_frame(module, site.node, words, guarded)
            continue
        func = site.node.func
        if not isinstance(func, ast.Attribute) or func.attr != "insert_rows":
            continue
        table = site.node.args[0] if site.node.args else words.get("table")
        value = module.value(table) if table is not None else None
        dataset = dataset_named(value.value) if isinstance(value, Known) else None
        if table is None or dataset is None:
            continue
        replaced = module.value(words["replace"]) if "replace" in words else None
        merges = isinstance(replaced, Known) and replaced.value is True
        # Rows are added, and no SQL runs beside it that could have taken the old ones away.
        guard: Value[object] = Absent(Unknown("nothing"), ("the function",))
        if guarded or merges:
            guard = Unknown("what ran before it is not known")
        mode = AccessMode.MERGE if merges else AccessMode.APPEND
        yield Access(dataset, mode, guard, module.loc(table), call="insert_rows")  # type: ignore[arg-type]


def _written_frame(
    module: Module, call: ast.Call, words: dict[str | None, ast.expr], guarded: bool
) -> Iterator[Access]:
    """``write_pandas(conn, df, "T", overwrite=...)``: it adds rows, or replaces all there are.

    https://docs.snowflake.com/en/developer-guide/python-connector/python-connector-api, connector 3.12
    """
    table = call.args[2] if len(call.args) > 2 else words.get("table_name")
    value = module.value(table) if table is not None else None
    dataset = dataset_named(value.value) if isinstance(value, Known) else None
    if table is None or dataset is None:
        return
    said = module.value(words["overwrite"]) if "overwrite" in words else Known(False)
    guard: Value[object] = Absent(Unknown("nothing"), ("the function",))
    if guarded or not isinstance(said, Known):
        guard = Unknown("what ran before it is not known")
    mode = AccessMode.OVERWRITE if isinstance(said, Known) and said.value is True else AccessMode.APPEND
    yield Access(dataset, mode, guard, module.loc(table), call="write_pandas")  # type: ignore[arg-type]


def _code(
    module: Module, scope: str, calls: tuple[SqlCall, ...], numbers: tuple[int | None, ...], rows: tuple[Access, ...]
) -> ScopeCode:
    runs = tuple(
        EmbeddedRun(module.path, number, module.loc(call.expr), call.scratch)
        for call, number in zip(calls, numbers, strict=True)
        if number is not None
    )
    return ScopeCode(scope, rows, scripts=runs)
