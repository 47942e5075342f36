"""A function that a task runs has no test."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.flow import CallableRun, Pipeline, Role, Task
from pipesense.model.value import known
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import files

META = RuleMeta(
    id="testing/no-transformation-test",
    wants=Pipeline,
    pattern="tests-of-pipelines",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE}),
    messages={
        "untested": Message(
            Severity.HINT,
            "No test speaks of {stem}.py, and task {task} runs code of it.",
            "What the code makes of an empty input, of a missing value or of a doubled row shows in production first.",
            "Write down a few inputs and what has to come out; the actions on the task write the frame.",
        ),
    },
)

_SYSTEMS = ("airflow", "prefect", "dagster")
_QUIET: tuple[Role | None, ...] = (Role.SENSOR, Role.EMPTY, Role.NOTIFY, Role.BRANCH, Role.TRIGGER)


@rule(META)
def no_transformation_test(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """At the first task that runs a function of the file."""
    if pipeline.system not in _SYSTEMS:
        return
    stem = files.stem(pipeline.loc.file)
    task = next((each for each in pipeline.tasks if _runs_code(each, stem)), None)
    if task is not None and task.loc.file == pipeline.loc.file and not ctx.tested(stem):
        yield ctx.finding("untested", at=task.loc, stem=stem, task=task.name)


def _runs_code(task: Task, stem: str) -> bool:
    own = any(isinstance(run, CallableRun) and stem in run.scope.split(".") for run in task.runs)
    return own and known(task.role) not in _QUIET
