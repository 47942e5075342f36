"""A pipeline's tasks touch the network, and nothing ends an attempt that hangs."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import SetTimeout
from pipesense.model.flow import Pipeline, Task
from pipesense.model.value import Absent, Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, Option, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import shapes

META = RuleMeta(
    id="reliability/no-timeout",
    wants=Pipeline,
    pattern="timeouts",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "absent": Message(
            Severity.INFO,
            "{noun} {name}: {tasks} without a limit on how long an attempt may take.",
            "An attempt that hangs never fails, so it is never retried and nobody is told; it only holds its slot.",
            "Give the tasks a timeout, or the whole run one.",
        ),
    },
    options={"hours": Option(int, 1, "The limit that the fix sets, in hours.")},
)


@rule(META)
def no_timeout(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """One finding per pipeline: at the shared defaults where all tasks lack a limit, else at the first task."""
    working, bare = _working(pipeline), _bare(pipeline)
    if not bare:
        return
    yield ctx.finding(
        "absent",
        at=shapes.common_place(pipeline, bare, working),
        related=[Related(task.loc, f"{task.name} ({task.kind}) may run for ever") for task in bare],
        noun=pipeline.noun,
        name=pipeline.name,
        tasks=shapes.reach_out(bare),
    )


@no_timeout.fix
def add_timeout(finding: Finding, pipeline: Pipeline, ctx: Context) -> Offer | None:
    """A limit for the pipeline, or for the one task that lacks it."""
    bare = _bare(pipeline)
    if not bare:
        return None
    hours = ctx.option("hours")
    limit = hours if isinstance(hours, int) else 1
    lone = bare[0] if len(bare) == 1 < len(_working(pipeline)) else None
    title = f"Let attempts fail after {limit} hour{'s' * (limit != 1)}"
    return Offer(title, SetTimeout(pipeline, lone, limit), Applicability.UNSAFE)


def _working(pipeline: Pipeline) -> list[Task]:
    return [task for task in pipeline.tasks if shapes.works_outside(task)]


def _bare(pipeline: Pipeline) -> list[Task]:
    return [
        task
        for task in _working(pipeline)
        if isinstance(task.timeout, Absent) or (isinstance(task.timeout, Known) and task.timeout.value is None)
    ]
