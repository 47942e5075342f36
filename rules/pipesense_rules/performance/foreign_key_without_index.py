"""A foreign key has no index on its own side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import Script
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import tables

META = RuleMeta(
    id="performance/foreign-key-without-index",
    wants=Script,
    pattern="searchable-condition",
    since="0.1",
    roles=PRODUCTION | {FileRole.MIGRATION},
    messages={
        "scan": Message(
            Severity.INFO,
            "{table} refers to {target} by {columns}, and no index of this script starts with it.",
            "{engine} makes no index for a foreign key. Each DELETE or change of a key in {target} reads all of "
            "{table}, and so do joins from there.",
            "CREATE INDEX ON {table} ({columns}).",
        ),
    },
)

_ENGINES: Final = {"postgres": "PostgreSQL", "oracle": "Oracle", "sqlite": "SQLite", "tsql": "SQL Server"}
"""MySQL makes the index itself; DuckDB and warehouses have no use for it."""
_BULK: Final = frozenset({"fact", "facts", "fct", "hub", "link", "lnk", "sat"})


@rule(META)
def foreign_key_without_index(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the columns that refer. Facts and data vaults are loaded and read in bulk."""
    indexes = [
        (
            one.facts.create.index.table[-1].casefold(),
            tuple(part.name.casefold() for part in one.facts.create.index.columns),
        )
        for one in script.having("create")
        if one.facts.create is not None and one.facts.create.index is not None and one.facts.create.index.table
    ]
    for made in tables.tables(script, ctx):
        engine = _ENGINES.get(made.statement.facts.dialect)
        if engine is None or made.words & _BULK:
            continue
        name = made.table.parts[-1].casefold()
        starts = [tuple(part.casefold() for part in key) for key in (made.primary_key, *made.unique) if key]
        starts += [columns for table, columns in indexes if table == name]
        starts += [tuple(part.name.casefold() for part in one.columns) for one in made.table.indexes]
        starts += [(one.name.casefold(),) for one in made.table.columns if one.unique or one.primary_key]
        for key in made.table.references:
            wanted = frozenset(column.casefold() for column in key.columns)
            if not wanted or any(frozenset(start[: len(wanted)]) == wanted for start in starts):
                continue
            yield ctx.finding(
                "scan",
                at=made.statement.at(key.span or made.table.name_span),
                table=".".join(made.table.parts),
                target=".".join(key.target),
                columns=", ".join(key.columns),
                engine=engine,
            )
