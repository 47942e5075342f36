"""A join compares what a function makes of a column, not the column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import Block, Expr, StatementFacts
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="performance/function-on-key",
    wants=StatementFacts,
    given=("blocks",),
    pattern="searchable-condition",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO},
    scope=Scope.UNIT,
    default=False,
    messages={
        "call": Message(
            Severity.INFO,
            "The join compares {call} of {column}.",
            "No index, clustering or statistic of {column} helps, and each query has to make the value in the same "
            "way.",
            "Keep {column} in the form that it is joined by, made once where it is loaded.",
        ),
    },
)

_CALLS: Final = frozenset(
    {"lower", "upper", "trim", "cast", "try_cast", "substring", "left", "right", "replace", "concat", "pad"}
)


@rule(META)
def function_on_key(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the call, where the other side is a column or a call of the same kind."""
    for block in facts.blocks:
        for part in _equalities(block):
            if all(_column(side) is not None for side in part.args):
                call = next((side for side in part.args if side.op in _CALLS), None)
                column = _column(call) if call is not None else None
                if call is not None and column is not None:
                    word = call.op.upper()
                    yield ctx.finding("call", at=call.span, subject=call, call=word, column=".".join(column.path))


def _equalities(block: Block) -> Iterator[Expr]:
    for join in block.joins:
        for part in join.on:
            if part.op == "eq" and len(part.args) == 2 and not part.opaque:
                yield part


def _column(expr: Expr) -> Expr | None:
    """The one column that a side is, in calls or not."""
    while expr.op in _CALLS and expr.args:
        expr = expr.args[0]
    return expr if expr.op == "column" else None
