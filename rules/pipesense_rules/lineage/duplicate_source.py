"""One table is declared twice as a source."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtProperties, DbtTable
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="lineage/duplicate-source",
    wants=DbtProperties,
    pattern="model-graph",
    since="0.1",
    messages={
        "twice": Message(
            Severity.WARNING,
            "The table {table} of the source {source} is declared twice.",
            "dbt refuses a project in which a source could mean two things.",
            "Keep one declaration, with what both of them say.",
        ),
    },
)


@rule(META)
def duplicate_source(file: DbtProperties, ctx: Context) -> Iterator[Finding]:
    """Report the later of two declarations of one name."""
    for source in file.sources:
        for table in source.tables:
            if not source.name or not table.name or table.enabled is not None:
                continue
            same = ctx.dbt.same_source(source.name, table.name)
            earlier = [each for each in same if _before(each, table) and each.enabled is None]
            if earlier:
                yield ctx.finding("twice", at=table.at, table=table.name, source=source.name)


def _before(one: DbtTable, other: DbtTable) -> bool:
    """Whether a declaration stands before another one; of different files the first by name."""
    return (one.path, one.at.span) < (other.path, other.at.span)
