"""A moment without a time zone is compared with one that has a zone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.columns import Family
from pipesense.model.sql import Clause, Expr, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_DO: Final = "Say which zone {naive} is in ({naive} AT TIME ZONE 'UTC'), or keep it with a zone."

META = RuleMeta(
    id="correctness/timezone-mix",
    wants=Statement,
    given=("comparisons", "blocks"),
    pattern="time-arithmetic",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO, FileRole.TEST},
    messages={
        "columns": Message(
            Severity.WARNING,
            "{naive} has no time zone and {zoned} has one.",
            "The engine takes {naive} to be in the time zone of the session, so the result is hours off wherever that "
            "is another one than it was written in.",
            _DO,
        ),
        "clock": Message(
            Severity.INFO,
            "{naive} has no time zone and {zoned} has one.",
            "The engine takes {naive} to be in the time zone of the session; it is right only while that is the zone "
            "that the values were written in.",
            _DO,
        ),
    },
)

_ENGINES: Final = frozenset(
    {"postgres", "redshift", "snowflake", "spark", "databricks", "trino", "presto", "athena", "duckdb"}
)
"""Engines that have both types and compare them without a word."""
_COMPARED: Final = frozenset({"eq", "neq", "lt", "lte", "gt", "gte", "between", "not_between"})
_CLOCKS: Final = frozenset({"current_timestamp"})


@rule(META)
def timezone_mix(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the side without a zone; both types are known from where the columns are made."""
    facts = statement.facts
    if facts.error or facts.dialect not in _ENGINES:
        return
    for comparison in facts.comparisons:
        if comparison.op in _COMPARED and comparison.clause is not Clause.CHECK:
            for right in comparison.right:
                found = _mixed(comparison.left, right, statement, ctx)
                if found is not None:
                    yield found
                    break
    for block in facts.blocks:
        for output in block.outputs:
            for part in output.expr.walk():
                if part.op == "sub" and len(part.args) == 2:
                    found = _mixed(part.args[0], part.args[1], statement, ctx)
                    if found is not None:
                        yield found


def _mixed(left: Expr, right: Expr, statement: Statement, ctx: Context) -> Finding | None:
    one, other = _moment(left), _moment(right)
    if one is None or other is None or (one.op in _CLOCKS and other.op in _CLOCKS):
        return None
    kinds = (ctx.type_of(one, statement).family, ctx.type_of(other, statement).family)
    if kinds == (Family.TIMESTAMPTZ, Family.TIMESTAMP):
        one, other = other, one
    elif kinds != (Family.TIMESTAMP, Family.TIMESTAMPTZ):
        return None
    if one.op != "column":
        return None
    return ctx.finding(
        "clock" if other.op in _CLOCKS else "columns",
        at=statement.at(one.span),
        subject=one,
        naive=".".join(one.path),
        zoned=".".join(other.path) if other.op == "column" else other.name.upper() or "the clock",
    )


def _moment(expr: Expr) -> Expr | None:
    """The column or clock that an expression is, a duration more or less."""
    while expr.op in ("add", "sub") and len(expr.args) == 2 and expr.args[1].op == "interval":
        expr = expr.args[0]
    return expr if (expr.op == "column" or expr.op in _CLOCKS) and not expr.opaque else None
