"""A window function that asks for an order is given none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import Block, Role, StatementFacts, WindowCall
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense_rules import queries

_DO = "Add ORDER BY with what decides, and a key at its end so that no two rows are equal."

META = RuleMeta(
    id="correctness/window-without-order",
    wants=StatementFacts,
    given=("windows",),
    pattern="window-functions",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO},
    scope=Scope.UNIT,
    messages={
        "numbered": Message(
            Severity.WARNING,
            "{function} numbers the rows of each {partition} in no order.",
            "Which of them gets number 1 is up to the engine, and changes from run to run.",
            _DO,
        ),
        "neighbour": Message(
            Severity.WARNING,
            "{function} looks for a first, last or next row in a window without an order.",
            "Which row that is is up to the engine, and changes from run to run; some engines refuse the query.",
            _DO,
        ),
    },
)

_NUMBERS: Final = frozenset({"row_number", "rank", "dense_rank", "ntile", "percent_rank", "cume_dist"})
_NEIGHBOURS: Final = frozenset({"lag", "lead", "first_value", "last_value", "nth_value"})


@rule(META)
def window_without_order(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the call. A number for each row of the whole table, ``ROW_NUMBER() OVER ()``, asks for no order."""
    for window in facts.windows:
        if window.order or not window.known or window.window or window.call is None:
            continue
        function = window.function.upper()
        if window.function in _NUMBERS and window.partition:
            if not _any_row_will_do(facts, window):
                names = (".".join(expr.path) or "group" for expr in window.partition)
                yield ctx.finding("numbered", at=window.span, function=function, partition=", ".join(names))
        elif window.function in _NEIGHBOURS and not _is_constant(window):
            yield ctx.finding("neighbour", at=window.span, function=function)


def _is_constant(window: WindowCall) -> bool:
    """Whether the value is the same in all rows of the partition."""
    asked = window.call.args[0] if window.call is not None and window.call.args else None
    return asked is not None and queries.shape(asked) in {queries.shape(expr) for expr in window.partition}


def _any_row_will_do(facts: StatementFacts, window: WindowCall) -> bool:
    """Whether rows of one partition look alike: everything that the query gives is what it partitions by."""
    block = next((each for each in _around(facts, window)), None)
    if block is None or block.role is Role.EXISTS:
        return block is not None
    keys = {queries.last_name(expr) for expr in window.partition if expr.op == "column"}
    shown = [output.expr for output in block.outputs if output.expr.op != "window"]
    return all(expr.op == "literal" or (expr.op == "column" and expr.name.casefold() in keys) for expr in shown)


def _around(facts: StatementFacts, window: WindowCall) -> list[Block]:
    """The queries that the call stands in, the innermost first."""
    found = [
        block for block in facts.blocks if block.span.start <= window.span.start and window.span.end <= block.span.end
    ]
    return sorted(found, key=lambda block: block.span.end - block.span.start)
