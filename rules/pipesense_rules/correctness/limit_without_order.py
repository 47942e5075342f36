"""A stored result is cut off at a number of rows, and nothing says which rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import Block, Role, StatementFacts
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense.text.span import Span
from pipesense_rules import queries

META = RuleMeta(
    id="correctness/limit-without-order",
    wants=StatementFacts,
    given=("blocks",),
    pattern="repeatable-result",
    since="0.1",
    roles=PRODUCTION,
    scope=Scope.UNIT,
    messages={
        "stored": Message(
            Severity.INFO,
            "This keeps {count} rows of those that the query finds, in no order, and stores them in {table}.",
            "Which ones is up to the engine: the next run keeps others, and nothing in the data changed.",
            "Add ORDER BY with a key at its end, or sample by a hash of the key.",
        ),
    },
)

_SAMPLE: Final = regex(r"sample|preview|example|demo|test|tmp|temp|scratch|dev(?:_|$)", re.I)
_STORED: Final = (Role.STATEMENT, Role.CTE, Role.FROM)


@rule(META)
def limit_without_order(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the LIMIT. A query that only shows its rows may show any."""
    if not any(block.limit is not None for block in facts.blocks):
        return
    if facts.write is not None and facts.write.reads_target:
        # What the table has is left out: a queue of which each turn takes a part, and all of it in the end.
        return
    target = _target(facts, ctx)
    if target is None or _SAMPLE.search(target):
        return
    for block in facts.blocks:
        if block.limit is None or block.order or block.role not in _STORED or block.limit_span is None:
            continue
        if block.branch is not None or _is_settled(block):
            continue
        count = block.limit.name if block.limit.op == "literal" else "some"
        finding = ctx.finding("stored", at=block.limit_span, count=count, table=target or "a table")
        if not _is_conditional(finding, block, ctx):
            yield finding


def _target(facts: StatementFacts, ctx: Context) -> str | None:
    """What the rows are stored in: "" for a model's own table, None where they are only shown or soon gone."""
    if facts.write is not None and facts.write.verb in ("insert", "merge"):
        return None if facts.write.temporary else ".".join(facts.write.target)
    if facts.table is not None and facts.table.from_query and facts.table.kind in ("table", "view"):
        return None if facts.table.temporary else ".".join(facts.table.parts)
    return "" if ctx.role is FileRole.MODEL and facts.kind == "select" else None


def _is_settled(block: Block) -> bool:
    """Whether the limit takes nothing away, or it does not matter which rows it takes."""
    if block.limit is not None and block.limit.op == "literal" and block.limit.name == "0":
        return True
    if any(source.sampled for source in block.every_source):
        return True
    if all(source.kind in ("function", "values", "array") for source in block.every_source):
        return True
    if block.outputs and not any(part.op in ("column", "star") for one in block.outputs for part in one.expr.walk()):
        # Numbers for as many rows as the table has: one row is as good as another.
        return True
    one_group = not block.group and not block.grouping
    return one_group and any(True for output in block.outputs for _ in queries.aggregates(output.expr))


def _is_conditional(finding: Finding, block: Block, ctx: Context) -> bool:
    """Whether a template decides if there is a limit at all: one for the developer's own runs."""
    start = max((source.span.end for source in block.every_source), default=block.span.start)
    limit = block.limit_span
    return limit is not None and start < limit.start and "{%" in ctx.text(finding.loc.at(Span(start, limit.start)))
