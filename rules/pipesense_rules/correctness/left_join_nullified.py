"""A filter in WHERE drops the rows that a LEFT JOIN was written to keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace, Rewrite
from pipesense.model.sql import Block, Expr, Join
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import queries

META = RuleMeta(
    id="correctness/left-join-nullified",
    wants=Block,
    pattern="join-conditions",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO, FileRole.TEST},
    scope=Scope.UNIT,
    messages={
        "filtered": Message(
            Severity.WARNING,
            "This condition on {column} undoes the LEFT JOIN of {table}.",
            "A row without a partner has NULL there, the comparison is unknown, and WHERE drops the row: what remains "
            "is what an inner join gives.",
            "Move the condition into ON to keep these rows, or write JOIN where they are not wanted.",
        ),
        "empty": Message(
            Severity.WARNING,
            "This condition on {column} undoes the LEFT JOIN of {table}.",
            "A row without a partner has 0, an empty text or NULL there, for which the condition does not hold, and "
            "WHERE drops the row: what remains is what an inner join gives.",
            "Move the condition into ON to keep these rows, or write JOIN where they are not wanted.",
        ),
    },
)

_EXCLUDES: Final = frozenset({"neq", "not", "not_in", "not_like", "not_ilike", "not_matches", "not_between"})
"""Conditions that say which partners a row must not have."""


@rule(META)
def left_join_nullified(block: Block, ctx: Context) -> Iterator[Finding]:
    """At the first such condition on each table; one that says IS NOT NULL was meant so."""
    joins = [join for join in block.joins if _keeps_unmatched(join)]
    if not joins or not block.where:
        return
    names = queries.aliases(block)
    for join in joins:
        alias = join.source.alias.casefold()
        found = [
            part
            for part in block.where
            if _rejects_null(part, alias, names) and not _may_hold_for_empty(part, ctx.dialect)
        ]
        if found and not any(_asks_for_null(part, alias, names) for part in block.where):
            column = next(each for each in queries.columns(found[0]) if queries.owner(each, names) == alias)
            yield ctx.finding(
                "empty" if ctx.dialect == "clickhouse" else "filtered",
                at=found[0].span,
                subject=(block, join, found[0]),
                column=".".join(column.path),
                table=join.source.alias,
            )


def _keeps_unmatched(join: Join) -> bool:
    named = join.source.alias and (join.on or join.using)
    return join.side == "left" and join.kind in ("", "outer") and bool(named)


def _rejects_null(part: Expr, alias: str, names: frozenset[str]) -> bool:
    """Whether a conjunct is never true while every column of ``alias`` is NULL."""
    if part.op not in queries.COMPARING or (part.opaque and part.args[0].opaque):
        return False
    sides = part.args[:1] if part.op in ("in", "not_in", "between", "not_between") else part.args
    return any(_is_null_with(side, alias, names) for side in sides)


def _is_null_with(side: Expr, alias: str, names: frozenset[str]) -> bool:
    """Whether a value is NULL when the table has no partner: its column, or a plain function of nothing else."""
    while side.op in ("cast", "lower", "upper", "trim", "date", "abs", "neg", "year", "month") and side.args:
        side = side.args[0]
    return side.op == "column" and not side.opaque and queries.owner(side, names) == alias


def _may_hold_for_empty(part: Expr, dialect: str) -> bool:
    """Whether a condition may hold for 0 or an empty text.

    ClickHouse fills a row without a partner with these (https://clickhouse.com/docs/operations/settings/settings#join_use_nulls).
    Where nobody knows the dialect, who compares with them is taken for one who knows.
    """
    if dialect not in ("", "clickhouse"):
        return False
    values = part.args if part.op in ("eq", "neq") else part.args[1:]
    if part.op in ("eq", "in") and any(_is_empty(value) for value in values):
        return True
    if not dialect:
        return False
    if part.op in ("eq", "in"):
        return not any(value.op == "literal" for value in values) if part.op == "eq" else not _all_literal(values)
    if part.op in ("gt", "gte", "between") and part.args[0].op != "literal":
        return not _all_literal(values[:1]) or _is_empty(values[0]) or values[0].name.startswith("-")
    if part.op in ("like", "ilike"):
        return not _all_literal(values) or values[0].name.startswith("%")
    return True


def _all_literal(values: tuple[Expr, ...]) -> bool:
    return bool(values) and all(value.op == "literal" and not value.opaque for value in values)


def _is_empty(value: Expr) -> bool:
    """Whether it is 0 or an empty text."""
    if value.op != "literal" or value.opaque:
        return False
    return not value.name.strip("0.") if value.kind == "number" else not value.name


def _asks_for_null(part: Expr, alias: str, names: frozenset[str]) -> bool:
    """Whether a conjunct speaks of a missing partner: whoever wrote it knows. So does who writes ``= NULL``."""
    return any(
        (inner.op in ("is", "is_not") or any(side.op == "null" for side in inner.args))
        and any(queries.owner(column, names) == alias for column in queries.columns(inner))
        for inner in part.walk()
    )


@left_join_nullified.fix
def say_inner(finding: Finding, subject: tuple[Block, Join, Expr], ctx: Context) -> Offer | None:
    """The join is called what it is: the rows stay the same, but whether they were meant is for people to say."""
    block, join, _ = subject
    if join.keyword is None:
        return None
    written = ctx.text(finding.loc.at(join.keyword))
    plain = re.fullmatch(r"left(?:\s+outer)?\s+(join)", written, re.I)
    if plain is None:
        return None
    spelled = re.search(r"\b(inner)\s+join\b", ctx.text(finding.loc.at(block.span)), re.I)
    inner = f"{'inner' if plain[1].islower() else 'INNER'} {plain[1]}" if spelled else plain[1]
    change = Replace(finding.loc.at(join.keyword), inner)
    return Offer("Write JOIN: the rows stay the same", change, Applicability.UNSAFE)


@left_join_nullified.fix
def move_to_on(finding: Finding, subject: tuple[Block, Join, Expr], ctx: Context) -> Offer | None:
    """The condition moves from WHERE into ON: rows without a partner appear, so it is offered, not applied."""
    block, join, part = subject
    if not join.on or any(each.op == "or" for each in join.on) or part.span.end < 0:
        return None
    # What a condition keeps out would come back, without the columns of the partner.
    if part.op in _EXCLUDES or _still_undone(block, join, part):
        return None
    gone = _without(block, part, finding, ctx)
    if gone is None:
        return None
    condition = ctx.text(finding.loc.at(part.span))
    removed = Replace(finding.loc.at(gone), "")
    own = [ctx.text(finding.loc.at(each.span)) for each in join.on]
    if condition.casefold() in map(str.casefold, own):
        return Offer("Delete the condition in WHERE: ON has it already", removed, Applicability.UNSAFE)
    end = join.on[-1].span.end
    keyword = "and" if ctx.text(finding.loc.at(block.keyword)).islower() else "AND"
    moved = Replace(finding.loc.at(Span(end, end)), f"{_gap(join, finding, ctx)}{keyword} {condition}")
    return Offer(
        "Move the condition into ON: rows without a partner are kept", Rewrite((moved, removed)), Applicability.UNSAFE
    )


def _still_undone(block: Block, join: Join, part: Expr) -> bool:
    """Whether rows without a partner are dropped all the same, by another condition or one on what hangs on them."""
    names = queries.aliases(block)
    alias = join.source.alias.casefold()
    hanging = [
        other.source.alias.casefold()
        for other in block.joins
        if other is not join
        and _keeps_unmatched(other)
        and any(queries.owner(column, names) == alias for each in other.on for column in queries.columns(each))
    ]
    others = [each for each in block.where if each is not part]
    return any(_rejects_null(each, name, names) for each in others for name in (alias, *hanging))


def _gap(join: Join, finding: Finding, ctx: Context) -> str:
    """What stands before the last AND of ON where its conditions have lines of their own; else a blank."""
    if len(join.on) < 2:
        return " "
    between = Span(join.on[-2].span.end, join.on[-1].span.start)
    found = re.fullmatch(r"(\s*\n[ \t]*)and\s+", ctx.text(finding.loc.at(between)), re.I)
    return found[1] if found else " "


def _without(block: Block, part: Expr, finding: Finding, ctx: Context) -> Span | None:
    """What has to go so that WHERE holds without one of its conditions; None where comments or brackets are between."""
    at = block.where.index(part)
    if len(block.where) == 1:
        before = ctx.text(finding.loc.at(Span(block.span.start, part.span.start)))
        word = re.search(r"\s*where\s+$", before, re.I)
        return Span(block.span.start + word.start(), part.span.end) if word else None
    first, second = (at - 1, at) if at else (at, at + 1)
    between = Span(block.where[first].span.end, block.where[second].span.start)
    if ctx.text(finding.loc.at(between)).strip().upper() != "AND":
        return None
    return Span(between.start, part.span.end) if at else Span(part.span.start, between.end)
