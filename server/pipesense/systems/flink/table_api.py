"""What a program of PyFlink's Table API keeps for ever: groups and distinct rows of a table that it reads by name.

https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/dev/table/tableapi/#groupby-aggregation,
https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/dev/table/config/#table-exec-state-ttl
"""

from __future__ import annotations

import ast
from typing import Final

from pipesense.lang.python.flow_given import columns_in
from pipesense.lang.python.module import Module
from pipesense.model.stream_job import TableGroup
from pipesense.model.value import Absent, Known, Value
from pipesense.text.span import Span

KEEPING: Final = frozenset({"group_by", "distinct"})
READ: Final = "from_path"
_ROW_BY_ROW: Final = frozenset(
    {
        *("select", "filter", "where", "add_columns", "add_or_replace_columns", "rename_columns", "drop_columns"),
        *("alias", "map", "flat_map", "join_lateral", "left_outer_join_lateral"),
    }
)
"""Operations whose result has a row, or some, for each row of the table, and keeps nothing."""
_MOST_STEPS: Final = 20


def table_group(module: Module, call: ast.Call) -> TableGroup | None:
    """The group or the distinct rows that a call makes of a table read by name; None where anything else may be."""
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr not in KEEPING:
        return None
    expr: ast.expr = func.value
    for _ in range(_MOST_STEPS):
        if isinstance(expr, ast.Name):
            bound = [each for each in module.bindings_of(expr) if each.kind == "assign"]
            if len(bound) != 1 or bound[0].value is None or len(module.bindings_of(expr)) != 1:
                return None
            expr = bound[0].value
        elif isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute):
            name = table_read(module, expr)
            if name:
                loc = module.loc(func)
                place = loc.at(Span(loc.span.end - len(func.attr), loc.span.end))
                columns = tuple(columns_in(each, module) for each in call.args)
                known = tuple(each[0] for each in columns if len(each) == 1)
                return TableGroup(place, func.attr, name, known if len(known) == len(columns) else ())
            if expr.func.attr not in _ROW_BY_ROW:
                return None
            expr = expr.func.value
        else:
            return None
    return None


def table_read(module: Module, call: ast.Call) -> str:
    """The table that ``from_path("orders")`` reads, "" for any other call."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr != READ or len(call.args) != 1:
        return ""
    value = module.value(call.args[0])
    return value.value if isinstance(value, Known) and isinstance(value.value, str) else ""


def group_note(group: TableGroup, state_ttl: Value[bool]) -> str:
    """How far the state of a group grows: the words of its hover."""
    kept = f"one result for every {'row' if group.method == 'distinct' else 'key'} of {group.table}"
    if isinstance(state_ttl, Known):
        return f"State: **bounded by a time to live**: {kept}, until nothing came for it for `table.exec.state.ttl`."
    if isinstance(state_ttl, Absent):
        return f"State: **no bound**: {kept} that was ever seen; no window lets go of any, and no time to live is set."
    return f"State: {kept}; whether a time to live bounds it cannot be told: {state_ttl.why}."


def described_table(module: Module, call: ast.Call) -> tuple[str, str]:
    """Name and connector of ``create_temporary_table("orders", TableDescriptor.for_connector("kafka")...)``."""
    if len(call.args) != 2:
        return "", ""
    name, expr = module.value(call.args[0]), call.args[1]
    while isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute):
        if expr.func.attr == "for_connector" and len(expr.args) == 1:
            connector = module.value(expr.args[0])
            known = isinstance(name, Known) and isinstance(connector, Known)
            return (str(name.value), str(connector.value)) if known else ("", "")  # type: ignore[union-attr]
        expr = expr.func.value
    return "", ""
