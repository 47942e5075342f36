"""A failure is noted at most, and what follows runs as if there had been none."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import RaiseAgain, Rewrite
from pipesense.model.failures import SwallowedFailure
from pipesense.model.flow import Pipeline, Role, Task
from pipesense.model.habits import DroppedException
from pipesense.model.value import Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="reliability/swallowed-exception",
    wants=(SwallowedFailure, DroppedException, Pipeline),
    pattern="failure-path",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "logged": Message(
            Severity.WARNING,
            "A failure of {noun} {name} is only logged, and what follows runs as if it had succeeded.",
            "The run ends green without what it was for; nobody is told, and nothing repeats it.",
            "Raise the error again once it is logged, or go on where something is done about it.",
        ),
        "dropped": Message(
            Severity.WARNING,
            "A failure of {noun} {name} is dropped, and what follows runs as if it had succeeded.",
            "The run ends green without what it was for, and there is no trace of why.",
            "Raise the error again, or go on where something is done about it.",
        ),
        "caught": Message(
            Severity.WARNING,
            "When {work} fails, {does}: {caught} is caught, and the task succeeds.",
            "Nothing is repeated, nobody is told, and what stands behind the task runs on data that is not there.",
            "Let the exception out, or raise it again at the end.",
        ),
        "hidden": Message(
            Severity.WARNING,
            "Task {leaf} runs whatever happened and ends {noun} {name}, so a run in which {task} failed is green.",
            "The state of a run is that of its last tasks.",
            "Make it a teardown, or put a task behind all others that fails when one of them did.",
        ),
    },
)


@rule(META)
def swallowed_exception(fact: SwallowedFailure | DroppedException | Pipeline, ctx: Context) -> Iterator[Finding]:
    """At the handler, or at the task that ends the run."""
    if isinstance(fact, SwallowedFailure):
        yield ctx.finding("logged" if fact.logged else "dropped", at=fact.loc, noun=fact.noun, name=fact.name)
        return
    if isinstance(fact, DroppedException):
        yield ctx.finding("caught", at=fact.loc, work=fact.work, does=fact.does, caught=fact.caught)
        return
    told = fact.system == "airflow" and fact.edges.opened is None and ctx.role is not FileRole.EXAMPLE
    hidden = _hidden(fact) if told else None
    if hidden is not None:
        leaf, task = hidden
        yield ctx.finding("hidden", at=leaf.loc, leaf=leaf.name, noun=fact.noun, name=fact.name, task=task.name)


@swallowed_exception.fix
def let_it_out(finding: Finding, fact: SwallowedFailure | DroppedException | Pipeline, ctx: Context) -> Offer | None:
    """Raise again what was caught."""
    if isinstance(fact, SwallowedFailure):
        return (
            Offer("Raise the error again", RaiseAgain(fact.system, fact), Applicability.UNSAFE) if fact.error else None
        )
    if not isinstance(fact, DroppedException) or not fact.edits:
        return None
    return Offer("Raise the error again", Rewrite(fact.edits), Applicability.UNSAFE)


def _hidden(pipeline: Pipeline) -> tuple[Task, Task] | None:
    """The one last task that runs whatever happened, and a task whose failure it hides."""
    before = {first for first, _ in pipeline.edges.pairs}
    leaves = [task for task in pipeline.tasks if task.name not in before and not task.teardown]
    if len(leaves) != 1 or not leaves[0].always_runs or not _cannot_fail(leaves[0]):
        return None
    leaf = leaves[0]
    above = pipeline.edges.upstream(leaf.name)
    working = [task for task in pipeline.tasks if task.name in above and not _is_quiet(task)]
    return (leaf, working[0]) if working else None


def _cannot_fail(task: Task) -> bool:
    """Whether the task's own work says nothing about the others: it is empty, or only tells somebody."""
    return isinstance(task.role, Known) and task.role.value in (Role.EMPTY, Role.NOTIFY)


def _is_quiet(task: Task) -> bool:
    return task.always_runs or (
        isinstance(task.role, Known) and task.role.value in (Role.EMPTY, Role.NOTIFY, Role.BRANCH)
    )
