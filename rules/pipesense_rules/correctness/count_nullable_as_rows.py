"""A number of rows is counted by a column, which leaves out its NULLs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.sql import Block, Expr, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense_rules import queries

META = RuleMeta(
    id="correctness/count-nullable-as-rows",
    wants=Statement,
    given=("blocks",),
    pattern="three-valued-logic",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO, FileRole.TEST},
    messages={
        "column": Message(
            Severity.INFO,
            "{name} is counted by {column}, so rows in which {column} is NULL are left out.",
            "COUNT of a column counts values; the name speaks of rows.",
            "Write COUNT(*).",
        ),
    },
)

_ROWS: Final = regex(
    r"(?:n|nb|num|no|number|cnt|count|total)_?(?:of_)?(?:rows|records|all)"
    r"|(?:row|record)s?_?(?:count|cnt|num|total)"
    r"|total_count|cnt_all|rows?|records",
    re.I,
)
_KEY: Final = regex(r"^(?:id|uid|uuid|key|pk|_?rowid|.*_(?:id|key|uuid|sk|pk))$", re.I)


@rule(META)
def count_nullable_as_rows(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the count. Behind an outer join a column counts partners on purpose."""
    for block in statement.facts.blocks if not statement.facts.error else ():
        if not any(join.side in ("left", "right", "full") for join in block.joins):
            yield from _block(block, statement, ctx)


def _block(block: Block, statement: Statement, ctx: Context) -> Iterator[Finding]:
    filtered = {
        queries.last_name(column) for part in block.where if part.op != "is" for column in queries.columns(part)
    }
    for output in block.outputs:
        column = _counted(output.expr)
        if column is None or not output.aliased or not _ROWS.fullmatch(output.name):
            continue
        own = queries.last_name(column)
        if _KEY.search(own) or own in filtered or ctx.nullable(column, statement) is False:
            continue
        at = statement.at(output.expr.span)
        yield ctx.finding("column", at=at, subject=output.expr, name=output.name, column=column.name)


def _counted(expr: Expr) -> Expr | None:
    """The plain column in ``COUNT(column)``."""
    if expr.op != "count" or len(expr.args) != 1 or expr.args[0].op != "column" or expr.opaque:
        return None
    return expr.args[0]


@count_nullable_as_rows.fix
def count_rows(finding: Finding, call: Expr, ctx: Context) -> Offer | None:
    """COUNT(*): rows without a value are counted too."""
    return Offer("Write COUNT(*)", Replace(finding.loc.at(call.args[0].span), "*"), Applicability.UNSAFE)
