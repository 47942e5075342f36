"""A page ends between rows of one time, and the next page starts behind that time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.columns import Family
from pipesense.model.sql import Block, Expr, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense_rules import queries

META = RuleMeta(
    id="idempotency/cursor-tie",
    wants=Statement,
    given=("blocks",),
    pattern="incremental-extraction",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO},
    messages={
        "tie": Message(
            Severity.WARNING,
            "LIMIT may cut between rows with the same {column}, and the next page starts behind it: {column} > ...",
            "The rows of that moment that did not fit the page are never read, and nothing reports it.",
            "Page by {column} and the key together: ({column}, id) > (:time, :id) ORDER BY {column}, id.",
        ),
    },
)

_TIME: Final = regex(
    r"(?:^|_)(?:at|ts|tstamp|timestamp|time|datetime|dttm|dtm|updated|modified|created|changed|date|day)$", re.I
)
_TIMES: Final = frozenset({Family.TIMESTAMP, Family.TIMESTAMPTZ, Family.DATE})


@rule(META)
def cursor_tie(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the comparison, in a query that is ordered by the time it compares and limited to a page."""
    if statement.facts.error or statement.facts.unsure:
        return
    for block in statement.facts.blocks:
        if block.limit is None or block.limit.name in ("0", "1") or block.group or block.distinct or not block.order:
            continue
        first = block.order[0]
        if first.op != "column" or len(block.every_source) != 1:
            continue
        for part in block.where:
            if _is_cursor(part, first) and not _is_safe(part, block, statement, ctx):
                yield ctx.finding("tie", at=statement.at(part.span), subject=part, column=".".join(part.args[0].path))


def _is_cursor(part: Expr, first: Expr) -> bool:
    """``time > :cursor``, where the query is ordered by the time."""
    if part.op != "gt" or len(part.args) != 2 or part.args[0].op != "column":
        return False
    column, bound = part.args
    if queries.last_name(column) != queries.last_name(first):
        return False
    while bound.op == "cast" and bound.args:
        bound = bound.args[0]
    return bound.op in ("parameter", "hole") or (bound.op == "literal" and bound.opaque)


def _is_safe(part: Expr, block: Block, statement: Statement, ctx: Context) -> bool:
    """Whether no two rows share the value, or the column is no time."""
    column = part.args[0]
    kind = ctx.type_of(column, statement).family
    if kind is not Family.UNKNOWN and kind not in _TIMES:
        return True
    if kind is Family.UNKNOWN and not _TIME.search(column.path[-1]):
        return True
    return ctx.columns_of(block.every_source[0], statement).has_key(frozenset({queries.last_name(column)}))
