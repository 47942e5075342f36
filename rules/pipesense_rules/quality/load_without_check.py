"""A pipeline writes a dataset, and nothing looks at the data before people use it."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from typing import Any, Final

from pipesense.model.change import AddCheck
from pipesense.model.data import AccessMode, DatasetName
from pipesense.model.flow import Pipeline, Role, Task
from pipesense.model.quality import Sureness
from pipesense.model.value import Known, Unknown, effective
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import FileRole, Message, Option, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import shapes

_DO = "Check rows, required columns and keys behind the task, and let what follows wait for the check."

META = RuleMeta(
    id="quality/load-without-check",
    wants=Pipeline,
    pattern="quality-gate",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "mart": Message(
            Severity.WARNING,
            "{noun} {pipeline}: task {task} loads {table}, which people read, and nothing checks it.",
            "An empty or doubled load looks like success here; reports are where it is noticed.",
            _DO,
        ),
        "odd-one-out": Message(
            Severity.WARNING,
            "{noun} {pipeline}: task {task} loads {table} unchecked, while other loads of this {noun} are checked.",
            "An empty or doubled load looks like success here.",
            _DO,
        ),
        "unchecked": Message(
            Severity.INFO,
            "{noun} {pipeline}: nothing checks what task {task} loads into {table}.",
            "The run is green as soon as the statement ran, whatever the rows are.",
            _DO,
        ),
        "resumes": Message(
            Severity.HINT,
            "{noun} {pipeline}: nothing checks {table}.",
            "What is materialised counts as good, whatever the rows are, and everything behind it is built on them.",
            "Add a blocking check of rows, required columns and keys.",
        ),
        "unnamed": Message(
            Severity.INFO,
            "{noun} {pipeline}: nothing checks what task {task} loads.",
            "The run is green as soon as the load ran, whatever the rows are.",
            _DO,
        ),
    },
    options={
        "mart_schemas": Option(
            list,
            ["mart*", "*_mart", "*_marts", "gold", "gold_*", "reporting", "analytics", "presentation"],
            "Schemas (globs) whose tables people read.",
        ),
        "mart_tables": Option(
            list,
            ["dim_*", "*_dim", "fct_*", "fact_*", "*_fact", "mart_*", "rpt_*"],
            "Names of tables (globs) that people read.",
        ),
    },
)

_LOADS: Final = frozenset({AccessMode.APPEND, AccessMode.OVERWRITE, AccessMode.OVERWRITE_PARTITION, AccessMode.MERGE})


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A task that loads ``dataset`` (None where its name is not known) without a check behind it."""

    pipeline: Pipeline
    task: Task
    dataset: DatasetName | None


@rule(META)
def load_without_check(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """At each load that ends a branch of the graph: a check there covers what was loaded before it."""
    if pipeline.edges.opened is not None:
        return
    loads = {task.name: task for task in pipeline.tasks if _is_load(task)}
    if not loads:
        return
    covered = _covered(pipeline, loads.keys())
    unchecked = {name: task for name, task in loads.items() if name not in covered and not _checked(task, ctx)}
    before_loads = pipeline.edges.upstream(*loads)
    for name, task in unchecked.items():
        if name not in before_loads:
            dataset = _dataset(task, ctx)
            words: dict[str, Any] = {"noun": pipeline.noun, "pipeline": pipeline.name, "task": name}
            if dataset is None:
                variant = "unnamed"
            elif pipeline.resumes:
                variant, words["table"] = "resumes", dataset
            else:
                variant = _variant(pipeline, task, dataset, len(unchecked) < len(loads), ctx)
                words["table"] = dataset
            at = _place(pipeline, task, dataset)
            yield ctx.finding(variant, at=at, subject=Unchecked(pipeline, task, dataset), **words)


def _place(pipeline: Pipeline, task: Task, dataset: DatasetName | None) -> Loc:
    """The task; where a script's last write is of something else, the place that names what it loads."""
    if pipeline.noun == "script":
        written = [each for each in task.accesses if each.mode in _LOADS and each.dataset == dataset]
        here = [each.loc for each in written if each.loc.file == task.loc.file]
        if here and not any(_within(loc, task.whole) for loc in here):
            return here[-1]
    return task.loc


def _within(inner: Loc, outer: Loc) -> bool:
    same = (inner.file, inner.unit) == (outer.file, outer.unit)
    return same and outer.span.start <= inner.span.start and inner.span.end <= outer.span.end


@load_without_check.fix
def add_checks(finding: Finding, unchecked: Unchecked, ctx: Context) -> Offer | None:
    """A check task behind the load, for the columns that the table's definition in the workspace names."""
    if unchecked.dataset is None:
        return None
    plan = ctx.check_plan(unchecked.dataset)
    # What is a guess is for people to choose; they find it where checks are asked for.
    sure = tuple(check for check in plan.checks if check.sureness is not Sureness.GUESS)
    change = AddCheck(unchecked.pipeline, unchecked.task, replace(plan, checks=sure))
    pipeline = unchecked.pipeline
    if pipeline.check_loader and not ctx.told("loads checks", pipeline.system):
        # Written alone it would look like a check and never run.
        title = f"Check {unchecked.dataset} after the load, with {pipeline.check_loader} where the assets are loaded"
        return Offer(title, change, Applicability.DISPLAY)
    return Offer(f"Check {unchecked.dataset} after the load", change, Applicability.UNSAFE)


def _targets(task: Task) -> list[DatasetName]:
    return [
        *task.stores,
        *(
            access.dataset
            for access in task.accesses
            if access.mode in _LOADS
            and not (access.temporary or access.streaming or shapes.is_log(access.dataset) or _scratch(access.dataset))
        ),
    ]


def _scratch(dataset: DatasetName) -> bool:
    """Whether it lies in the folder for temporary files."""
    return dataset.parts[0] == "tmp" or dataset.parts[:2] == ("var", "tmp")


def _is_load(task: Task) -> bool:
    if isinstance(task.role, Known) and task.role.value in (Role.CHECK, Role.NOTIFY, Role.SENSOR, Role.EMPTY):
        return False
    # Where the accesses are known they decide: a task that only updates or only writes its log loads nothing.
    silent = all(access.mode is AccessMode.READ for access in task.accesses)
    return bool(_targets(task)) or (isinstance(task.role, Known) and task.role.value is Role.LOAD and silent)


def _dataset(task: Task, ctx: Context) -> DatasetName | None:
    """The dataset to speak of: one that people read if there is one, else the last written."""
    targets = _targets(task)
    return next((target for target in targets if _is_mart(target, ctx)), targets[-1] if targets else None)


def _is_mart(dataset: DatasetName, ctx: Context) -> bool:
    return shapes.is_mart(dataset, shapes.globs(ctx.option("mart_schemas")), shapes.globs(ctx.option("mart_tables")))


def _is_check(task: Task) -> bool:
    # What a triggered pipeline checks cannot be told from here, so a trigger counts as a check.
    if isinstance(task.role, Known) and task.role.value in (Role.CHECK, Role.TRIGGER):
        return True
    return bool(task.checks) or task.fails_on_purpose or shapes.suggests_check(task)


def _covered(pipeline: Pipeline, loads: Set[str]) -> frozenset[str]:
    """The tasks that a check stands behind; and those behind a check of what a load wrote (write, check, publish)."""
    checks = {task.name for task in pipeline.tasks if _is_check(task)}
    if not checks:
        return frozenset()
    # The rows were checked where they stood before the task.
    before = checks & pipeline.edges.downstream(*loads)
    return pipeline.edges.upstream(*checks) | pipeline.edges.downstream(*before)


def _checked(task: Task, ctx: Context) -> bool:
    if task.checks or shapes.suggests_check(task):
        return True
    return any(ctx.checks_on(dataset) for dataset in _targets(task))


def _variant(pipeline: Pipeline, task: Task, dataset: DatasetName, others_checked: bool, ctx: Context) -> str:
    if ctx.role is FileRole.EXAMPLE or _followed_by_unknown(task, pipeline):
        return "unchecked"
    if _is_mart(dataset, ctx):
        return "mart"
    scheduled = effective(pipeline.schedule.text) is not None
    return "odd-one-out" if scheduled and others_checked else "unchecked"


def _followed_by_unknown(task: Task, pipeline: Pipeline) -> bool:
    """Whether a later task may check the data for all that can be read here."""
    behind = pipeline.edges.downstream(task.name)
    return any(
        isinstance(each.role, Unknown) and isinstance(each.does, Unknown)
        for each in pipeline.tasks
        if each.name in behind
    )
