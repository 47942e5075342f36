"""BETWEEN two days on a column with a time of day loses the last day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.columns import Family
from pipesense.model.sql import Clause, Comparison, Expr, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex

META = RuleMeta(
    id="correctness/between-timestamp",
    wants=Statement,
    given=("comparisons",),
    pattern="half-open-interval",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO, FileRole.TEST},
    messages={
        "midnight": Message(
            Severity.WARNING,
            "{column} BETWEEN ... AND '{day}' ends at the first moment of {day}.",
            "A day without a time means midnight, so of the last day only what happened at exactly 00:00:00 is found.",
            "Write {column} >= ... AND {column} < '{next}'.",
        ),
    },
)

_DAY: Final = regex(r"\d{4}-\d{2}-\d{2}")
_MOMENT: Final = regex(r"(?:^|_)(?:at|ts|tstamp|timestamp|datetime|dttm|dtm)$")


@rule(META)
def between_timestamp(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the upper bound, where the column holds moments: by its type, or by its name where the type is unknown."""
    for comparison in statement.facts.comparisons if not statement.facts.error else ():
        column, right = comparison.left, comparison.right
        if comparison.op != "between" or column.op != "column" or len(right) != 2 or comparison.clause is Clause.CHECK:
            continue
        day = _day(right[1])
        if day is None or not _holds_moments(column, statement, ctx):
            continue
        yield ctx.finding(
            "midnight",
            at=statement.at(right[1].span),
            subject=comparison,
            column=".".join(column.path),
            day=day,
            next=day + timedelta(days=1),
        )


def _holds_moments(column: Expr, statement: Statement, ctx: Context) -> bool:
    kind = ctx.type_of(column, statement)
    if kind.is_known:
        return kind.family in (Family.TIMESTAMP, Family.TIMESTAMPTZ)
    return bool(_MOMENT.search(column.path[-1].casefold()))


@between_timestamp.fix
def half_open(finding: Finding, comparison: Comparison, ctx: Context) -> Offer | None:
    """From the first day inclusive to the day behind the last exclusive: the last day's rows appear."""
    low, high = comparison.right
    day = _day(high)
    column, lower = (ctx.text(finding.loc.at(each.span)) for each in (comparison.left, low))
    upper = ctx.text(finding.loc.at(high.span))
    if day is None or str(day) not in upper:
        return None
    upper = upper.replace(str(day), str(day + timedelta(days=1)))
    keyword = "and" if ctx.text(finding.loc.at(comparison.operator)).islower() else "AND"
    text = f"{column} >= {lower} {keyword} {column} < {upper}"
    return Offer(
        "Write >= and <, with the whole last day", Replace(finding.loc.at(comparison.span), text), Applicability.UNSAFE
    )


def _day(bound: Expr) -> date | None:
    """The day that a literal names without a time, also as DATE '...'."""
    if bound.op == "cast" and bound.kind in ("DATE", "TIMESTAMP", "DATETIME", "TIMESTAMPTZ") and bound.args:
        bound = bound.args[0]
    if bound.op != "literal" or bound.kind != "string" or bound.opaque or not _DAY.fullmatch(bound.name):
        return None
    try:
        day = date.fromisoformat(bound.name)
    except ValueError:
        return None
    return day if day < date.max else None
