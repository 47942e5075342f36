"""A filter computes something from its column first, so no index on the column helps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import Block, Expr
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense_rules import queries

META = RuleMeta(
    id="performance/non-sargable-predicate",
    wants=Block,
    pattern="searchable-condition",
    since="0.1",
    roles=PRODUCTION,
    scope=Scope.UNIT,
    messages={
        "function": Message(
            Severity.INFO,
            "{engine} computes {function} of {column} for each row before it compares.",
            "An index on {column} knows its values, not what is computed from them, so all rows are read.",
            "Compare {column} itself with a range, or index the expression.",
        ),
        "wildcard": Message(
            Severity.INFO,
            "{engine} reads all rows for a pattern on {column} that starts with a wildcard.",
            "An index is sorted by how values begin.",
            "Search by how the value begins, or use a text index.",
        ),
    },
)

_INDEXED: Final = {"postgres": "PostgreSQL", "mysql": "MySQL", "tsql": "SQL Server", "oracle": "Oracle"}
"""Engines with indexes on columns. Column stores skip blocks by minimum and maximum and see through many functions."""
_COMPUTES: Final = frozenset(
    {
        *("year", "month", "day", "date", "extract", "date_part", "date_trunc", "timestamp_trunc", "to_char"),
        *("lower", "upper", "substring", "substr", "left", "right", "trim", "ltrim", "rtrim", "date_format"),
        *("time_to_str", "ts_or_ds_to_date", "str_position", "replace", "concat"),
    }
)


@rule(META)
def non_sargable_predicate(block: Block, ctx: Context) -> Iterator[Finding]:
    """At the computed side. Only where the other side is a constant and the query reads a table."""
    engine = _INDEXED.get(ctx.dialect)
    if engine is None or not any(source.kind == "table" for source in block.every_source):
        return
    for part in block.where:
        if part.op in ("like", "ilike") and len(part.args) == 2:
            column, pattern = part.args
            if column.op == "column" and pattern.op == "literal" and pattern.name[:1] in ("%", "_"):
                yield ctx.finding("wildcard", at=part.span, engine=engine, column=".".join(column.path))
        elif part.op in ("eq", "gt", "gte", "lt", "lte", "between", "in") and _are_constant(part.args[1:]):
            computed = _computed(part.args[0])
            if computed is not None:
                name = part.args[0].name or part.args[0].op
                yield ctx.finding(
                    "function",
                    at=part.args[0].span,
                    engine=engine,
                    function=name.upper(),
                    column=".".join(computed.path),
                )


def _computed(side: Expr) -> Expr | None:
    """The column that a known function computes from; SQL Server's CAST to DATE can use an index and is none."""
    if side.op not in _COMPUTES or side.opaque:
        return None
    columns = list(queries.columns(side))
    plain = all(part.op in ("column", "literal", "cast") or part.op in _COMPUTES for part in side.walk())
    return columns[0] if len(columns) == 1 and plain else None


def _are_constant(exprs: tuple[Expr, ...]) -> bool:
    return bool(exprs) and all(
        not any(part.op in ("column", "subquery", "exists") for part in expr.walk()) for expr in exprs
    )
