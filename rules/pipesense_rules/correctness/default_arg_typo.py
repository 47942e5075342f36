"""The name of a shared default is misspelled, so no task gets it."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.faults import FaultKind, SettingFault
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import faults

META = RuleMeta(
    id="correctness/default-arg-typo",
    wants=SettingFault,
    pattern="shared-defaults",
    since="0.1",
    messages={
        "misspelled": Message(
            Severity.WARNING,
            "{setting} in the defaults of {owner} is no setting of any task; {instead} is.",
            "Defaults that no operator takes are dropped without a word, so the tasks run without it.",
            "Write {instead}.",
        ),
    },
)


@rule(META)
def default_arg_typo(fault: SettingFault, ctx: Context) -> Iterator[Finding]:
    """At the key."""
    if fault.kind is FaultKind.MISSPELLED_DEFAULT:
        yield ctx.finding("misspelled", at=fault.loc, owner=fault.owner, setting=fault.setting, instead=fault.instead)


@default_arg_typo.fix
def rename(finding: Finding, fault: SettingFault, ctx: Context) -> Offer | None:
    """The name that was meant."""
    return faults.offer(fault)
