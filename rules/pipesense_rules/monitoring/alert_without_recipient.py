"""An alert is asked for, and nobody is named who gets it."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.faults import FaultKind, SettingFault
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="monitoring/alert-without-recipient",
    wants=SettingFault,
    pattern="alerting",
    since="0.1",
    messages={
        "nobody": Message(
            Severity.WARNING,
            "{owner} asks for an alert when a task fails ({setting}={written}), and {outcome}.",
            "A failure is then seen when somebody happens to look.",
            "Write {instead}.",
        ),
    },
)


@rule(META)
def alert_without_recipient(fault: SettingFault, ctx: Context) -> Iterator[Finding]:
    """At the setting."""
    if fault.kind is FaultKind.ALERT_WITHOUT_RECIPIENT:
        yield ctx.finding(
            "nobody",
            at=fault.loc,
            owner=fault.owner,
            setting=fault.setting,
            written=fault.written,
            outcome=fault.outcome,
            instead=fault.instead,
        )
