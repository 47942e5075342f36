"""Money is kept in a floating-point number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.sql import ColumnDef, StatementFacts
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense.text.span import Span
from pipesense_rules import digits, shapes

_WHY = (
    "It has no exact 0.10: sums drift by cents, equal amounts compare unequal, and totals depend on the order of rows."
)

META = RuleMeta(
    id="modelling/float-money",
    wants=StatementFacts,
    given=("table", "write"),
    pattern="exact-numbers",
    since="0.1",
    roles=PRODUCTION,
    scope=Scope.UNIT,
    messages={
        "column": Message(
            Severity.WARNING,
            "{column} is named like money and declared as {type}, a floating-point number.",
            _WHY,
            "Declare it as DECIMAL with as many digits as the currency needs, or keep whole cents.",
        ),
        "cast": Message(
            Severity.INFO,
            "{column} is named like money and converted to {type}, a floating-point number.",
            _WHY,
            "Convert it to DECIMAL.",
        ),
    },
)

_FLOAT: Final = regex(
    r"(?:FLOAT(?:4|8|32|64)?|REAL|DOUBLE(?: PRECISION)?|BINARY_(?:FLOAT|DOUBLE))(?:\(\d+(?:,\d+)?\))?"
)
_WRITTEN: Final = regex(r"\s+(float\d*|real|double(?:\s+precision)?|binary_(?:float|double))(?:\s*\([\d, ]+\))?", re.I)
_MONEY: Final = frozenset(
    {
        *("price", "prices", "amount", "amounts", "cost", "costs", "revenue", "revenues", "balance", "fee", "fees"),
        *("salary", "salaries", "tax", "taxes", "vat", "payment", "payout", "refund", "discount", "turnover"),
    }
)
_NO_MONEY: Final = frozenset(
    {
        *("ratio", "rate", "rates", "pct", "percent", "percentage", "share", "score", "index", "growth", "factor"),
        *("probability", "weight", "change", "count", "days", "id", "elasticity", "rank", "multiplier", "slope"),
        *("predicted", "prediction", "forecast", "estimate", "estimated", "avg", "average", "mean", "std", "stddev"),
    }
)
_AMOUNTS: Final = frozenset({"amount", "amounts"})
_USED: Final = frozenset({"usage", "used", "consumed", "consumption"})
"""Words of what an amount counts in hours, bytes or litres (``usage_amount`` of AWS's cost reports)."""

_DOSE: Final = regex(r"(?:^|_)(?:ingredient|dose|dosage|drug|pack_concept|box_size|strength)(?:_|$)")
"""A column beside which an amount is that of a medicine."""
_CURRENCY: Final = regex(r"(?:^|_)(?:fx|exchange|currency|conversion|crypto)_?rate|(?:^|_)(?:fx|crypto)(?:_|$)")
"""A column beside which amounts come out of currency rates, with as many digits as those make."""
_USUAL: Final = 6
_MOST: Final = 18
"""Digits behind the point: what amounts and rates of banks have, what the smallest parts of currencies need."""
_UNIT: Final = regex(r"_?(?:uom|units?|unit_of_measure|measure|dose_?unit)")


@rule(META)
def float_money(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the column's definition, or at the conversion that an output is."""
    if facts.table is not None and facts.table.kind == "table":
        for column in facts.table.columns:
            if not _FLOAT.fullmatch(column.type) or not _is_money(column.name):
                continue
            if not _is_measured(column.name, facts.table.columns):
                yield ctx.finding("column", at=column.span, subject=column, column=column.name, type=column.type)
    if facts.write is None and facts.table is None:
        return
    for block in facts.blocks:
        for output in block.outputs if block.depth == 0 else ():
            expr = output.expr
            if expr.op == "cast" and _FLOAT.fullmatch(expr.kind) and _is_money(output.name):
                yield ctx.finding("cast", at=expr.span, subject=expr, column=output.name, type=expr.kind)


def _is_money(name: str) -> bool:
    said = shapes.words(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name))
    return bool(said & _MONEY - (_AMOUNTS if said & _USED else set())) and not said & _NO_MONEY


def _is_measured(name: str, columns: tuple[ColumnDef, ...]) -> bool:
    """Whether another column holds the unit of measure: a dose or a weight, and no money."""
    if any(_DOSE.search(column.name.casefold()) for column in columns):
        return True
    mine = name.casefold()
    others = {column.name.casefold() for column in columns} - {mine}
    mine = mine.removesuffix("_value").removesuffix("value")
    return any(_UNIT.fullmatch(other.removeprefix(mine)) for other in others if other.startswith(mine))


@float_money.fix
def declare_decimal(finding: Finding, subject: object, ctx: Context) -> Offer | None:
    """DECIMAL with the digits that are seen: values with more are rounded, so it is offered, not applied."""
    if not isinstance(subject, ColumnDef):
        return None
    text = ctx.text(finding.loc)
    at = subject.name_span.end - subject.span.start
    found = _WRITTEN.match(text, at)
    if found is None:
        return None
    scale = _scale(finding, subject, ctx)
    if scale is None:
        return None
    start = subject.span.start + found.start(1)
    decimal = f"DECIMAL({18 if scale <= _USUAL else 38}, {scale})"
    place = finding.loc.at(Span(start, subject.span.start + found.end()))
    written = decimal.lower() if found[1].islower() else decimal
    return Offer(f"Declare it as {decimal}", Replace(place, written), Applicability.UNSAFE)


def _scale(finding: Finding, column: ColumnDef, ctx: Context) -> int | None:
    """As many digits behind the point as are seen, two at least; None where that cannot be told."""
    made = ctx.statement(finding.loc)
    table = made.facts.table if made is not None else None
    if made is None or table is None or any(_CURRENCY.search(each.name.casefold()) for each in table.columns):
        return None
    name, columns = column.name.casefold(), [each.name for each in table.columns]
    seen = [2, *(digits.in_value(column.default) if column.default is not None else ())]
    for each in table.columns:
        seen += digits.in_type(each.type) if _is_money(each.name) else ()
    for access in made.accesses:
        for use in ctx.uses_of(access.dataset):
            statement = ctx.statement(use.access.loc)
            if statement is not None:
                seen += digits.of_column(name, columns, statement, ctx)
    return max(seen) if max(seen) <= _MOST else None
