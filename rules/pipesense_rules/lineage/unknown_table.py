"""A streaming program fills a table that nothing creates."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.data import DatasetName
from pipesense.model.stream_job import UndeclaredTable
from pipesense.model.value import Unknown
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="lineage/unknown-table",
    wants=UndeclaredTable,
    pattern="stream-tables",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "nowhere": Message(
            Severity.WARNING,
            "Nothing creates the table {table}: neither this program, nor a file of the workspace.",
            "The catalogue of a Flink program is in memory and empty when it starts. The statement is refused "
            "(ValidationException: Cannot find table), after the tables before it were made.",
            "CREATE TABLE {table} with its connector first, or use the catalogue that has it.",
        ),
    },
)


@rule(META)
def unknown_table(table: UndeclaredTable, ctx: Context) -> Iterator[Finding]:
    """At the table's name."""
    found = ctx.relation(DatasetName((table.name,)))
    if isinstance(found, Unknown) and found.why.startswith("no file of the workspace creates"):
        yield ctx.finding("nowhere", at=table.loc, table=table.name)
