"""An incremental model takes only days after its newest one, so rows that come late for that day are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.columns import Family
from pipesense.model.sql import Block, Clause, Comparison, Expr, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense_rules.dbt_facts import constant

META = RuleMeta(
    id="reliability/incremental-late-data",
    wants=Statement,
    given=("comparisons",),
    pattern="incremental-model",
    since="0.1",
    messages={
        "late": Message(
            Severity.INFO,
            "{name} takes only rows with {column} after its newest one, and that is a whole day.",
            "Rows of that day which arrive after the run that loaded it are never read.",
            "Compare with >= and let unique_key replace what is there, or look a few days back.",
        ),
    },
)

_THIS: Final = regex(r"\{\{-?\s*this\s*-?\}\}")
_DAY: Final = regex(r"(?:^|_)(?:date|day|dt|month|week)$", re.IGNORECASE)
_DAYS: Final = frozenset({"date", "date_trunc", "to_date", "trunc", "datetrunc"})
_WRAPS: Final = frozenset({"coalesce", "ifnull", "nvl", "cast"})


@rule(META)
def incremental_late_data(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """Report ``day > (select max(day) from {{ this }})`` in a model that is built bit by bit."""
    facts = statement.facts
    if facts.error or facts.unsure or not facts.comparisons:
        return
    found = [(each, query) for each in facts.comparisons if (query := _newest_of_this(each)) is not None]
    name = ctx.model_of(statement) if found else ""
    nodes = ctx.dbt.nodes(name) if name else ()
    if len(nodes) != 1 or constant(ctx, nodes[0], "materialized") != "incremental":
        return
    for comparison, newest in found:
        column = comparison.left
        if _is_day(column, statement, ctx) or _is_truncated(newest):
            at = statement.at(comparison.operator)
            is_keyed = constant(ctx, nodes[0], "unique_key") is not None
            yield ctx.finding("late", at=at, subject=is_keyed, name=name, column=_word(column))


def _newest_of_this(comparison: Comparison) -> Expr | None:
    """The MAX of the model's own table that a comparison asks for, nothing taken off."""
    if comparison.op != "gt" or comparison.clause is not Clause.WHERE or len(comparison.right) != 1:
        return None
    bound = _bare(comparison.right[0])
    query: Block | None = bound.query
    if query is None or len(query.outputs) != 1 or query.group or len(query.every_source) != 1:
        return None
    source = query.every_source[0]
    if not source.parts or _THIS.fullmatch(source.parts[-1]) is None:
        return None
    made = _bare(query.outputs[0].expr)
    return made if made.op == "max" and len(made.args) == 1 else None


def _bare(expr: Expr) -> Expr:
    """An expression without what only changes NULL or the type."""
    while expr.op in _WRAPS and expr.args:
        expr = expr.args[0]
    return expr


def _is_day(expr: Expr, statement: Statement, ctx: Context) -> bool:
    if expr.op in _DAYS or (expr.op == "cast" and expr.kind == "DATE"):
        return True
    if expr.op != "column":
        return False
    family = ctx.type_of(expr, statement).family
    return family is Family.DATE or (family is Family.UNKNOWN and _DAY.search(expr.path[-1]) is not None)


def _is_truncated(newest: Expr) -> bool:
    inner = newest.args[0]
    return inner.op in _DAYS or (inner.op == "cast" and inner.kind == "DATE")


def _word(expr: Expr) -> str:
    named = [each.path[-1] for each in expr.walk() if each.op == "column" and each.path]
    return named[0] if named else "a day"


@incremental_late_data.fix
def from_the_newest(finding: Finding, is_keyed: bool, ctx: Context) -> Offer | None:
    """``>=`` where a key replaces the rows that are read again."""
    if not is_keyed:
        return None
    return Offer("Read the newest day again", Replace(finding.loc, ">="), Applicability.UNSAFE)
