"""Duplicates are removed in an order that does not tell them apart."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.sql import Expr, StatementFacts, WindowCall
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense_rules import queries

META = RuleMeta(
    id="correctness/dedupe-not-deterministic",
    wants=StatementFacts,
    pattern="window-functions",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO},
    scope=Scope.UNIT,
    messages={
        "same": Message(
            Severity.WARNING,
            "This keeps one row of each {partition}, in an order by {order} that is the same for all of them.",
            "Rows of one partition are equal in what they are partitioned by, so which one stays is up to the engine "
            "and changes from run to run.",
            "Order by what tells them apart (the newest first), with a key at the end.",
        ),
    },
)


@rule(META)
def dedupe_not_deterministic(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the call, where the statement then keeps number 1."""
    for window in facts.windows:
        if window.function != "row_number" or not window.partition or not window.order or not window.known:
            continue
        keys = {queries.shape(expr) for expr in window.partition if expr.op == "column"}
        names = {expr.path[-1].casefold() for expr in window.partition if expr.op == "column" and len(expr.path) < 3}
        if all(_tells_nothing(expr, keys, names) for expr in window.order) and _keeps_first(facts, window):
            yield ctx.finding(
                "same",
                at=window.span,
                partition=", ".join(map(_written, window.partition)),
                order=", ".join(map(_written, window.order)),
            )


def _tells_nothing(expr: Expr, keys: set[tuple[object, ...]], names: set[str]) -> bool:
    """Whether a key of the order is the same for all rows of a partition."""
    expr = expr.args[0] if expr.op == "desc" else expr
    if expr.op in ("literal", "null", "boolean"):
        return not expr.opaque
    if expr.op == "subquery":
        return expr.query is not None and not expr.query.every_source
    if expr.op != "column":
        # Two calls may differ in what the facts do not hold.
        return False
    return queries.shape(expr) in keys or (len(expr.path) == 1 and expr.name.casefold() in names)


def _keeps_first(facts: StatementFacts, window: WindowCall) -> bool:
    """Whether some condition of the statement asks for number 1 of the window."""
    alias = window.alias.casefold()
    for comparison in facts.comparisons:
        left, right = comparison.left, comparison.right[0] if comparison.right else comparison.left
        first = (comparison.op in ("eq", "lte") and right.name == "1") or (comparison.op == "lt" and right.name == "2")
        if right.op != "literal" or not first:
            continue
        if left.op == "window" and left.span == window.span:
            return True
        if alias and left.op == "column" and queries.last_name(left) == alias:
            return True
    return False


def _written(expr: Expr) -> str:
    expr = expr.args[0] if expr.op == "desc" else expr
    return ".".join(expr.path) or expr.name or "a constant"
