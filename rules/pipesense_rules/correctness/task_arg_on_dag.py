"""A setting of tasks is given to the pipeline, which does not take it."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.faults import FaultKind, SettingFault
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import faults

META = RuleMeta(
    id="correctness/task-arg-on-dag",
    wants=SettingFault,
    pattern="shared-defaults",
    since="0.1",
    messages={
        "refused": Message(
            Severity.ERROR,
            "{owner}: {setting} is a setting of tasks, and {outcome}.",
            "The file then cannot be imported, and all its pipelines are gone.",
            "Put it into {instead}, which hands it to every task.",
        ),
    },
)


@rule(META)
def task_arg_on_dag(fault: SettingFault, ctx: Context) -> Iterator[Finding]:
    """At the argument."""
    if fault.kind is FaultKind.TASK_SETTING_ON_PIPELINE:
        yield ctx.finding(
            "refused",
            at=fault.loc,
            owner=fault.owner,
            setting=fault.setting,
            outcome=fault.outcome,
            instead=fault.instead,
        )


@task_arg_on_dag.fix
def move(finding: Finding, fault: SettingFault, ctx: Context) -> Offer | None:
    """Into the shared defaults."""
    return faults.offer(fault)
