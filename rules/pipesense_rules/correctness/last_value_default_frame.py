"""LAST_VALUE without a frame gives the current row's own value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.sql import Expr, StatementFacts, WindowCall
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense.text.span import Span
from pipesense_rules import queries

_DO = "Add ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING, or turn the order round and use FIRST_VALUE."

META = RuleMeta(
    id="correctness/last-value-default-frame",
    wants=StatementFacts,
    given=("windows",),
    pattern="window-functions",
    since="0.1",
    by_dialect=True,
    roles=PRODUCTION | {FileRole.MACRO},
    scope=Scope.UNIT,
    messages={
        "current": Message(
            Severity.ERROR,
            "LAST_VALUE gives the value of the current row: the window has an order and no frame.",
            "Such a window ends at the current row, so the last row in it is the current one (or one equal to it in "
            "the order).",
            _DO,
        ),
        "unknown": Message(
            Severity.INFO,
            "LAST_VALUE gives the value of the current row on every engine but Snowflake: the window has an order and "
            "no frame.",
            "Such a window ends at the current row, so the last row in it is the current one.",
            _DO,
        ),
        "not-yet": Message(
            Severity.WARNING,
            "NTH_VALUE is NULL until that row is reached: the window has an order and no frame.",
            "Such a window ends at the current row, so the first rows of the partition do not see the one asked for.",
            "Add ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING.",
        ),
    },
)

_WHOLE: Final = frozenset({"snowflake"})
"""Engines whose default is the whole partition
(https://docs.snowflake.com/en/sql-reference/functions/last_value, read in 2025)."""
_RUNNING: Final = frozenset({"flink"})
"""Engines whose LAST_VALUE always passes over NULL, so that it fills gaps with the last value so far
(https://issues.apache.org/jira/browse/FLINK-26764, read in 2026)."""
_DIRECTION: Final = regex(r"(?P<words>(?:\s+(?:asc|desc))?(?:\s+nulls\s+(?:first|last))?)\s*", re.I)
_FRAME: Final = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"


@rule(META)
def last_value_default_frame(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the call. With IGNORE NULLS the last value so far is what fills gaps, and is meant.

    Where the same query numbers the partition's rows from the other end, the row with number 1 is the last one, and
    LAST_VALUE is right there: that is how one row is kept together with first and last values.
    """
    if ctx.dialect in _WHOLE | _RUNNING:
        return
    for window in facts.windows:
        if not window.order or window.frame or window.skips_nulls or not window.known:
            continue
        if window.function == "last_value" and not any(_from_the_end(each, window) for each in facts.windows):
            yield ctx.finding("current" if ctx.dialect else "unknown", at=window.span, subject=window)
        elif window.function == "nth_value" and ctx.dialect:
            yield ctx.finding("not-yet", at=window.span, subject=window)


def _from_the_end(other: WindowCall, window: WindowCall) -> bool:
    """Whether a ROW_NUMBER counts the rows of the same partitions in the opposite order."""
    if other.function != "row_number" or not other.known or len(other.order) != len(window.order):
        return False
    return set(map(queries.shape, other.partition)) == set(map(queries.shape, window.partition)) and all(
        _turned_round(one, two) for one, two in zip(other.order, window.order, strict=True)
    )


def _turned_round(one: Expr, two: Expr) -> bool:
    """Whether two keys of an order are one, up in the first and down in the second or the other way round."""
    if (one.op == "desc") == (two.op == "desc"):
        return False
    up, down = (two, one) if one.op == "desc" else (one, two)
    return queries.shape(up) == queries.shape(down.args[0])


@last_value_default_frame.fix
def whole_partition(finding: Finding, window: WindowCall, ctx: Context) -> Offer | None:
    """The frame over the whole partition, before the window's closing bracket."""
    text = ctx.text(finding.loc)
    if window.window or not text.endswith(")"):
        return None
    first, last = window.order[0].span.start - window.span.start, window.order[-1].span.end - window.span.start
    behind = _DIRECTION.fullmatch(text, last, len(text) - 1)
    if behind is None:
        return None
    at = window.span.start + behind.end("words")
    frame = _FRAME.lower() if " over" in text.replace("\n", " ") else _FRAME
    written = Replace(finding.loc.at(Span(at, at)), _gap(text, first, behind) + frame)
    return Offer(f"Add {_FRAME}", written, Applicability.UNSAFE)


def _gap(text: str, first: int, behind: re.Match[str]) -> str:
    """A line of its own, as far in as ORDER BY, where the window closes on one; else a blank."""
    order = re.search(r"\n([ \t]*)order\s+by\s+$", text[:first], re.I)
    return f"\n{order[1]}" if order and "\n" in text[behind.end("words") : behind.end()] else " "
