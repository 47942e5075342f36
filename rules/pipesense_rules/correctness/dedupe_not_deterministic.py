"""Duplicates are removed in an order that does not tell them apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import Block, Expr, StatementFacts, WindowCall
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense_rules import queries

_DO: Final = "Order by what tells them apart (the newest first), with a key at the end."

META = RuleMeta(
    id="correctness/dedupe-not-deterministic",
    wants=StatementFacts,
    given=("windows",),
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
            _DO,
        ),
        "labels": Message(
            Severity.INFO,
            "This keeps one row of each {partition}, in an order by {order} that is the same for all of them.",
            "Beside what they are partitioned by only {labels} is selected. Should a code ever have two of these, "
            "which one stays is up to the engine.",
            _DO,
        ),
    },
)

_LABELS: Final = ("_name", "_display", "_description", "_label", "_title", "_text")
_CODES: Final = ("_id", "_code", "_key")
_HASHES: Final = frozenset({"hash", "md5", "sha1", "sha2"})
_WHOLE: Final = 8
"""Columns that are listed before an order by a constant where a whole row is meant. Keys of tables have fewer."""


@rule(META)
def dedupe_not_deterministic(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the call, where the statement then keeps number 1."""
    for window in facts.windows:
        if window.function != "row_number" or not window.partition or not window.order or not window.known:
            continue
        keys = {queries.shape(expr) for expr in window.partition if expr.op == "column"}
        names = {expr.path[-1].casefold() for expr in window.partition if expr.op == "column" and len(expr.path) < 3}
        if not all(_tells_nothing(expr, keys, names) for expr in window.order):
            continue
        kept = _keeps_first(facts, window)
        if kept is None or _is_whole_row(facts, window):
            continue
        labels = _labels(kept, names) if len(names) == len(window.partition) else None
        if labels is None or labels:
            yield ctx.finding(
                "same" if labels is None else "labels",
                at=window.span,
                partition=", ".join(map(_written, window.partition)),
                order=", ".join(map(_written, window.order)),
                labels=", ".join(labels or ()),
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


def _is_whole_row(facts: StatementFacts, window: WindowCall) -> bool:
    """Whether rows are equal throughout, so that any of them will do: by a hash of all columns, or by all of them."""
    hashes = {
        output.name.casefold()
        for block in facts.blocks
        for output in block.outputs
        if output.aliased and output.expr.op in _HASHES and any(each.op == "star" for each in output.expr.walk())
    }
    named = [expr for expr in window.partition if expr.op == "column"]
    if any(queries.last_name(expr) in hashes for expr in named):
        return True
    constant = all((expr.args[0] if expr.op == "desc" else expr).op != "column" for expr in window.order)
    return constant and len(named) >= _WHOLE


def _keeps_first(facts: StatementFacts, window: WindowCall) -> Block | None:
    """The query that asks for number 1 of the window."""
    alias = window.alias.casefold()
    for comparison in facts.comparisons:
        left, right = comparison.left, comparison.right[0] if comparison.right else comparison.left
        first = (comparison.op in ("eq", "lte") and right.name == "1") or (comparison.op == "lt" and right.name == "2")
        if right.op != "literal" or not first:
            continue
        by_name = alias and left.op == "column" and queries.last_name(left) == alias
        if by_name or (left.op == "window" and left.span == window.span):
            around = [each for each in facts.blocks if each.span.start <= left.span.start < each.span.end]
            return max(around, key=lambda block: block.span.start, default=None)
    return None


def _labels(block: Block, keys: set[str]) -> list[str] | None:
    """What a query selects beside keys and follows from them by its name (``country_name`` from ``country_code``).

    None where it selects anything else.
    """
    labels: list[str] = []
    stems = {_stem(key) for key in keys}
    for output in block.outputs:
        if output.expr.op != "column" or output.expr.opaque:
            return None
        name = queries.last_name(output.expr)
        if name in keys:
            continue
        if not name.endswith(_LABELS) or _stem(name) not in stems:
            return None
        labels.append(name)
    return labels if block.outputs else None


def _stem(name: str) -> str:
    """A name without its last word, where that says what form of the thing it is."""
    return name.rpartition("_")[0] if name.endswith((*_LABELS, *_CODES)) else name


def _written(expr: Expr) -> str:
    expr = expr.args[0] if expr.op == "desc" else expr
    return ".".join(expr.path) or expr.name or "a constant"
