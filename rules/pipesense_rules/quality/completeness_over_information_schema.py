"""A completeness measure counts the catalogue's rows instead of the table's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import Block, Expr, Source, StatementFacts
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import EVERYWHERE, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="quality/completeness-over-information-schema",
    wants=StatementFacts,
    given=("blocks",),
    pattern="quality-checks",
    since="0.1",
    roles=EVERYWHERE - {FileRole.GENERATED},
    scope=Scope.UNIT,
    messages={
        "metadata": Message(
            Severity.ERROR,
            "This compares COUNT({column}) with COUNT(*) over {catalogue}, which has one row per {row} and none per "
            "row of data.",
            "{column} is never NULL there, so the result is 100 % however many values are missing.",
            "Count the column itself in its own table: COUNT(email) * 100.0 / COUNT(*) FROM customers.",
        ),
    },
)

_CATALOGUE_SCHEMAS: Final = frozenset({"information_schema", "account_usage", "svv", "system_schema"})
_CATALOGUE_VIEWS: Final = frozenset({"all_tab_columns", "user_tab_columns", "dba_tab_columns", "svv_columns"})
_NEVER_NULL: Final = frozenset(
    {
        "table_catalog",
        "table_schema",
        "table_name",
        "column_name",
        "ordinal_position",
        "data_type",
        "owner",
        "column_id",
    }
)


@rule(META)
def completeness_over_information_schema(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the catalogue's name in FROM: that is what has to change."""
    for block in facts.blocks:
        source = _only_catalogue(block)
        column = _measured(block) if source else None
        if source and column:
            name = source.parts[-1].lower()
            yield ctx.finding(
                "metadata",
                at=source.span,
                column=column,
                catalogue=".".join(source.parts),
                row="column of a table" if "column" in name else "object of the database",
            )


def _only_catalogue(block: Block) -> Source | None:
    """The one catalogue view that the query reads; with a join, a count may mean something again."""
    if len(block.sources) != 1 or block.joins:
        return None
    source = block.sources[0]
    if source.kind != "table" or source.opaque:
        return None
    parts = [part.lower() for part in source.parts]
    return source if parts[-1] in _CATALOGUE_VIEWS or _CATALOGUE_SCHEMAS & set(parts[:-1]) else None


def _measured(block: Block) -> str | None:
    """The metadata column whose count stands beside the count of all rows."""
    counts = [
        expr
        for root in (*(output.expr for output in block.outputs), *block.having)
        for expr in root.walk()
        if expr.op == "count" and len(expr.args) == 1
    ]
    if not any(_counts_rows(count) for count in counts):
        return None
    return next(
        (
            count.args[0].name
            for count in counts
            if count.args[0].op == "column" and count.args[0].name.lower() in _NEVER_NULL
        ),
        None,
    )


def _counts_rows(count: Expr) -> bool:
    return count.args[0].op in ("star", "literal")
