"""A partitioned table is filtered by something else than its partition, so all partitions are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.data import Relation
from pipesense.model.sql import Block, Clause, Expr, Source, Statement
from pipesense.model.value import Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense_rules import queries

META = RuleMeta(
    id="performance/missing-partition-filter",
    wants=Statement,
    given=("blocks",),
    pattern="partition-design",
    since="0.1",
    by_dialect=True,
    roles=PRODUCTION | {FileRole.TEST},
    messages={
        "refused": Message(
            Severity.ERROR,
            "{table} is partitioned by {partition}, and nothing here filters by it.",
            "The table says require_partition_filter, so the engine refuses the query.",
            "Add a condition on {partition}.",
        ),
        "all": Message(
            Severity.WARNING,
            "{table} is partitioned by {partition}, and nothing here filters by it.",
            "The other conditions are looked at after every partition was read: the query costs more with each day.",
            "Add a condition on {partition}, such as the run's date.",
        ),
    },
)

_ENGINES: Final = frozenset({"bigquery", "hive", "spark", "spark2", "databricks", "trino", "presto", "athena"})
_NAME: Final = regex(r"[a-z_]\w*", re.I)
_TRANSFORMS: Final = frozenset(
    {
        *("date", "days", "day", "months", "month", "years", "year", "hours", "hour", "bucket", "truncate", "range"),
        *("date_trunc", "timestamp_trunc", "datetime_trunc", "range_bucket", "generate_array", "list", "function"),
    }
)
_PSEUDO: Final = frozenset({"_partitiontime", "_partitiondate"})


@rule(META)
def missing_partition_filter(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the table's name. A query without any condition reads all of it on purpose, unless the table forbids it."""
    facts = statement.facts
    if facts.error or facts.unsure or facts.dialect not in _ENGINES or (facts.kind == "create" and _is_view(statement)):
        return
    if not facts.blocks or ctx.model_of(statement):
        return
    said: frozenset[str] | None = None
    for block in facts.blocks:
        if block.holes & {Clause.WHERE, Clause.ON, Clause.FROM} or any(part.opaque for part in block.where):
            continue
        for source in block.every_source:
            if source.kind != "table" or not source.parts or source.opaque or source.sampled:
                continue
            found = ctx.relation_of(source.parts, statement)
            if not isinstance(found, Known) or not (columns := _partition_columns(found.value)):
                continue
            if said is None:
                said = _compared(statement)
            if not (columns & said or _PSEUDO & said):
                yield from _source(source, block, found.value, columns, statement, ctx)


def _source(
    source: Source, block: Block, relation: Relation, columns: frozenset[str], statement: Statement, ctx: Context
) -> Iterator[Finding]:
    if not relation.filter_required and not _filters(block, source):
        return
    place = ctx.place_of(relation.dataset)
    yield ctx.finding(
        "refused" if relation.filter_required else "all",
        at=statement.at(source.name_span or source.span),
        related=[Related(place, "where it is partitioned")] if place is not None else [],
        table=".".join(source.parts),
        partition=", ".join(sorted(columns)),
    )


def _partition_columns(relation: Relation) -> frozenset[str]:
    """The columns, also those inside a call: "date(created_at)"."""
    found = [name.casefold() for each in relation.partitioned_by for name in _NAME.findall(each)]
    known = {column.name.casefold() for column in relation.columns}
    if len(relation.partitioned_by) == 1 and found and relation.partitioned_by[0].casefold() in _PSEUDO:
        return _PSEUDO
    return frozenset(name for name in found if name in known or (not known and name not in _TRANSFORMS))


def _compared(statement: Statement) -> frozenset[str]:
    """The columns that any condition of the statement looks at, with those that go by another name further out."""
    conditions: list[Expr] = []
    made: list[tuple[str, frozenset[str]]] = []
    for block in statement.facts.blocks:
        conditions += [*block.where, *block.having, *block.qualify, *(part for join in block.joins for part in join.on)]
        for output in block.outputs:
            used = frozenset(queries.last_name(column) for column in queries.columns(output.expr))
            if output.name and used:
                made.append((output.name.casefold(), used))
    found = {queries.last_name(column) for column in queries.columns(*conditions)}
    found |= {name.casefold() for block in statement.facts.blocks for join in block.joins for name in join.using}
    write = statement.facts.write
    if write is not None:
        parts = (*write.where, *(write.merge.on if write.merge is not None else ()))
        found |= {queries.last_name(column) for column in queries.columns(*parts)}
    for name, used in reversed(made):
        if name in found:
            found |= used
    return frozenset(found)


def _filters(block: Block, source: Source) -> bool:
    """Whether somebody wants some of the source's rows only."""
    names = queries.aliases(block)
    alone = len(block.every_source) == 1
    for part in block.where:
        for column in queries.columns(part):
            whose = queries.owner(column, names)
            if whose == source.alias.casefold() or (whose in ("", None) and alone):
                return True
    return False


def _is_view(statement: Statement) -> bool:
    table = statement.facts.table
    return table is not None and table.kind == "view"
