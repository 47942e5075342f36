"""A column is listed twice in one entry."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtColumn, DbtEntry, DbtSource
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="maintainability/duplicate-column",
    wants=(DbtEntry, DbtSource),
    pattern="data-contract",
    since="0.1",
    messages={
        "promised": Message(
            Severity.WARNING,
            "The column {column} is listed twice for {name}.",
            "dbt keeps the later one: the data type or constraint that the first gives it is lost.",
            "Put both into one, or write the name that was meant.",
        ),
        "twice": Message(
            Severity.INFO,
            "The column {column} is listed twice for {name}.",
            "dbt runs the tests of both, but keeps the description of the later one only.",
            "Put both into one, or write the name that was meant.",
        ),
    },
)


@rule(META)
def duplicate_column(fact: DbtEntry | DbtSource, ctx: Context) -> Iterator[Finding]:
    """Report the second of two columns of one name."""
    entries = [fact] if isinstance(fact, DbtEntry) else [table.entry for table in fact.tables]
    for entry in entries:
        first: dict[str, DbtColumn] = {}
        for column in entry.columns:
            if not column.name or column.is_open:
                continue
            other = first.setdefault(column.name, column)
            if other is not column and other.at != column.at:
                related = [Related(other.at, "listed here first")]
                variant = "promised" if entry.kind == "model" and _loses(other, column) else "twice"
                yield ctx.finding(variant, at=column.at, column=column.name, name=entry.name, related=related)


def _loses(first: DbtColumn, second: DbtColumn) -> bool:
    """Whether the first says something of the column's kind that the second does not."""
    return bool(
        (first.data_type and first.data_type != second.data_type) or set(first.constraints) - set(second.constraints)
    )
