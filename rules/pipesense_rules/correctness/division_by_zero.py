"""A divisor may be zero, and the engine stops there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.sql import Block, Clause, Expr, StatementFacts
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense_rules import queries

META = RuleMeta(
    id="correctness/division-by-zero",
    wants=StatementFacts,
    given=("blocks",),
    pattern="exact-numbers",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO, FileRole.TEST},
    scope=Scope.UNIT,
    default=False,
    messages={
        "divisor": Message(
            Severity.INFO,
            "The query stops as soon as {divisor} is 0.",
            "One row is enough, and it may come months after the query was written.",
            "Write NULLIF({divisor}, 0), and say what the result should be then.",
        ),
    },
)

_LENIENT: Final = frozenset(
    {"mysql", "sqlite", "duckdb", "hive", "spark", "spark2", "clickhouse", "doris", "starrocks"}
)
"""Dialects in which it is NULL or infinite."""
_GUARDS: Final = frozenset({"nullif", "case", "if", "iff", "safe_divide", "div0", "try", "safe"})


_SHOWN: Final = 40
"""Characters of a divisor that a title repeats."""


@rule(META)
def division_by_zero(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the divisor, where neither NULLIF, nor CASE, nor a condition keeps zero away."""
    if facts.dialect in _LENIENT or facts.error:
        return
    for block in facts.blocks:
        filtered = {queries.shape(side) for part in block.where for side in part.args if part.op in ("gt", "neq")}
        for root in (*(output.expr for output in block.outputs), *block.where, *block.having):
            for part in root.walk():
                if part.op == "div" and len(part.args) == 2 and not part.guards & _GUARDS:
                    divisor = part.args[1]
                    if _may_be_zero(divisor, block) and queries.shape(divisor) not in filtered:
                        yield ctx.finding("divisor", at=divisor.span, subject=divisor, divisor=_said(divisor))


def _may_be_zero(divisor: Expr, block: Block) -> bool:
    parts = divisor.walk()
    if divisor.opaque or any(part.op in _GUARDS for part in parts):
        return False
    if not any(part.op == "column" or part.kind == "aggregate" for part in parts):
        return False
    # A group has a row at least.
    counts_rows = divisor.op == "count" and (not divisor.args or divisor.args[0].op in ("star", "literal"))
    return not (counts_rows and (block.group or Clause.GROUP in block.holes))


def _said(divisor: Expr) -> str:
    return ".".join(divisor.path) if divisor.op == "column" else f"{divisor.op.upper()}(...)"


@division_by_zero.fix
def make_null(finding: Finding, divisor: Expr, ctx: Context) -> Offer | None:
    """NULLIF around the divisor: rows appear whose result is NULL."""
    text = ctx.text(finding.loc)
    shown = " ".join(text.split()) if len(text) <= _SHOWN else "..."
    return Offer(f"Divide by NULLIF({shown}, 0)", Replace(finding.loc, f"NULLIF({text}, 0)"), Applicability.UNSAFE)
