"""A table is partitioned by a column with nearly as many values as rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.sql import Expr, StatementFacts, TableDef
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule

_WHY: Final = (
    "Each value is a folder with files of its own: writes make thousands of tiny files, and listing them takes longer "
    "than reading them."
)

META = RuleMeta(
    id="performance/high-cardinality-partition",
    wants=StatementFacts,
    pattern="partition-design",
    since="0.1",
    roles=PRODUCTION | {FileRole.MIGRATION},
    scope=Scope.UNIT,
    messages={
        "timestamp": Message(
            Severity.WARNING,
            "{table} is partitioned by the moment {column}: nearly every row starts a partition.",
            _WHY,
            "Partition by its day: {instead}.",
        ),
        "key": Message(
            Severity.WARNING,
            "{table} is partitioned by {column}, which tells single {things} apart.",
            _WHY,
            "Use {instead}.",
        ),
    },
)

_DIALECTS: Final = frozenset({"spark", "spark2", "databricks", "hive", "trino", "athena", "presto"})
_MANY: Final = frozenset(
    {
        *("user", "customer", "session", "event", "order", "transaction", "trx", "device", "visitor", "request"),
        *("message", "account", "member", "patient", "card", "payment", "invoice", "click", "person", "contact"),
    }
)
_SUFFIXES: Final = ("_id", "_key", "_uuid", "_guid", "_hash", "_email")
_ALWAYS: Final = {"id": "rows", "uuid": "rows", "guid": "rows", "email": "people", "email_address": "people"}


@rule(META)
def high_cardinality_partition(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the column in PARTITIONED BY."""
    table = facts.table
    if table is None or table.kind != "table" or facts.dialect not in _DIALECTS:
        return
    types = {column.name.casefold(): column.type for column in table.columns}
    for part in table.partitioned_by:
        if part.op != "column" or part.opaque:
            continue
        name = part.name
        whole = ".".join(table.parts)
        if types.get(name.casefold(), "").startswith(("TIMESTAMP", "DATETIME")):
            yield ctx.finding(
                "timestamp", at=part.span, table=whole, column=name, instead=_by_day(name, table, facts.dialect)
            )
        elif (things := _tells_apart(name)) is not None:
            instead = _by_bucket(name, table)
            yield ctx.finding("key", at=part.span, table=whole, column=name, things=things, instead=instead)


def _tells_apart(name: str) -> str | None:
    """What single things a column's name tells apart, None where it may be a few groups."""
    folded = name.casefold()
    if folded in _ALWAYS:
        return _ALWAYS[folded]
    suffix = next((end for end in _SUFFIXES if folded.endswith(end)), None)
    thing = folded.removesuffix(suffix).rpartition("_")[2] if suffix is not None else ""
    return f"{thing}s" if thing in _MANY else None


def _by_day(name: str, table: TableDef, dialect: str) -> str:
    if table.format == "iceberg":
        return f"days({name})"
    if dialect in ("trino", "athena") and any(key == "partitioning" for key, _ in table.properties):
        return f"day({name})"
    return f"a DATE column that is made from {name}"


def _by_bucket(name: str, table: TableDef) -> str:
    if table.format == "iceberg":
        return f"bucket(16, {name}), or partition by day"
    return f"a day as partition, and keep rows of one {name} together inside it (clustering, ZORDER, bucketing)"


@high_cardinality_partition.fix
def transform(finding: Finding, facts: StatementFacts, ctx: Context) -> Offer | None:
    """Iceberg's own transforms."""
    table = facts.table
    part = _part_at(finding, table) if table is not None else None
    if table is None or part is None or table.format != "iceberg" or facts.dialect not in ("spark", "databricks"):
        return None
    written = ctx.text(finding.loc)
    if written != part.name:
        return None
    text = f"days({written})" if finding.variant == "timestamp" else f"bucket(16, {written})"
    return Offer(f"Partition by {text}", Replace(finding.loc, text), Applicability.UNSAFE)


def _part_at(finding: Finding, table: TableDef) -> Expr | None:
    return next((part for part in table.partitioned_by if finding.loc.at(part.span) == finding.loc), None)
