"""A task is mapped over a list of unknown length, and nothing limits how many of it run at once."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import LimitMapped
from pipesense.model.flow import Effect, Pipeline, Task
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import FileRole, Message, Option, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="performance/unbounded-mapping",
    wants=Pipeline,
    pattern="backpressure",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "unlimited": Message(
            Severity.INFO,
            "Task {task} runs once for each element of a list of any length, and each reaches over the network.",
            "On the day with a thousand elements as many as the DAG may run ask the same database or service at once, "
            "and no other task of the DAG gets a turn.",
            "Limit it with max_active_tis_per_dagrun, or with a pool where several DAGs share the service.",
        ),
    },
    options={"at_once": Option(int, 8, "How many may run at once, for the fix.")},
)


@rule(META)
def unbounded_mapping(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """At the task."""
    for task in pipeline.tasks:
        if task.unlimited and task.touches(Effect.NETWORK):
            yield ctx.finding("unlimited", at=task.loc, subject=(pipeline, task), task=task.name)


@unbounded_mapping.fix
def limit_it(finding: Finding, found: tuple[Pipeline, Task], ctx: Context) -> Offer:
    """``max_active_tis_per_dagrun`` at the task."""
    pipeline, task = found
    given = ctx.option("at_once")
    at_once = given if isinstance(given, int) else 8
    return Offer(f"Run at most {at_once} at once", LimitMapped(pipeline, task, at_once), Applicability.UNSAFE)
