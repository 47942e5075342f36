"""Nobody is told when a scheduled pipeline fails."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.flow import Pipeline
from pipesense.model.value import Absent
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import shapes

META = RuleMeta(
    id="monitoring/no-failure-alert",
    wants=Pipeline,
    pattern="alerting",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "nobody": Message(
            Severity.INFO,
            "{noun} {name} runs by itself, and nobody is told when it fails.",
            "A failure is then found by whoever misses the data.",
            "Name a callback or a notifier, for the whole pipeline.",
        ),
    },
)


@rule(META)
def no_failure_alert(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """At the pipeline's name, where none of its tasks tells anybody."""
    working = [task for task in pipeline.tasks if shapes.works_outside(task)]
    if pipeline.schedule.recurs and working and all(isinstance(task.alerts, Absent) for task in pipeline.tasks):
        yield ctx.finding("nobody", at=pipeline.loc, noun=pipeline.noun, name=pipeline.name)
