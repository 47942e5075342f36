"""HAVING filters single rows: there is no group and nothing is aggregated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.sql import Block
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import queries

META = RuleMeta(
    id="correctness/having-without-group",
    wants=Block,
    pattern="grouping",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO, FileRole.TEST},
    scope=Scope.UNIT,
    messages={
        "rows": Message(
            Severity.WARNING,
            "HAVING filters groups, and this query has none: no GROUP BY and no aggregate.",
            "PostgreSQL, DuckDB, BigQuery, SQL Server and others refuse it; MySQL and SQLite read it as WHERE.",
            "Write WHERE.",
        ),
    },
)

_ALIASES: Final = frozenset({"", "mysql", "sqlite", "clickhouse"})
"""Dialects (and not knowing) in which HAVING may be there to filter by the name of an output."""


@rule(META)
def having_without_group(block: Block, ctx: Context) -> Iterator[Finding]:
    """At the conditions."""
    if ctx.dialect == "snowflake":
        # It reads HAVING as WHERE there, names of outputs included.
        return
    if not block.having or block.group or block.grouping or block.holes or block.distinct:
        return
    exprs = (*(output.expr for output in block.outputs), *block.having)
    for expr in exprs:
        # A function that no dialect knows may aggregate.
        if any(part.kind == "aggregate" or part.op in ("function", "window", "hole") for part in expr.walk()):
            return
    if ctx.dialect in _ALIASES:
        named = {output.name.casefold() for output in block.outputs if output.aliased}
        if any(queries.last_name(column) in named for column in queries.columns(*block.having)):
            return
    yield ctx.finding("rows", at=block.having[0].span.cover(block.having[-1].span))


@having_without_group.fix
def say_where(finding: Finding, block: Block, ctx: Context) -> Offer | None:
    """WHERE in place of HAVING, where there is no WHERE yet. Engines that refused it now give rows."""
    if block.where:
        return None
    before = ctx.text(finding.loc.at(Span(block.span.start, block.having[0].span.start)))
    word = re.search(r"having(?=[\s(]*$)", before, re.I)
    if word is None:
        return None
    at = Span(block.span.start + word.start(), block.span.start + word.end())
    keyword = "where" if word.group().islower() else "WHERE"
    return Offer("Write WHERE instead of HAVING", Replace(finding.loc.at(at), keyword), Applicability.UNSAFE)
