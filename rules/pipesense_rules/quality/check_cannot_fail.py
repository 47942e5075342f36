"""A check whose condition is true whatever the data is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Rewrite
from pipesense.model.faults import FaultKind, SettingFault
from pipesense.model.flow import Role
from pipesense.model.frames import FrameCheck, FrameScope
from pipesense.model.habits import CheckThatOnlyTells
from pipesense.model.sql import Block, Comparison, Expr, Script, Statement
from pipesense.model.value import Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import EVERYWHERE, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import faults

META = RuleMeta(
    id="quality/check-cannot-fail",
    wants=(Script, SettingFault, CheckThatOnlyTells, FrameScope, FrameCheck),
    pattern="quality-checks",
    since="0.1",
    roles=EVERYWHERE - {FileRole.GENERATED},
    messages={
        "group": Message(
            Severity.WARNING,
            "This check keeps every group: a group always has a row, so {condition} is always true.",
            "It says the same of a table without duplicates and of one full of them.",
            "A check for duplicates asks for more than one: HAVING COUNT(*) > 1.",
        ),
        "count": Message(
            Severity.WARNING,
            "This check cannot fail: a count is never below zero, so {condition} is always true.",
            "An empty table passes, and so does everything else.",
            "Ask for what must be there: COUNT(*) > 0, or a number that a usual day reaches.",
        ),
        "share": Message(
            Severity.WARNING,
            "This check cannot fail: {condition} holds of every share, since no column has more values than rows.",
            "A column without a single value passes.",
            "Turn the comparison around and name the share that is promised, such as >= 99.",
        ),
        "tells": Message(
            Severity.WARNING,
            "{name} finds wrong data, calls {tells}, and succeeds.",
            "The task is green, so what stands behind it runs, and passes the wrong data on.",
            "Raise after telling.",
        ),
        "unread": Message(
            Severity.WARNING,
            "Nobody looks at the result of {method}, so what it finds has no effect.",
            "Great Expectations reports failed expectations in its result and raises nothing: the run is "
            "green whatever "
            "the data is.",
            "Raise where result.success is False, or let a task that others wait for do it.",
        ),
        "gathered": Message(
            Severity.WARNING,
            "This check stops nothing: {outcome}, and nothing in this file looks there.",
            "The run goes on with whatever the data is.",
            "Raise where .pandera.errors of the result is not empty.",
        ),
        "caught": Message(
            Severity.WARNING,
            "This check stops nothing: {outcome}.",
            "The run goes on with whatever the data is, and is green at its end.",
            "Raise again behind telling, or put the rows that do not fit aside and go on with the others.",
        ),
        "empty": Message(
            Severity.WARNING,
            "This check passes when the table is empty: {outcome}.",
            "A load that writes nothing is the failure that it should notice first.",
            "Write {instead}.",
        ),
    },
)

_TURNED: Final = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}
_SHARE: Final = frozenset(
    {"div", "mul", "count", "literal", "cast", "star", "column", "nullif", "round", "safe_divide"}
)


@rule(META)
def check_cannot_fail(
    fact: Script | SettingFault | CheckThatOnlyTells | FrameScope | FrameCheck, ctx: Context
) -> Iterator[Finding]:
    """At the comparison that decides the check, or at the operator that takes nothing for zero."""
    if isinstance(fact, Script):
        yield from _of_script(fact, ctx)
    elif isinstance(fact, CheckThatOnlyTells):
        yield ctx.finding("tells", at=fact.loc, name=fact.name, tells=fact.tells)
    elif isinstance(fact, FrameScope):
        yield from _of_code(fact, ctx)
    elif isinstance(fact, FrameCheck):
        if fact.gates is False and ".pandera.errors" in fact.outcome:
            yield ctx.finding("gathered", at=fact.loc, outcome=fact.outcome)
        elif fact.gates is False and "caught" in fact.outcome:
            yield ctx.finding("caught", at=fact.loc, outcome=fact.outcome)
    elif fact.kind is FaultKind.PASSES_WITHOUT_ROWS:
        yield ctx.finding("empty", at=fact.loc, outcome=fact.outcome, instead=fact.instead)


@check_cannot_fail.fix
def refuse_nothing(finding: Finding, fact: object, ctx: Context) -> Offer | None:
    """Let the operator refuse what is not there, or the function what is wrong."""
    if isinstance(fact, CheckThatOnlyTells):
        return Offer("Raise after telling", Rewrite(fact.edits), Applicability.UNSAFE)
    return faults.offer(fact) if isinstance(fact, SettingFault) else None


_VALIDATED: Final = frozenset({"batch", "checkpoint", "validator", "data set"})


def _of_code(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """Validations whose result is dropped."""
    if scope.system != "great_expectations":
        return
    for each in scope.operations:
        if each.result == "result" and each.kind in _VALIDATED and each.use == "statement":
            yield ctx.finding("unread", at=each.name_loc, method=each.name)


def _of_script(script: Script, ctx: Context) -> Iterator[Finding]:
    by_task = any(isinstance(run.task.role, Known) and run.task.role.value is Role.CHECK for run in ctx.runs_of(script))
    for statement in script.having("comparisons"):
        facts = statement.facts
        if facts.error or facts.kind not in ("select", "assert") or not facts.comparisons:
            continue
        if by_task or ctx.checks_in(statement):
            for comparison in facts.comparisons:
                variant = _always(comparison, facts.blocks)
                if variant:
                    yield _finding(comparison, variant, statement, ctx)


def _finding(comparison: Comparison, variant: str, statement: Statement, ctx: Context) -> Finding:
    place = statement.at(comparison.span)
    return ctx.finding(variant, at=place, condition=" ".join(ctx.text(place).split()))


def _always(comparison: Comparison, blocks: tuple[Block, ...]) -> str:
    """Why a comparison is always true, as the variant that says so; "" where it is not."""
    if len(comparison.right) != 1 or comparison.op not in _TURNED:
        return ""
    op, left, right = comparison.op, comparison.left, comparison.right[0]
    if left.op in ("literal", "neg"):
        op, left, right = _TURNED[op], right, left
    number = _number(right)
    if number is None or left.opaque:
        return ""
    if left.op == "count" and ((op == "gte" and number <= 0) or (op == "gt" and number < 0)):
        return "count"
    at_least_one = (op == "gt" and number == 0) or (op == "gte" and number == 1)
    if left.op == "count" and at_least_one and _counts_rows(left) and _alone_in_having(comparison, blocks):
        return "group"
    whole = _whole_share(left)
    if whole is not None and ((op == "lte" and number >= whole) or (op == "gte" and number <= 0)):
        return "share"
    return ""


def _number(expr: Expr) -> float | None:
    if expr.op == "neg" and len(expr.args) == 1:
        inner = _number(expr.args[0])
        return None if inner is None else -inner
    if expr.op != "literal" or expr.kind != "number":
        return None
    try:
        return float(expr.name)
    except ValueError:
        return None


def _counts_rows(count: Expr) -> bool:
    return len(count.args) == 1 and count.args[0].op in ("star", "literal")


def _alone_in_having(comparison: Comparison, blocks: tuple[Block, ...]) -> bool:
    """Whether it is the whole HAVING of a query with GROUP BY."""
    return any(block.group and len(block.having) == 1 and block.having[0].span == comparison.span for block in blocks)


def _whole_share(expr: Expr) -> float | None:
    """1 or 100 where the expression is COUNT(column) over COUNT(*) of the same rows, times 100 or not."""
    parts = expr.walk()
    counts = [part for part in parts if part.op == "count"]
    if expr.op == "count" or any(part.op not in _SHARE for part in parts) or len(counts) != 2:
        return None
    of_column, of_rows = counts
    if _counts_rows(of_column) or not _counts_rows(of_rows):
        return None
    factors = [number for part in parts if part.op == "literal" and (number := _number(part)) not in (None, 0.0, 1.0)]
    if not factors:
        return 1.0
    # Besides the 100 there may be the digits that the share is rounded to.
    return 100.0 if 100.0 in factors else None
