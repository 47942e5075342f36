"""A table that people query is stored as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.sql import StatementFacts, TableDef
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense_rules import shapes

_TEXT: Final = frozenset({"csv", "json", "textfile", "text", "jsonfile"})
_RAW: Final = frozenset(
    {"raw", "bronze", "landing", "external", "ext", "source", "import", "imports", "export", "seed"}
)

META = RuleMeta(
    id="performance/text-format-table",
    wants=StatementFacts,
    pattern="columnar-files",
    since="0.1",
    roles=PRODUCTION | {FileRole.MIGRATION},
    scope=Scope.UNIT,
    messages={
        "text": Message(
            Severity.WARNING,
            "{table} is stored as {format}: every query reads every column of every row as text.",
            "Text has no statistics to skip files by and no types; a column file of the same rows is a tenth in size.",
            "Store it as {instead}, and keep {format} for what arrives and leaves.",
        )
    },
)


@rule(META)
def text_format_table(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the format's name."""
    table = facts.table
    if table is None or table.kind != "table" or table.format not in _TEXT or table.format_span is None:
        return
    if table.external or table.temporary or _is_external(table) or _is_raw(table):
        return
    yield ctx.finding(
        "text",
        at=table.format_span,
        table=".".join(table.parts),
        format=table.format.upper(),
        instead="Delta or Parquet"
        if facts.dialect == "databricks"
        else "Parquet, ORC or a table format on top of them",
    )


def _is_external(table: TableDef) -> bool:
    """Whether the files belong to somebody else: an external table of Trino, a location of one's own."""
    return bool(table.location) or any(name == "external_location" for name, _ in table.properties)


def _is_raw(table: TableDef) -> bool:
    return shapes.is_staging(table.parts) or any(shapes.words(part) & _RAW for part in table.parts[-2:])


@text_format_table.fix
def store_by_column(finding: Finding, facts: StatementFacts, ctx: Context) -> Offer | None:
    """Parquet, or Delta where it is the default."""
    table = facts.table
    if (
        table is None
        or table.format_span is None
        or facts.dialect not in ("databricks", "spark", "hive", "trino", "athena")
    ):
        return None
    place = finding.loc
    written = ctx.text(place.at(table.format_span))
    name = "delta" if facts.dialect == "databricks" else "parquet"
    name = name.upper() if written.strip("'").isupper() else name
    text = f"'{name}'" if written.startswith("'") else name
    return Offer(f"Store it as {name}", Replace(place.at(table.format_span), text), Applicability.UNSAFE)
