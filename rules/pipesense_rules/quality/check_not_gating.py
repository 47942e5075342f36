"""A check runs behind a load, and those who use the data do not wait for it."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import WaitFor
from pipesense.model.data import WRITES, AccessMode, Confidence, DatasetName
from pipesense.model.flow import Pipeline, Role, Task
from pipesense.model.value import Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_WHY = "When the check fails, the wrong rows have been passed on already."

META = RuleMeta(
    id="quality/check-not-gating",
    wants=Pipeline,
    pattern="quality-gate",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "beside": Message(
            Severity.WARNING,
            "Task {task} reads {table} beside the check {check}, not behind it.",
            _WHY,
            "Put it behind the check: {load} >> {check} >> {task}.",
        ),
        "anyway": Message(
            Severity.WARNING,
            "Task {task} reads {table} even when the check {check} has failed.",
            _WHY,
            "Let it run only when everything before it succeeded.",
        ),
    },
)


@rule(META)
def check_not_gating(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """At the task that does not wait."""
    if pipeline.edges.opened is not None:
        return
    tasks = {task.name: task for task in pipeline.tasks}
    checks = [task for task in pipeline.tasks if _is_check(task)]
    told: set[str] = set()
    for load in pipeline.tasks if checks else ():
        for table in _written(load):
            behind = pipeline.edges.downstream(load.name)
            own = [check for check in checks if check.name in behind and _looks_at(check, table)]
            for task in (tasks[name] for name in sorted(behind) if name in tasks):
                variant = _escapes(task, own, pipeline, table)
                if not own or not variant or task.name in told:
                    continue
                told.add(task.name)
                yield ctx.finding(
                    variant,
                    at=task.loc,
                    subject=(pipeline, task, tuple(own)),
                    related=[Related(own[0].loc, "the check")],
                    task=task.name,
                    table=table,
                    check=own[0].name,
                    load=load.name,
                )


@check_not_gating.fix
def wait(finding: Finding, found: tuple[Pipeline, Task, tuple[Task, ...]], ctx: Context) -> Offer | None:
    """``check >> publish``; whether a task should go on after a failure is for people to say."""
    pipeline, task, checks = found
    if finding.variant != "beside":
        return None
    return Offer(f"Put {task.name} behind the check", WaitFor(pipeline, task, checks), Applicability.UNSAFE)


def _escapes(task: Task, checks: list[Task], pipeline: Pipeline, table: DatasetName) -> str:
    """How a task gets at a table that a check has not passed; "" where it does not."""
    if _is_check(task) or task.teardown or not _reads(task, table):
        return ""
    before = pipeline.edges.upstream(task.name)
    waits = [check for check in checks if check.name in before]
    if waits:
        return (
            "anyway"
            if task.always_runs and any((check.name, task.name) in pipeline.edges.pairs for check in waits)
            else ""
        )
    behind = pipeline.edges.downstream(task.name)
    # What stands between the load and the check prepares the check.
    return "" if any(check.name in behind for check in checks) else "beside"


def _is_check(task: Task) -> bool:
    return isinstance(task.role, Known) and task.role.value is Role.CHECK


def _written(task: Task) -> list[DatasetName]:
    if _is_check(task):
        return []
    return list(
        dict.fromkeys(access.dataset for access in task.accesses if access.mode in WRITES and not access.temporary)
    )


def _reads(task: Task, table: DatasetName) -> bool:
    return any(access.mode is AccessMode.READ and _same(access.dataset, table) for access in task.accesses)


def _looks_at(check: Task, table: DatasetName) -> bool:
    named = [each.dataset.value for each in check.checks if isinstance(each.dataset, Known)]
    read = [access.dataset for access in check.accesses if access.mode is AccessMode.READ]
    return any(_same(each, table) for each in (*named, *read))


def _same(one: DatasetName, other: DatasetName) -> bool:
    return one.match(other) in (Confidence.EXACT, Confidence.TWO_PARTS)
