"""Two tasks of one pipeline have the same name."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.faults import FaultKind, SettingFault
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="correctness/duplicate-task-id",
    wants=SettingFault,
    pattern="task-graph",
    since="0.1",
    messages={
        "duplicate": Message(
            Severity.ERROR,
            "{owner} has two tasks named {name}, and {outcome}.",
            "The file then cannot be imported, and all its pipelines are gone.",
            "Give each task a name of its own.",
        ),
    },
)


@rule(META)
def duplicate_task_id(fault: SettingFault, ctx: Context) -> Iterator[Finding]:
    """At the second of the two."""
    if fault.kind is FaultKind.DUPLICATE_TASK:
        related = [Related(fault.related, "the first task of that name")] if fault.related is not None else []
        yield ctx.finding(
            "duplicate", at=fault.loc, related=related, owner=fault.owner, name=fault.written, outcome=fault.outcome
        )
