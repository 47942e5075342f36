"""A pipeline is repeated as a whole, and runs steps again that had already written."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.data import WRITES
from pipesense.model.flow import Pipeline, Task
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="reliability/flow-retry-reruns",
    wants=Pipeline,
    pattern="retry-with-backoff",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "reruns": Message(
            Severity.WARNING,
            "{noun} {name} is repeated as a whole, and {task} writes again although it had succeeded.",
            "A repeated flow runs every task once more whose result is not stored.",
            "Give the retries to the tasks, or store the result of {task} (persist_result=True).",
        ),
    },
)


@rule(META)
def flow_retry_reruns(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """Where the repetition of the whole is set."""
    if pipeline.repeated is None:
        return
    again = [task for task in pipeline.tasks if _writes(task) and pipeline.edges.downstream(task.name) - {task.name}]
    if again:
        yield ctx.finding(
            "reruns",
            at=pipeline.repeated,
            related=[Related(task.loc, f"{task.name} is run again") for task in again],
            noun=pipeline.noun,
            name=pipeline.name,
            task=again[0].name,
        )


def _writes(task: Task) -> bool:
    return not task.kept and any(access.mode in WRITES and not access.temporary for access in task.accesses)
