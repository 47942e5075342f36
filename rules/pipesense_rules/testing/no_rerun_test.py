"""A load is never run twice in a test."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.data import WRITES
from pipesense.model.flow import Pipeline, Task
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import files

META = RuleMeta(
    id="testing/no-rerun-test",
    wants=Pipeline,
    pattern="tests-of-pipelines",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE}),
    messages={
        "untested": Message(
            Severity.HINT,
            "No test runs task {task} twice, which loads {table}.",
            "Whether a second run doubles the rows is then found out by the first retry.",
            "Run it twice on a database for tests and compare; PipeSense writes the test from the actions on the task.",
        ),
    },
)

_SYSTEMS = ("airflow", "prefect", "dagster")


@rule(META)
def no_rerun_test(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """At the first task that loads a table."""
    if pipeline.system not in _SYSTEMS or not pipeline.loc.file.endswith(".py"):
        return
    found = next(((task, table) for task in pipeline.tasks if (table := _loaded(task))), None)
    if found is not None and found[0].loc.file == pipeline.loc.file:
        task, table = found
        if not ctx.tested(f"{files.stem(pipeline.loc.file)} twice"):
            yield ctx.finding("untested", at=task.loc, task=task.name, table=table)


def _loaded(task: Task) -> str:
    return next((str(each.dataset) for each in task.accesses if each.mode in WRITES and not each.temporary), "")
