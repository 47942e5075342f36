"""The two sides of a set operation name the same columns in another order."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Replace, Rewrite
from pipesense.model.sql import Block, Clause, Expr, SetOperation
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="schema/set-op-column-order",
    wants=SetOperation,
    pattern="names-and-positions",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO, FileRole.TEST},
    scope=Scope.UNIT,
    messages={
        "order": Message(
            Severity.ERROR,
            "{kind} puts {second} of the second query under {first} of the first: both give the same columns in "
            "another order.",
            "Columns are matched by position. Where the types fit, the values land in the wrong column and nothing "
            "fails.",
            "List the columns of both queries in the same order.",
        ),
    },
)


@rule(META)
def set_op_column_order(operation: SetOperation, ctx: Context) -> Iterator[Finding]:
    """At the first column that stands elsewhere."""
    left, right = operation.left, operation.right
    if left is None or right is None or operation.by_name:
        return
    first, second = _names(left), _names(right)
    if first is None or second is None or first == second or sorted(first) != sorted(second):
        return
    if len(set(first)) < len(first) or _reads_same(left, right):
        return
    moved = [index for index, name in enumerate(second) if name != first[index]]
    if any(all(_is_null(block.outputs[index].expr) for index in moved) for block in (left, right)):
        return
    at = moved[0]
    yield ctx.finding(
        "order",
        at=right.outputs[at].span,
        kind=operation.kind.upper(),
        first=left.outputs[at].name,
        second=right.outputs[at].name,
    )


@set_op_column_order.fix
def reorder(finding: Finding, operation: SetOperation, ctx: Context) -> Offer | None:
    """The second query's columns in the order of the first: other values come out, which is the point."""
    left, right = operation.left, operation.right
    if left is None or right is None:
        return None
    wanted = _names(left) or ()
    by_name = {output.name.casefold(): output for output in right.outputs}
    parts = tuple(
        Replace(finding.loc.at(output.span), ctx.text(finding.loc.at(by_name[name].span)))
        for output, name in zip(right.outputs, wanted, strict=True)
        if output.name.casefold() != name
    )
    return Offer("Order the columns as in the first query", Rewrite(parts), Applicability.UNSAFE)


def _names(block: Block) -> tuple[str, ...] | None:
    """The output names, folded; None where one of them is not known."""
    if Clause.SELECT in block.holes or any(not output.name or output.name == "*" for output in block.outputs):
        return None
    return tuple(output.name.casefold() for output in block.outputs)


def _is_null(expr: Expr) -> bool:
    """``NULL`` and ``CAST(NULL AS text)`` are the same under whatever name."""
    return expr.op == "null" or (expr.op == "cast" and len(expr.args) == 1 and _is_null(expr.args[0]))


def _reads_same(left: Block, right: Block) -> bool:
    """Whether both read the same table: ``a, b`` and ``b, a`` of one table are the two directions of a pair."""
    one, other = ({source.parts or source.alias for source in block.every_source} for block in (left, right))
    return bool(one & other)
