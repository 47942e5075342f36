"""A position is stored before the rows that it covers."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.position import Apart, PositionApart
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="idempotency/cursor-saved-before-load",
    wants=PositionApart,
    pattern="projection",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "before": Message(
            Severity.WARNING,
            "{table} is committed before the rows that it covers are written into {rows}.",
            "If writing them fails, the next run begins behind them: they are never loaded, and nothing says so.",
            "Write the rows first, and the position with them in one transaction.",
        ),
    },
)


@rule(META)
def cursor_saved_before_load(position: PositionApart, ctx: Context) -> Iterator[Finding]:
    """At the call that writes the position."""
    if position.apart is Apart.BEFORE:
        related = [Related(position.rows, "the rows"), Related(position.commit, "committed here")]
        table, rows = position.position_table, position.rows_table
        yield ctx.finding("before", at=position.loc, related=related, table=table, rows=rows)
