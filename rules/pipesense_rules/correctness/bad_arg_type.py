"""A setting has a value that the framework refuses, or takes for something else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.faults import FaultKind, SettingFault
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import faults

META = RuleMeta(
    id="correctness/bad-arg-type",
    wants=SettingFault,
    pattern="shared-defaults",
    since="0.1",
    messages={
        "refused": Message(
            Severity.ERROR,
            "{owner} is given {setting}={written}: {outcome}.",
            "The file then cannot be imported, and all its pipelines are gone.",
            "Write {instead}.",
        ),
        "misread": Message(
            Severity.WARNING,
            "{owner} is given {setting}={written}: {outcome}.",
            "No error says so.",
            "Write {instead}.",
        ),
        "tolerated": Message(
            Severity.INFO,
            "{owner} is given {setting}={written}: {outcome}.",
            "Other settings refuse such a value, and readers take it for a slip.",
            "Write {instead}.",
        ),
    },
)
_VARIANTS: Final = {
    FaultKind.REFUSED_VALUE: "refused",
    FaultKind.MISREAD_VALUE: "misread",
    FaultKind.TOLERATED_VALUE: "tolerated",
}


@rule(META)
def bad_arg_type(fault: SettingFault, ctx: Context) -> Iterator[Finding]:
    """At the value."""
    variant = _VARIANTS.get(fault.kind)
    if variant is not None:
        yield ctx.finding(
            variant,
            at=fault.loc,
            owner=fault.owner,
            setting=fault.setting,
            written=fault.written,
            outcome=fault.outcome,
            instead=fault.instead,
        )


@bad_arg_type.fix
def write_the_right_type(finding: Finding, fault: SettingFault, ctx: Context) -> Offer | None:
    """The value in the type that is asked for."""
    return faults.offer(fault)
