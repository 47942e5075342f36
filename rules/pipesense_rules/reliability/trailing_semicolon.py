"""A model's query ends with a semicolon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.dbt import DbtFile
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import materialized

META = RuleMeta(
    id="reliability/trailing-semicolon",
    wants=DbtFile,
    pattern="model-graph",
    since="0.1",
    messages={
        "semicolon": Message(
            Severity.WARNING,
            "The query ends with a semicolon.",
            "dbt puts the query inside a statement of its own, where the semicolon ends it too early.",
            "Delete the semicolon.",
        ),
        "view": Message(
            Severity.INFO,
            "The query ends with a semicolon.",
            "Where the adapter puts nothing behind the query it does no harm, until another adapter builds it.",
            "Delete the semicolon.",
        ),
    },
)

_CUT_OFF: Final = frozenset({"spark", "databricks"})
"""Adapters that put a query at the end of the statement, for a table too, and cut off a semicolon that ends it
(dbt-spark 1.9, ``PyhiveConnectionWrapper.execute``; dbt-databricks 1.9 likewise)."""
_IN_BRACKETS: Final = frozenset({"postgres", "redshift", "snowflake", "duckdb"})
"""Adapters that put a view's query in brackets. The others end the statement with it: ``create view x as <query>``
(dbt-bigquery, dbt-trino, dbt-spark and dbt-databricks 1.9, macros create_view_as)."""


@rule(META)
def trailing_semicolon(file: DbtFile, ctx: Context) -> Iterator[Finding]:
    """Report a semicolon behind everything else in a model."""
    if file.semicolon is None:
        return
    built = [node for node in file.nodes if ctx.dbt.enabled(node) is not False]
    if built:
        project = ctx.dbt.project
        adapter = project.adapter if project is not None else ""
        views = all(materialized(ctx, node) == "view" for node in built)
        harmless = not adapter or adapter in _CUT_OFF or (views and adapter not in _IN_BRACKETS)
        yield ctx.finding("view" if harmless else "semicolon", at=file.semicolon)


@trailing_semicolon.fix
def delete_it(finding: Finding, file: DbtFile, ctx: Context) -> Offer:
    """What is built from the query cannot use it."""
    return Offer("Delete the semicolon", Replace(finding.loc, ""), Applicability.SAFE)
