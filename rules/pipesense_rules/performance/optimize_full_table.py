"""A scheduled OPTIMIZE compacts the whole of a partitioned table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import Command, Script
from pipesense.model.value import Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="performance/optimize-full-table",
    wants=Script,
    pattern="table-maintenance",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "whole": Message(
            Severity.INFO,
            "This compacts every partition of {table} whenever it runs, those that nobody wrote to included.",
            "Looking through all files, and ordering them anew with ZORDER, costs more each day the table grows.",
            "Say WHERE {column} >= the first day that may have changed.",
        )
    },
)

_DIALECTS: Final = frozenset({"", "databricks", "spark", "trino", "athena"})


@rule(META)
def optimize_full_table(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the table's name."""
    for statement in script.having("command"):
        command = statement.facts.command
        table = _compacted(command) if command is not None and statement.facts.dialect in _DIALECTS else None
        if command is None or command.target_span is None or table is None:
            continue
        relation = ctx.relation_of(table, statement)
        if not isinstance(relation, Known) or not relation.value.partitioned_by:
            continue
        runs = ctx.runs_of(script)
        if runs or script.scheduled:
            related = [Related(run.task.loc, f"task {run.task.name} runs it") for run in runs[:1]]
            yield ctx.finding(
                "whole",
                at=statement.at(command.target_span),
                related=related,
                table=".".join(table),
                column=relation.value.partitioned_by[0],
            )


def _compacted(command: Command) -> tuple[str, ...] | None:
    """The table that a command compacts as a whole, None for every other command."""
    if command.verb == "optimize":
        return None if command.argument("where") or command.argument("partition") else command.target
    if command.verb != "call" or command.target[-1:] != ("rewrite_data_files",) or command.argument("where"):
        return None
    named = command.argument("table") or next(iter(command.arguments), None)
    value = named.value if named is not None else None
    if value is None or value.op != "literal" or value.opaque:
        return None
    return tuple(value.name.split("."))
