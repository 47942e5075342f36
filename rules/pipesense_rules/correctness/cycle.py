"""Tasks wait for one another, so none of them can run."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.faults import FaultKind, SettingFault
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="correctness/cycle",
    wants=SettingFault,
    pattern="task-graph",
    since="0.1",
    messages={
        "cycle": Message(
            Severity.ERROR,
            "Tasks of {owner} wait for one another: {way}.",
            "No order can run them, and {outcome} for the whole file.",
            "Take out the arrow that leads back.",
        ),
    },
)


@rule(META)
def cycle(fault: SettingFault, ctx: Context) -> Iterator[Finding]:
    """At the first task of the cycle."""
    if fault.kind is FaultKind.CYCLE:
        yield ctx.finding("cycle", at=fault.loc, owner=fault.owner, way=fault.written, outcome=fault.outcome)
