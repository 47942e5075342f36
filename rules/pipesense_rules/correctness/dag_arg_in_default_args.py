"""A setting of the pipeline stands among the defaults of its tasks, where it does nothing."""

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
    id="correctness/dag-arg-in-default-args",
    wants=SettingFault,
    pattern="shared-defaults",
    since="0.1",
    messages={
        "ignored": Message(
            Severity.WARNING,
            "{setting} in the defaults of {owner} does nothing.",
            "It is a setting of the DAG; {outcome} without a word, so the DAG runs with its own default.",
            "Write {instead}.",
        ),
        "needless": Message(
            Severity.INFO,
            "{setting} in the defaults of {owner} does nothing.",
            "It is a setting of the DAG, and {outcome} without a word; readers take it for what holds.",
            "Leave it out here, and write {instead} where the DAG does not say it yet.",
        ),
    },
)
_VARIANTS: Final = {
    FaultKind.PIPELINE_SETTING_AMONG_DEFAULTS: "ignored",
    FaultKind.NEEDLESS_DEFAULT: "needless",
}


@rule(META)
def dag_arg_in_default_args(fault: SettingFault, ctx: Context) -> Iterator[Finding]:
    """At the entry."""
    variant = _VARIANTS.get(fault.kind)
    if variant is not None:
        yield ctx.finding(
            variant,
            at=fault.loc,
            owner=fault.owner,
            setting=fault.setting,
            outcome=fault.outcome,
            instead=fault.instead,
        )


@dag_arg_in_default_args.fix
def move(finding: Finding, fault: SettingFault, ctx: Context) -> Offer | None:
    """To the DAG."""
    return faults.offer(fault)
