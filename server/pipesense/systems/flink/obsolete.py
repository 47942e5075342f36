"""What PyFlink gave up: which calls and imports of a file are gone, and how they are written today.

The packages themselves were read: apache-flink 1.13.6, 1.14.6, 1.20.1 and 2.3.0; what replaces them:
https://nightlies.apache.org/flink/flink-docs-release-2.0/release-notes/flink-2.0/ and
https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/deployment/config/ (restart-strategy, state.backend).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.lang.python.edit import add_import
from pipesense.lang.python.instances import Instances
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.change import Change, Refusal, Replace, UseNewApi
from pipesense.model.code import ApiChange, ObsoleteUse
from pipesense.model.value import Known, Version
from pipesense.text.span import Span

DATASTREAM: Final = "pyflink.datastream.StreamExecutionEnvironment.get_execution_environment()"
TABLES: Final = ("pyflink.table.TableEnvironment.create()", "pyflink.table.StreamTableEnvironment.create()")

_OPTION = '"{}" in the Configuration that the environment is given'
REMOVED: Final = {
    (DATASTREAM, "set_restart_strategy"): _OPTION.format("restart-strategy.type"),
    (DATASTREAM, "set_state_backend"): _OPTION.format("state.backend.type"),
    (DATASTREAM, "set_stream_time_characteristic"): "nothing in its place: event time is the only characteristic",
    **{(table, "register_function"): "create_temporary_function" for table in TABLES},
    **{(table, "scan"): "from_path" for table in TABLES},
    **{(table, "register_table"): "create_temporary_view" for table in TABLES},
}
"""Methods that Flink 2.0 does not have any more, and what replaces them."""


@dataclass(frozen=True, slots=True)
class _Gone:
    since: tuple[int, ...]
    instead: str


_BACKEND: Final = _Gone((2, 0), '"state.backend.type" and "execution.checkpointing.dir" in the Configuration')
IMPORTS: Final = {
    "pyflink.dataset": _Gone((1, 14), "the Table API, or the DataStream API in batch mode"),
    "pyflink.table.BatchTableEnvironment": _Gone((1, 14), "TableEnvironment in batch mode"),
    "pyflink.datastream.TimeCharacteristic": _Gone((2, 0), "nothing in its place: event time is the only one"),
    "pyflink.datastream.FsStateBackend": _BACKEND,
    "pyflink.datastream.MemoryStateBackend": _BACKEND,
    "pyflink.datastream.RocksDBStateBackend": _BACKEND,
}
"""Names that a version does not have any more: importing them fails."""


def called(module: Module, instances: Instances, call: ast.Call, version: Version) -> Iterator[ObsoleteUse]:
    """A call of a method that is gone."""
    func = call.func
    if not isinstance(func, ast.Attribute) or not any(func.attr == method for _, method in REMOVED):
        return
    for base in instances.names(func.value):
        instead = REMOVED.get((base, func.attr))
        if instead is not None:
            span = module.loc(func).span
            loc = module.loc(func).at(Span(span.end - len(func.attr), span.end))
            fix = func.attr if _written(module, call) is not None else None
            yield ObsoleteUse(
                "flink", f"{func.attr}()", loc, ApiChange.REMOVED, (2, 0), "apache-flink", version, instead, fix
            )


def imported(
    module: Module, node: ast.Import | ast.ImportFrom, version: Version, guarded: bool
) -> Iterator[ObsoleteUse]:
    """Imports of what is gone; ``guarded``: in a try that another version passes."""
    for alias in node.names:
        name = f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
        gone = IMPORTS.get(name) or IMPORTS.get(name.rpartition(".")[0])
        if gone is not None and not (isinstance(node, ast.ImportFrom) and node.level):
            alone = len(node.names) == 1 and gone.instead.startswith("nothing")
            yield ObsoleteUse(
                system="flink",
                what=name,
                loc=module.loc(alias),
                change=ApiChange.REMOVED,
                since=gone.since,
                package="apache-flink",
                target=version,
                instead=gone.instead,
                fix="import" if alone else None,
                guarded=guarded,
            )


def _unused(module: Module, alias: ast.alias) -> bool:
    """Whether the name that an import binds is used nowhere else in the file."""
    name = alias.asname or alias.name
    return sum(unit.text.count(name) for unit in module.units) == 1


def write(change: Change, module: Module) -> tuple[Replace, ...] | Refusal:
    """The replacements that make a change, or why there are none."""
    if not isinstance(change, UseNewApi):
        return Refusal("changes to PyFlink's calls are not written yet")
    use = change.use
    for unit in module.units:
        if unit.unit != use.loc.unit:
            continue
        for top in unit.body:
            for node in nodes_under(top):
                if isinstance(node, ast.ImportFrom) and any(module.loc(each) == use.loc for each in node.names):
                    used = not _unused(module, node.names[0])
                    return Refusal("its name is used in the file") if used else _line_out(module, node)
                func = node.func if isinstance(node, ast.Call) else None
                if isinstance(node, ast.Call) and isinstance(func, ast.Attribute) and func.attr == use.fix:
                    end = module.loc(func).span.end
                    if module.loc(func).unit == use.loc.unit and end == use.loc.span.end:
                        return _written(module, node) or Refusal("how it is written today depends on its arguments")
    return Refusal("the call is no longer where it was")


def _written(module: Module, call: ast.Call) -> tuple[Replace, ...] | None:
    """Today's spelling of a call that is gone."""
    func = call.func
    writer = _WRITERS.get(func.attr) if isinstance(func, ast.Attribute) else None
    return writer(module, call) if writer is not None else None


def _renamed(name: str, arguments: int) -> Callable[[Module, ast.Call], tuple[Replace, ...] | None]:
    def write(module: Module, call: ast.Call) -> tuple[Replace, ...] | None:
        func = call.func
        if len(call.args) != arguments or call.keywords or not isinstance(func, ast.Attribute):
            return None
        end = module.loc(func).span.end
        return (Replace(module.loc(func).at(Span(end - len(func.attr), end)), name),)

    return write


def _left_out(module: Module, call: ast.Call) -> tuple[Replace, ...] | None:
    statement = _statement(module, call)
    return _line_out(module, statement) if statement is not None else None


def _statement(module: Module, call: ast.Call) -> ast.stmt | None:
    """The statement that the call is, where it is not the only one of a block."""
    tops = [top for unit in module.units if unit.unit == module.loc(call).unit for top in unit.body]
    blocks = [tops, *(block for top in tops for node in nodes_under(top) for block in _blocks(node))]
    for block in blocks:
        for each in block:
            if isinstance(each, ast.Expr) and each.value is call:
                return each if len(block) > 1 or block is tops else None
    return None


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        found = getattr(node, name, None)
        if isinstance(found, list):
            yield found


def _line_out(module: Module, node: ast.stmt) -> tuple[Replace, ...]:
    """Takes a statement out with its line, where nothing else stands in it."""
    loc, text = module.loc(node), parsed_of(node).text
    start, end = text.rfind("\n", 0, loc.span.start) + 1, text.find("\n", loc.span.end)
    end = end + 1 if end >= 0 else len(text)
    alone = not text[start : loc.span.start].strip() and not text[loc.span.end : end].strip()
    return (Replace(loc.at(Span(start, end)) if alone else loc, ""),)


def _restarts(module: Module, call: ast.Call) -> tuple[Replace, ...] | None:
    made = call.args[0] if len(call.args) == 1 else None
    func = made.func if isinstance(made, ast.Call) else None
    if not isinstance(made, ast.Call) or not isinstance(func, ast.Attribute):
        return None
    given = [module.value(each) for each in made.args]
    numbers = [each.value for each in given if isinstance(each, Known) and isinstance(each.value, int)]
    if func.attr == "no_restart" and not made.args:
        return _configured(module, call, (("restart-strategy.type", "disable"),))
    if func.attr != "fixed_delay_restart" or len(numbers) != 2 or made.keywords:
        return None
    settings = (
        ("restart-strategy.type", "fixed-delay"),
        ("restart-strategy.fixed-delay.attempts", str(numbers[0])),
        ("restart-strategy.fixed-delay.delay", f"{numbers[1]} ms"),
    )
    return _configured(module, call, settings)


def _backend(module: Module, call: ast.Call) -> tuple[Replace, ...] | None:
    made = call.args[0] if len(call.args) == 1 else None
    if not isinstance(made, ast.Call) or made.args or made.keywords:
        return None
    names = [name.rpartition(".")[2] for name in module.qualified(made.func)]
    kind = {"HashMapStateBackend": "hashmap", "EmbeddedRocksDBStateBackend": "rocksdb"}.get(names[0] if names else "")
    return _configured(module, call, (("state.backend.type", kind),)) if kind else None


def _configured(module: Module, call: ast.Call, settings: tuple[tuple[str, str], ...]) -> tuple[Replace, ...]:
    name, imports = add_import(module, "Configuration", "pyflink.common")
    sets = "".join(f'.set_string("{key}", "{value}")' for key, value in settings)
    environment = module.text_of(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    text = f"{environment}.configure({name}(){sets})"
    if len(settings) > 1:
        # One line for each, at the place of the call.
        unit, start = parsed_of(call).text, module.loc(call).span.start
        line = unit[unit.rfind("\n", 0, start) + 1 : start]
        indent = line if not line.strip() else " " * len(line)
        lines = "".join(f'\n{indent}    .set_string("{key}", "{value}")' for key, value in settings)
        text = f"{environment}.configure(\n{indent}    {name}(){lines}\n{indent})"
    return (Replace(module.loc(call), text), *imports)


_WRITERS: Final = {
    "set_restart_strategy": _restarts,
    "set_state_backend": _backend,
    "set_stream_time_characteristic": _left_out,
    "register_function": _renamed("create_temporary_function", 2),
    "register_table": _renamed("create_temporary_view", 2),
    "scan": _renamed("from_path", 1),
}
