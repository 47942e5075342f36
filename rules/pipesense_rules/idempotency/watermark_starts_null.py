"""An incremental load asks an empty target for its newest row and never starts."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Replace
from pipesense.model.sql import Block, Clause, Comparison, Expr, StatementFacts
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense_rules import queries

META = RuleMeta(
    id="idempotency/watermark-starts-null",
    wants=StatementFacts,
    given=("comparisons",),
    pattern="incremental-extraction",
    since="0.1",
    roles=PRODUCTION,
    scope=Scope.UNIT,
    messages={
        "empty": Message(
            Severity.INFO,
            "While {table} is empty, {call} is NULL and this condition keeps no row: the load never starts.",
            "A comparison with NULL is unknown, so the first run inserts nothing, and so does every run after it.",
            "Write COALESCE({call}, <a moment before all data>).",
        ),
    },
)


@rule(META)
def watermark_starts_null(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the aggregate, where a statement filters by the newest row of the table that it fills."""
    write = facts.write
    if write is None or write.verb not in ("insert", "merge") or write.opaque:
        return
    for comparison in facts.comparisons:
        if comparison.op not in ("gt", "gte") or comparison.clause not in (Clause.WHERE, Clause.ON):
            continue
        query = comparison.right[0].query if comparison.right else None
        call = _newest(query) if query is not None else None
        if query is None or call is None or not _reads_only(query, write.target) or _allows_null(facts, comparison):
            continue
        name = f"MAX({'.'.join(call.args[0].path) or '...'})"
        yield ctx.finding("empty", at=call.span, subject=call, table=".".join(write.target), call=name)


def _newest(query: Block) -> Expr | None:
    """The MAX of a column that is all that a subquery gives."""
    if len(query.outputs) != 1 or query.group or query.holes:
        return None
    expr = query.outputs[0].expr
    return expr if expr.op == "max" and len(expr.args) == 1 and expr.args[0].op == "column" else None


def _reads_only(query: Block, target: tuple[str, ...]) -> bool:
    """Whether the subquery reads the target and nothing else."""
    read = query.every_source
    if len(read) != 1 or read[0].kind != "table":
        return False
    one = [part.casefold() for part in read[0].parts]
    other = [part.casefold() for part in target]
    shared = min(len(one), len(other))
    return shared > 0 and one[-shared:] == other[-shared:]


def _allows_null(facts: StatementFacts, comparison: Comparison) -> bool:
    """Whether the condition stands beside an OR that lets rows in while there is no newest one."""
    at = comparison.span
    return any(
        part.op in ("or", "coalesce", "case") and part.span.start <= at.start and at.end <= part.span.end
        for block in facts.blocks
        for root in (*block.where, *(on for join in block.joins for on in join.on))
        for part in root.walk()
    )


@watermark_starts_null.fix
def start_early(finding: Finding, call: Expr, ctx: Context) -> Offer | None:
    """COALESCE with a date before all data; the first run then loads everything. Fits columns of days and moments."""
    name = queries.last_name(call.args[0])
    if not name.endswith(("_at", "_ts", "_date", "_time", "_on", "timestamp", "date", "day", "_dt")):
        return None
    text = ctx.text(finding.loc)
    moment = name.endswith(("_at", "_ts", "_time", "timestamp"))
    start = "TIMESTAMP '1900-01-01 00:00:00'" if moment else "DATE '1900-01-01'"
    return Offer(
        "Start from 1900-01-01 where the table is empty",
        Replace(finding.loc, f"COALESCE({text}, {start})"),
        Applicability.UNSAFE,
    )
