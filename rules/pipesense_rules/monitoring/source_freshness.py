"""Nothing asks how old the newest row of a source is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.dbt import DbtSource
from pipesense.model.dbt_change import SetYaml, Written
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_LOADED: Final = (
    *("_loaded_at", "loaded_at", "_fivetran_synced", "_airbyte_extracted_at", "_airbyte_emitted_at"),
    *("_sdc_batched_at", "_sdc_extracted_at", "_etl_loaded_at", "_extracted_at", "ingested_at", "_ingested_at"),
)
"""Columns in which loaders write when a row came."""
_IN_CONFIG = (1, 10)
"""The version from which both keys may stand under config; beside it they go on working.

https://docs.getdbt.com/reference/resource-properties/freshness
"""
_WHY: Final = "When the loader stops, everything is built on old rows, and every test is green."

META = RuleMeta(
    id="monitoring/source-freshness",
    wants=DbtSource,
    pattern="source-freshness",
    since="0.1",
    messages={
        "loaded": Message(
            Severity.WARNING,
            "No table of the source {name} has a freshness, though {column} says when its rows were loaded.",
            _WHY,
            "Add freshness with {column} as loaded_at_field.",
        ),
        "unknown": Message(
            Severity.HINT,
            "No table of the source {name} has a freshness.",
            _WHY,
            "Add freshness, or freshness: null to say that it does not matter.",
        ),
    },
)


@rule(META)
def source_freshness(source: DbtSource, ctx: Context) -> Iterator[Finding]:
    """Report a block in which neither the source nor any of its tables says anything of freshness."""
    project = ctx.dbt.project
    if not source.name or not source.tables or not source.whole or project is None:
        return
    if source.freshness is not None or any(table.freshness is not None for table in source.tables):
        return
    if any(kind == "source" and "freshness" in repr(tree) for kind, tree in project.trees):
        return
    column = _loaded(source)
    if column:
        yield ctx.finding("loaded", at=source.at, name=source.name, column=column)
    elif any(ctx.dbt.table_uses(table) for table in source.tables):
        yield ctx.finding("unknown", at=source.at, name=source.name)


def _loaded(source: DbtSource) -> str:
    """The column that every table that lists columns has."""
    listed = [{column.name.lower() for column in table.entry.columns} for table in source.tables if table.entry.columns]
    return next((name for name in _LOADED if listed and all(name in names for names in listed)), "")


@source_freshness.fix
def add_freshness(finding: Finding, source: DbtSource, ctx: Context) -> Offer | None:
    """A day to be told, two to stop; the column, too, where both can stand in one place."""
    column = _loaded(source)
    if not column or source.loaded_at or any(not each.old_place for each in source.settings):
        return None
    ages: dict[str, Written] = {
        "warn_after": {"count": 24, "period": "hour"},
        "error_after": {"count": 48, "period": "hour"},
    }
    version = ctx.dbt.version
    if version.number and not version.below(_IN_CONFIG):
        change = SetYaml(source.body, ("config",), {"loaded_at_field": column, "freshness": ages})
        return Offer("Add freshness, 24 and 48 hours", change, Applicability.UNSAFE)
    return None
