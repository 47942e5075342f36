"""A value is compared with NULL by an operator that answers "unknown" whatever the value is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace, Rewrite
from pipesense.model.sql import Clause, Comparison, Expr
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span

_NEVER = "A comparison with NULL is neither true nor false but unknown, and a filter keeps only what is true."

META = RuleMeta(
    id="correctness/equals-null",
    wants=Comparison,
    pattern="three-valued-logic",
    since="0.1",
    roles=PRODUCTION | {FileRole.MIGRATION, FileRole.MACRO, FileRole.TEST},
    scope=Scope.UNIT,
    messages={
        "compared": Message(
            Severity.ERROR,
            "{column} {operator} NULL is never true, whatever {column} holds.",
            _NEVER,
            "Write {column} {instead}.",
        ),
        "selected": Message(
            Severity.WARNING,
            "{column} {operator} NULL is never true, whatever {column} holds.",
            _NEVER,
            "Write {column} {instead}.",
        ),
        "check": Message(
            Severity.ERROR,
            "The constraint {column} {operator} NULL refuses no row.",
            "A CHECK lets a row pass unless its condition is false, and a comparison with NULL is only ever unknown.",
            "Write {column} {instead}.",
        ),
        "not-in": Message(
            Severity.ERROR,
            "{column} NOT IN (..., NULL) is never true: no row is ever kept.",
            "It means unequal to each element, and whether a value differs from NULL is unknown.",
            "Leave NULL out of the list.",
        ),
        "in": Message(
            Severity.WARNING,
            "The NULL in the list finds no row: {column} IN (...) never matches a missing value.",
            _NEVER,
            "Leave NULL out of the list, or add OR {column} IS NULL.",
        ),
    },
)

_INSTEAD: Final = {"eq": "IS NULL", "neq": "IS NOT NULL"}


@rule(META)
def equals_null(comparison: Comparison, ctx: Context) -> Iterator[Finding]:
    """At the comparison, or at the NULL in a list."""
    left, right = comparison.left, comparison.right
    if comparison.clause in (Clause.SET, Clause.VALUES, Clause.OTHER):
        return
    if comparison.clause is Clause.SELECT and ctx.dialect in ("tsql", "fabric"):
        # There ``SELECT name = NULL`` names an output column.
        return
    if comparison.op in _INSTEAD:
        tested = _tested(comparison)
        if tested is not None:
            yield ctx.finding(
                _variant(comparison.clause, ctx.dialect),
                at=comparison.span,
                column=_name(tested),
                operator="=" if comparison.op == "eq" else "<>",
                instead=_INSTEAD[comparison.op],
            )
    elif comparison.op in ("in", "not_in") and left.op != "null":
        null = next((item for item in right if item.op == "null"), None)
        if null is not None:
            variant = "in" if comparison.op == "in" else "not-in"
            yield ctx.finding(variant, at=null.span, column=_name(left))


def _variant(clause: Clause, dialect: str) -> str:
    """In a select list it names a column in T-SQL, and no other dialect may be known."""
    if clause is Clause.CHECK:
        return "check"
    return "selected" if clause is Clause.SELECT and not dialect else "compared"


@equals_null.fix
def say_is_null(finding: Finding, comparison: Comparison, ctx: Context) -> Offer | None:
    """``IS NULL``: the old text never held, so nothing can have relied on it."""
    if comparison.op not in _INSTEAD:
        return None
    whole = finding.loc
    null = comparison.left if comparison.left.op == "null" else comparison.right[0]
    word = ctx.text(whole.at(null.span))
    lower = word.islower()
    keyword = "is" if comparison.op == "eq" else "is not"
    operator = Replace(
        whole.at(comparison.operator), _spaced(keyword if lower else keyword.upper(), comparison.operator, finding, ctx)
    )
    title = f"Use {_INSTEAD[comparison.op]}"
    if null is comparison.right[0]:
        return Offer(title, operator, Applicability.SAFE)
    other = comparison.right[0]
    if other.op != "column":
        # Swapping anything longer would move line breaks and comments about.
        return None
    parts = (
        Replace(whole.at(null.span), ctx.text(whole.at(other.span))),
        operator,
        Replace(whole.at(other.span), word),
    )
    return Offer(title, Rewrite(parts), Applicability.SAFE)


@equals_null.fix
def leave_null_out(finding: Finding, comparison: Comparison, ctx: Context) -> Offer | None:
    """``NOT IN`` without the NULL. Rows appear that never did before, so it is offered, not applied."""
    if comparison.op != "not_in":
        return None
    items = comparison.right
    at = next((index for index, item in enumerate(items) if item.op == "null"), None)
    if at is None or len(items) < 2 or sum(item.op == "null" for item in items) > 1:
        return None
    if at:
        gap = Span(items[at - 1].span.end, items[at].span.start)
        gone = Span(gap.start, items[at].span.end)
    else:
        gap = Span(items[0].span.end, items[1].span.start)
        gone = Span(items[0].span.start, gap.end)
    if ctx.text(finding.loc.at(gap)).strip() != ",":
        return None
    return Offer("Leave NULL out of the list", Replace(finding.loc.at(gone), ""), Applicability.UNSAFE)


def _tested(comparison: Comparison) -> Expr | None:
    """The side that is compared with NULL, None where neither or both are NULL."""
    left, right = comparison.left, comparison.right[0]
    if (left.op == "null") == (right.op == "null"):
        return None
    return right if left.op == "null" else left


def _name(expr: Expr) -> str:
    if expr.opaque or expr.op == "subquery":
        return "value"
    if expr.op == "column" and expr.path:
        return ".".join(expr.path)
    return f"{expr.name}(...)" if expr.kind in ("function", "aggregate") and expr.name else "value"


def _spaced(keyword: str, operator: Span, finding: Finding, ctx: Context) -> str:
    """``keyword`` with blanks where it would otherwise grow together with a word beside it (``a=NULL``)."""
    before = ctx.text(finding.loc.at(Span(max(0, operator.start - 1), operator.start)))
    behind = ctx.text(finding.loc.at(Span(operator.end, operator.end + 1)))
    return " " * (not before[-1:].isspace()) + keyword + " " * (not behind[:1].isspace())
