"""A MERGE whose condition never holds can only insert, so it appends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.data import AccessMode
from pipesense.model.sql import Block, Expr, Script, Statement, Write
from pipesense.model.value import Absent
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span

META = RuleMeta(
    id="idempotency/merge-on-false-append",
    wants=Script,
    pattern="partition-overwrite",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "append": Message(
            Severity.WARNING,
            "No row ever matches ON {condition}, so this MERGE adds its rows to {table} once more whenever it runs.",
            "With a constant condition it replaces rows only if it also deletes those that the source does not have.",
            "Add WHEN NOT MATCHED BY SOURCE AND <the run's rows> THEN DELETE, or match on a key.",
        )
    },
)

_BY_SOURCE: Final = frozenset({"", "bigquery", "databricks", "spark", "tsql", "fabric"})


@dataclass(frozen=True, slots=True)
class Appending:
    """A MERGE that can only insert."""

    statement: Statement
    write: Write


@rule(META)
def merge_on_false_append(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the condition."""
    for statement in script.having("write"):
        write = statement.facts.write
        merge = write.merge if write is not None else None
        if write is None or merge is None or write.guard or not any(one.action == "insert" for one in merge.branches):
            continue
        # The access knows what the statements before it and the source leave out.
        if any(access.mode is AccessMode.MERGE and isinstance(access.guard, Absent) for access in statement.accesses):
            condition = merge.on[0]
            at = statement.at(condition.span)
            table = ".".join(write.target)
            subject = Appending(statement, write)
            yield ctx.finding("append", at=at, subject=subject, condition=ctx.text(at), table=table)


@merge_on_false_append.fix
def delete_the_rest(finding: Finding, one: Appending, ctx: Context) -> Offer | None:
    """Delete the run's rows that the source does not have, by the condition that selects the source's rows."""
    merge, statement = one.write.merge, one.statement
    if merge is None or merge.source.block is None or statement.facts.dialect not in _BY_SOURCE:
        return None
    last = merge.branches[-1].span
    conditions = [_spelled(part, merge.source.block, one, ctx) for part in _dated(merge.source.block, one.write)]
    texts = [text for text in conditions if text is not None]
    if last.end < 0 or not texts or len(texts) < len(conditions):
        return None
    before = ctx.text(statement.at(Span(0, last.start)))
    gap = "\n" + before.rpartition("\n")[2] if "\n" in before and before.rpartition("\n")[2].isspace() else " "
    gap = "\n" if before.endswith("\n") else gap
    text = f"{gap}WHEN NOT MATCHED BY SOURCE AND {' AND '.join(texts)} THEN DELETE"
    change = Replace(statement.at(Span(last.end, last.end)), text)
    return Offer("Delete the run's rows that are not in the source", change, Applicability.UNSAFE)


def _dated(block: Block, write: Write) -> list[Expr]:
    """The conditions of the source that hold the run's date."""
    return [
        part
        for part in block.where
        if any(part.span.start <= hole.start and hole.end <= part.span.end for hole in write.run_date)
    ]


def _spelled(part: Expr, block: Block, one: Appending, ctx: Context) -> str | None:
    """A condition on one column that the target has under the same name; None for every other."""
    columns = [expr for expr in part.walk() if expr.op == "column" and not expr.opaque]
    if part.op not in ("eq", "gt", "gte", "lt", "lte", "between") or len(columns) != 1:
        return None
    name = columns[0].name.casefold()
    same = any(output.name.casefold() == name and output.expr.op == "column" for output in block.outputs)
    if not same or name not in {column.casefold() for column in one.write.columns}:
        return None
    text = ctx.text(one.statement.at(part.span))
    inside = columns[0].span.shift(-part.span.start)
    return text[: inside.start] + columns[0].name + text[inside.end :]
