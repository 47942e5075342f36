"""Rows are counted per left row, so one without any partner counts as one."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Replace
from pipesense.model.sql import Block, Expr, Join
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense_rules import queries

META = RuleMeta(
    id="correctness/count-star-after-left-join",
    wants=Block,
    pattern="join-conditions",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO, FileRole.TEST},
    scope=Scope.UNIT,
    messages={
        "counted": Message(
            Severity.WARNING,
            "{count} counts 1 for each {left} that has no {right} at all.",
            "The LEFT JOIN keeps such a row, with NULL for every column of {right}, and this counts rows.",
            "Write COUNT({key}), which counts partners.",
        ),
    },
)


@rule(META)
def count_star_after_left_join(block: Block, ctx: Context) -> Iterator[Finding]:
    """At the count, where the joined table is there for nothing but being counted."""
    if not block.group or len(block.joins) != 1 or len(block.sources) != 1 or block.holes:
        return
    join = block.joins[0]
    key = _right_key(block, join)
    if key is None or _is_read_elsewhere(block, join):
        return
    for output in block.outputs:
        for call in queries.aggregates(output.expr):
            if _counts_rows(call):
                yield ctx.finding(
                    "counted",
                    at=call.span,
                    subject=(call, key),
                    count=f"COUNT({call.args[0].name})",
                    left=block.sources[0].alias,
                    right=join.source.alias,
                    key=".".join(key.path),
                )


@count_star_after_left_join.fix
def count_partners(finding: Finding, subject: tuple[Expr, Expr], ctx: Context) -> Offer | None:
    """COUNT of the right key: rows without a partner count 0."""
    call, key = subject
    column = ctx.text(finding.loc.at(key.span))
    return Offer(f"Write COUNT({column})", Replace(finding.loc.at(call.args[0].span), column), Applicability.UNSAFE)


def _right_key(block: Block, join: Join) -> Expr | None:
    """A column of the joined table that is equal to one the query groups by; None unless all of them are such pairs."""
    if join.side != "left" or join.source.kind not in ("table", "cte", "subquery") or not join.on:
        return None
    names = queries.aliases(block)
    alias = join.source.alias.casefold()
    grouped = {queries.shape(expr) for expr in block.group}
    key: Expr | None = None
    for part in join.on:
        sides = {queries.owner(side, names): side for side in part.args if side.op == "column"}
        if part.op != "eq" or alias not in sides or len(sides) != 2:
            # A further condition on the joined table alone narrows what is a partner.
            if queries.owners([part], names) == frozenset({alias}):
                continue
            return None
        left = next(side for whose, side in sides.items() if whose != alias)
        if queries.shape(left) not in grouped:
            return None
        key = key or sides[alias]
    return key


def _is_read_elsewhere(block: Block, join: Join) -> bool:
    """Whether the query shows, filters or groups by the joined table, or counts its partners beside the rows.

    It may be a look-up of one row each then, or whoever wrote it knows the difference.
    """
    names = queries.aliases(block)
    left, right = block.sources[0].alias.casefold(), join.source.alias.casefold()
    shown = (*(output.expr for output in block.outputs), *block.where, *block.group, *block.having, *block.qualify)
    for expr in shown:
        calls = list(queries.aggregates(expr))
        inside = {id(column) for call in calls for column in queries.columns(call)}
        if any(call.op == "count" and right in (queries.owners([call], names) or ()) for call in calls):
            return True
        for part in expr.walk():
            if part.op == "star" and part.path:
                return True
            if part.op == "column" and id(part) not in inside and queries.owner(part, names) != left:
                return True
    return False


def _counts_rows(call: Expr) -> bool:
    return call.op == "count" and len(call.args) == 1 and call.args[0].op in ("star", "literal")
