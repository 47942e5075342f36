"""A check is described in a way that its operator refuses."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.faults import FaultKind, SettingFault
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import faults

META = RuleMeta(
    id="quality/bad-check-spec",
    wants=SettingFault,
    pattern="quality-checks",
    since="0.1",
    messages={
        "refused": Message(
            Severity.ERROR,
            "The check {setting} in {owner} is refused: {outcome}.",
            "The operator raises when it is made, so the file cannot be imported.",
            "Write {instead}.",
        ),
    },
)


@rule(META)
def bad_check_spec(fault: SettingFault, ctx: Context) -> Iterator[Finding]:
    """At the check's name."""
    if fault.kind is FaultKind.REFUSED_CHECK:
        yield ctx.finding(
            "refused",
            at=fault.loc,
            setting=fault.setting,
            owner=fault.owner,
            outcome=fault.outcome,
            instead=fault.instead,
        )


@bad_check_spec.fix
def mend(finding: Finding, fault: SettingFault, ctx: Context) -> Offer | None:
    """The check that was meant."""
    return faults.offer(fault)
