"""A position is stored in another transaction than the rows that it covers."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.position import Apart, PositionApart
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="idempotency/projection-position-apart",
    wants=PositionApart,
    pattern="projection",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "after": Message(
            Severity.WARNING,
            "The rows of {rows} and their position in {table} are committed one after the other.",
            "A crash in between keeps the rows and forgets the position: the next run writes the same rows again.",
            "Write both in one transaction, or make writing the rows repeatable (an upsert by the key of the event).",
        ),
    },
)


@rule(META)
def projection_position_apart(position: PositionApart, ctx: Context) -> Iterator[Finding]:
    """At the call that writes the position."""
    if position.apart is Apart.AFTER and not position.repeatable:
        related = [Related(position.rows, "the rows"), Related(position.commit, "committed here")]
        table, rows = position.position_table, position.rows_table
        yield ctx.finding("after", at=position.loc, related=related, table=table, rows=rows)
