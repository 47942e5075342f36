"""INSERT OVERWRITE names no partition, so it replaces all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.sql import Script, Statement
from pipesense.model.value import Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span

META = RuleMeta(
    id="performance/insert-overwrite-without-partition",
    wants=Script,
    pattern="partition-overwrite",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "all": Message(
            Severity.WARNING,
            "This INSERT OVERWRITE replaces all partitions of {table}, not only those that the query has rows for.",
            "It is partitioned by {columns}, and Spark's default (partitionOverwriteMode=static) empties the table "
            "before it writes.",
            "Name the partition, or set spark.sql.sources.partitionOverwriteMode=dynamic in the script.",
        )
    },
)

_DIALECTS: Final = frozenset({"spark", "spark2", "databricks"})
_MODE: Final = "partitionoverwritemode"


@rule(META)
def insert_overwrite_without_partition(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the words and the table's name."""
    for index, statement in script.numbered("write"):
        write = statement.facts.write
        if write is None or not write.overwrite or write.partition or statement.facts.dialect not in _DIALECTS:
            continue
        if write.reads_target or write.opaque or _is_dynamic(script.statements[:index]):
            # Who reads the table to write it means all of it.
            continue
        relation = ctx.relation_of(write.target, statement)
        if isinstance(relation, Known) and relation.value.partitioned_by:
            yield ctx.finding(
                "all",
                at=statement.at(write.keyword.cover(write.target_span)),
                subject=statement,
                table=".".join(write.target),
                columns=", ".join(relation.value.partitioned_by),
            )


def _is_dynamic(before: tuple[Statement, ...]) -> bool:
    """Whether the script sets the mode, or may set it where it cannot be read."""
    if any(statement.facts.error for statement in before):
        return True
    settings = [setting for statement in before for setting in statement.facts.settings]
    return any(one.name.lower().endswith(_MODE) and one.value.lower() != "static" for one in settings)


@insert_overwrite_without_partition.fix
def set_dynamic(finding: Finding, statement: Statement, ctx: Context) -> Offer | None:
    """The setting in front: from then on only partitions with new rows are replaced."""
    write = statement.facts.write
    if write is None or statement.facts.kind != "insert":
        return None
    start = statement.facts.span.start
    before = ctx.text(statement.at(Span(0, start)))
    indent = before.rpartition("\n")[2]
    text = "SET spark.sql.sources.partitionOverwriteMode=dynamic;\n" + (indent if indent.isspace() else "")
    change = Replace(statement.at(Span(start, start)), text)
    return Offer("Replace only partitions with new rows", change, Applicability.UNSAFE)
