"""A ratio of two counts is cut down to 0 or 1 where the engine divides integers as integers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.columns import Family
from pipesense.model.sql import Expr, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import queries, shapes

META = RuleMeta(
    id="correctness/integer-division",
    wants=Statement,
    given=("blocks",),
    pattern="exact-numbers",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO, FileRole.TEST},
    messages={
        "counts": Message(
            Severity.WARNING,
            "{engine} divides these whole numbers without a remainder: the ratio is cut down to a whole number.",
            "Both sides are counts, so 3 of 4 gives 0 where 0.75 is meant; what is done with the result later cannot "
            "bring the fraction back.",
            "Make one side a decimal: 1.0 * a / b.",
        ),
        "ratio": Message(
            Severity.WARNING,
            "{engine} divides these whole numbers without a remainder, so {name} has no fraction.",
            "Both sides are integers where they are defined; a share of less than 1 becomes 0.",
            "Make one side a decimal: 1.0 * a / b.",
        ),
        "literals": Message(
            Severity.WARNING,
            "{engine} divides whole numbers without a remainder: {left} / {right} is {result}.",
            "The fraction is gone before the result is used.",
            "Write {left}.0 / {right}.",
        ),
    },
)

_WHOLE: Final = {
    "postgres": "PostgreSQL",
    "redshift": "Redshift",
    "trino": "Trino",
    "presto": "Presto",
    "athena": "Athena",
    "tsql": "SQL Server",
    "fabric": "Fabric",
    "sqlite": "SQLite",
    "teradata": "Teradata",
}
"""Engines whose ``/`` of two integers is an integer."""
_RATIOS: Final = frozenset(
    {"ratio", "rate", "pct", "percent", "percentage", "share", "fraction", "avg", "average", "mean"}
)
_SMALL: Final = frozenset({"INT", "INTEGER", "INT4", "SMALLINT", "INT2"})


@rule(META)
def integer_division(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the division: of counts and literals, which are whole whatever they count, and of columns by their types."""
    engine = _WHOLE.get(statement.facts.dialect)
    if engine is None or statement.facts.error:
        return
    for block in statement.facts.blocks:
        named = [(output.name, output.expr) for output in block.outputs]
        for name, root in (*named, *(("", part) for part in (*block.where, *block.having))):
            for part in root.walk():
                if part.op == "div" and len(part.args) == 2:
                    yield from _division(name, part, engine, statement, ctx)


def _division(name: str, part: Expr, engine: str, statement: Statement, ctx: Context) -> Iterator[Finding]:
    left, right = part.args
    at = statement.at(part.span)
    if _is_count(right) and _is_whole(left) and any(True for _ in queries.aggregates(left)):
        yield ctx.finding("counts", at=at, subject=part, engine=engine)
    elif left.op == right.op == "literal" and _is_whole(left) and _is_whole(right):
        below, above = int(left.name), int(right.name)
        if above and below % above:
            result = below // above
            yield ctx.finding("literals", at=at, subject=part, engine=engine, left=below, right=above, result=result)
    elif shapes.words(name) & _RATIOS and _is_integer(left, statement, ctx) and _is_integer(right, statement, ctx):
        yield ctx.finding("ratio", at=at, subject=part, engine=engine, name=name)


def _is_integer(expr: Expr, statement: Statement, ctx: Context) -> bool:
    """Whether the engine makes an integer of it, which it does of SUM for small integers only.

    https://www.postgresql.org/docs/17/functions-aggregate.html: the sum of BIGINT is NUMERIC.
    """
    if not any(True for _ in queries.columns(expr)) or expr.opaque:
        return _is_whole(expr)
    if any(call.op == "sum" and not _adds_small(call, statement, ctx) for call in expr.walk()):
        return False
    if any(call.op in ("avg", "window") for call in expr.walk()):
        return False
    return ctx.type_of(expr, statement).family is Family.INT


def _adds_small(call: Expr, statement: Statement, ctx: Context) -> bool:
    if statement.facts.dialect not in ("postgres", "redshift"):
        return True
    return len(call.args) == 1 and ctx.type_of(call.args[0], statement).text in _SMALL


@integer_division.fix
def make_decimal(finding: Finding, part: Expr, ctx: Context) -> Offer | None:
    """A decimal on the left: the result is another one, which is the point."""
    left = part.args[0]
    if finding.variant == "literals":
        end = Span(left.span.end, left.span.end)
        return Offer(f"Write {left.name}.0", Replace(finding.loc.at(end), ".0"), Applicability.UNSAFE)
    start = Span(left.span.start, left.span.start)
    return Offer("Multiply by 1.0 before dividing", Replace(finding.loc.at(start), "1.0 * "), Applicability.UNSAFE)


def _is_count(expr: Expr) -> bool:
    """COUNT, also where NULLIF keeps zero away."""
    if expr.op == "nullif" and expr.args:
        expr = expr.args[0]
    if expr.op == "window" and expr.args:
        expr = expr.args[0]
    return expr.op in ("count", "count_if") or _sums_flags(expr)


def _sums_flags(expr: Expr) -> bool:
    """``SUM(CASE WHEN ... THEN 1 ELSE 0 END)``."""
    if expr.op != "sum" or len(expr.args) != 1 or expr.args[0].op != "case":
        return False
    results = [arg.args[1] if arg.op == "when" else arg for arg in expr.args[0].args]
    return all(_is_whole(result) or result.op == "null" for result in results)


def _is_whole(expr: Expr) -> bool:
    """Whether an expression is an integer for sure."""
    if expr.op == "literal":
        return expr.kind == "number" and expr.name.isdigit() and not expr.opaque
    if expr.op in ("add", "sub", "mul"):
        return all(map(_is_whole, expr.args))
    return _is_count(expr)
