"""A table is partitioned by a column with nearly as many values as rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pipesense.model.change import Replace
from pipesense.model.frames import FrameScope
from pipesense.model.sql import Expr, Statement, StatementFacts, TableDef
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import frames

_WHY: Final = (
    "Each value is a folder with files of its own: writes make thousands of tiny files, and listing them takes longer "
    "than reading them."
)

META = RuleMeta(
    id="performance/high-cardinality-partition",
    wants=(Statement, FrameScope),
    pattern="partition-design",
    since="0.1",
    roles=PRODUCTION | {FileRole.MIGRATION},
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
        "frame-timestamp": Message(
            Severity.WARNING,
            "This write makes a folder for each value of {column}, a moment: nearly every row starts one.",
            _WHY,
            "Partition by its day: a column made with to_date({column}).",
        ),
        "frame-key": Message(
            Severity.WARNING,
            "This write makes a folder for each value of {column}, which tells single {things} apart.",
            _WHY,
            "Partition by a day or a group, and keep rows of one {column} together inside it (sort, bucketBy).",
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
def high_cardinality_partition(fact: Statement | FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the column in PARTITIONED BY, or at the one that a writer of Spark is given."""
    if isinstance(fact, Statement):
        if not fact.facts.error:
            yield from _of_table(fact, ctx)
    elif fact.system == "spark":
        yield from _of_writers(fact, ctx)


def _of_table(statement: Statement, ctx: Context) -> Iterator[Finding]:
    facts = statement.facts
    table = facts.table
    if table is None or table.kind != "table" or facts.dialect not in _DIALECTS:
        return
    types = {column.name.casefold(): column.type for column in table.columns}
    for part in table.partitioned_by:
        if part.op != "column" or part.opaque:
            continue
        name = part.name
        whole = ".".join(table.parts)
        at = statement.at(part.span)
        if types.get(name.casefold(), "").startswith(("TIMESTAMP", "DATETIME")):
            instead = _by_day(name, table, facts.dialect)
            yield ctx.finding("timestamp", at=at, subject=facts, table=whole, column=name, instead=instead)
        elif (things := _tells_apart(name)) is not None:
            words: dict[str, Any] = {"table": whole, "column": name, "things": things}
            yield ctx.finding("key", at=at, subject=facts, **words, instead=_by_bucket(name, table))


_MOMENTS: Final = ("_timestamp", "_ts", "_datetime", "_at")


def _of_writers(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    for each in scope.operations:
        if each.kind != "writer" or each.name != "partitionBy" or each.traits & {"bounded", "local"}:
            continue
        for given in each.given:
            listed = frames.names(given)
            for column in listed:
                at = given.value_loc
                folded = column.casefold()
                if folded in ("timestamp", "ts") or folded.endswith(_MOMENTS):
                    yield ctx.finding("frame-timestamp", at=at, subject=scope, column=column)
                elif (things := _tells_apart(column)) is not None:
                    yield ctx.finding("frame-key", at=at, subject=scope, column=column, things=things)


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
def transform(finding: Finding, facts: StatementFacts | FrameScope, ctx: Context) -> Offer | None:
    """Iceberg's own transforms."""
    table = facts.table if isinstance(facts, StatementFacts) else None
    part = _part_at(finding, table) if table is not None else None
    if (
        not isinstance(facts, StatementFacts)
        or table is None
        or part is None
        or table.format != "iceberg"
        or facts.dialect not in ("spark", "databricks")
    ):
        return None
    written = ctx.text(finding.loc)
    if written != part.name:
        return None
    text = f"days({written})" if finding.variant == "timestamp" else f"bucket(16, {written})"
    return Offer(f"Partition by {text}", Replace(finding.loc, text), Applicability.UNSAFE)


def _part_at(finding: Finding, table: TableDef) -> Expr | None:
    return next((part for part in table.partitioned_by if finding.loc.at(part.span) == finding.loc), None)
