"""A table that people query is stored as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.model.sql import Statement, StatementFacts, TableDef
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import shapes

_TEXT: Final = frozenset({"csv", "json", "textfile", "text", "jsonfile"})
_RAW: Final = frozenset(
    {"raw", "bronze", "landing", "external", "ext", "source", "import", "imports", "export", "seed"}
)

META = RuleMeta(
    id="performance/text-format-table",
    wants=(Statement, FrameScope),
    pattern="columnar-files",
    since="0.1",
    roles=PRODUCTION | {FileRole.MIGRATION},
    messages={
        "text": Message(
            Severity.WARNING,
            "{table} is stored as {format}: every query reads every column of every row as text.",
            "Text has no statistics to skip files by and no types; a column file of the same rows is a tenth in size.",
            "Store it as {instead}, and keep {format} for what arrives and leaves.",
        ),
        "lake": Message(
            Severity.INFO,
            "{path} is written as {format}: every job that reads it reads every column of every row as text.",
            "Text has no statistics to skip files by and no types; a column file of the same rows is a tenth in size.",
            "Write Parquet, and keep {format} for what leaves the lake.",
        ),
    },
)

_LAKES: Final = frozenset({"s3", "s3a", "s3n", "gs", "abfss", "abfs", "wasbs", "hdfs"})
_FOR_OTHERS: Final = frozenset(
    {
        *("export", "exports", "exported", "report", "reports", "outbox", "extract", "extracts", "sftp", "ftp", "tmp"),
        *("download", "downloads", "delivery", "temp", "out", "output", "outputs", "result", "results", "errors"),
        *("sample", "samples", "test", "tests", "rejected", "bad", "quarantine", "logs", "log", "raw", "landing"),
        *("bronze", "source", "import", "imports", "ingest", "share", "api", "backup"),
    }
)


@rule(META)
def text_format_table(fact: Statement | FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the format's name, or at the writer's method."""
    if isinstance(fact, FrameScope):
        if fact.system == "spark":
            yield from _of_writers(fact, ctx)
        return
    facts = fact.facts
    table = facts.table
    if facts.error or table is None or table.kind != "table" or table.format not in _TEXT or table.format_span is None:
        return
    if table.external or table.temporary or _is_external(table) or _is_raw(table):
        return
    yield ctx.finding(
        "text",
        at=fact.at(table.format_span),
        subject=facts,
        table=".".join(table.parts),
        format=table.format.upper(),
        instead="Delta or Parquet"
        if facts.dialect == "databricks"
        else "Parquet, ORC or a table format on top of them",
    )


def _of_writers(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    for each in scope.operations:
        if each.kind != "writer" or each.name not in ("csv", "json") or each.traits & {"bounded", "local", "command"}:
            continue
        given = each.argument("path", 0)
        path = given.starts if given is not None else ""
        place = path.partition("://")
        if place[1] and place[0] in _LAKES and not shapes.words(place[2]) & _FOR_OTHERS:
            yield ctx.finding("lake", at=each.name_loc, subject=each, path=path, format=each.name.upper())


def _is_external(table: TableDef) -> bool:
    """Whether the files belong to somebody else: an external table of Trino, a location of one's own."""
    return bool(table.location) or any(name == "external_location" for name, _ in table.properties)


def _is_raw(table: TableDef) -> bool:
    return shapes.is_staging(table.parts) or any(shapes.words(part) & _RAW for part in table.parts[-2:])


@text_format_table.fix
def store_by_column(finding: Finding, fact: StatementFacts | FrameOperation, ctx: Context) -> Offer | None:
    """Parquet, or Delta where it is the default."""
    if isinstance(fact, FrameOperation):
        return _as_parquet(fact)
    facts, table = fact, fact.table
    if (
        table is None
        or table.format_span is None
        or facts.dialect not in ("databricks", "spark", "hive", "trino", "athena")
    ):
        return None
    place = finding.loc
    written = ctx.text(place)
    name = "delta" if facts.dialect == "databricks" else "parquet"
    name = name.upper() if written.strip("'").isupper() else name
    text = f"'{name}'" if written.startswith("'") else name
    return Offer(f"Store it as {name}", Replace(place, text), Applicability.UNSAFE)


def _as_parquet(each: FrameOperation) -> Offer | None:
    """The method's name alone: what other arguments mean for text means nothing there."""
    if each.open or any(given.name not in ("", "path", "mode", "partitionBy", "compression") for given in each.given):
        return None
    if len([given for given in each.given if not given.name]) > 1:
        return None
    end = each.name_loc.span.end
    name = each.name_loc.at(Span(end - len(each.name), end))
    return Offer("Write Parquet", Replace(name, "parquet"), Applicability.UNSAFE)
