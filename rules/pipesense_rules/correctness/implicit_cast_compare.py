"""A column is compared with a literal of another kind, so that the engine converts the column or refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    id="correctness/implicit-cast-compare",
    wants=Statement,
    given=("comparisons",),
    pattern="searchable-condition",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO, FileRole.TEST},
    messages={
        "number": Message(
            Severity.INFO,
            "{column} is {type}, and {literal} is a number.",
            "PostgreSQL, BigQuery and Trino refuse to compare them. Others turn every value of the column into a "
            "number: '02134' equals 2134, one value that is no number stops the query, and no index helps.",
            "Write the literal as text: '{literal}'.",
        ),
        "word": Message(
            Severity.INFO,
            "{column} is {type}, and '{literal}' is no number.",
            "Most engines stop at the conversion of the text; the others turn it into 0 and find the wrong rows.",
            "Compare {column} with a number, or the column that holds the text.",
        ),
    },
)

_NUMBERS: Final = frozenset({Family.INT, Family.DECIMAL, Family.FLOAT})
_OPERATORS: Final = frozenset({"eq", "neq", "lt", "lte", "gt", "gte", "in", "not_in", "between", "not_between"})
_NUMBER: Final = regex(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*|\s*[-+]?(?:nan|inf(?:inity)?)\s*", re.I)


@rule(META)
def implicit_cast_compare(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the literal. A number in quotes is fine for a column of numbers: it is read as one, once."""
    for comparison in statement.facts.comparisons if not statement.facts.error else ():
        if comparison.op in _OPERATORS and comparison.clause is not Clause.CHECK:
            yield from _comparison(comparison, statement, ctx)


def _comparison(comparison: Comparison, statement: Statement, ctx: Context) -> Iterator[Finding]:
    sides = (comparison.left, *comparison.right)
    columns = [side for side in sides if side.op == "column" and not side.opaque]
    literals = [side for side in sides if side.op == "literal" and not side.opaque]
    if len(columns) != 1 or not literals:
        return
    kind = ctx.type_of(columns[0], statement)
    if kind.family is not Family.STRING and kind.family not in _NUMBERS:
        return
    for literal in literals:
        variant = _variant(kind.family, literal)
        if variant:
            yield ctx.finding(
                variant,
                at=statement.at(literal.span),
                subject=literal,
                column=".".join(columns[0].path),
                type=kind,
                literal=literal.name,
            )
            return


def _variant(family: Family, literal: Expr) -> str:
    if family is Family.STRING:
        return "number" if literal.kind == "number" else ""
    return "word" if literal.kind == "string" and not _NUMBER.fullmatch(literal.name) else ""


@implicit_cast_compare.fix
def quote(finding: Finding, literal: Expr, ctx: Context) -> Offer | None:
    """The number as text: values that only had the same number are no longer found."""
    if finding.variant != "number":
        return None
    written = ctx.text(finding.loc)
    return Offer(f"Write '{written}'", Replace(finding.loc, f"'{written}'"), Applicability.UNSAFE)
