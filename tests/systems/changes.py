"""What a change asks for, by the words that open a case's title ("retries: into a decorator")."""

from __future__ import annotations

from pipesense.model.change import AddCheck, Change, SetRetry, SetTimeout
from pipesense.model.data import DatasetName
from pipesense.model.flow import Pipeline, Task
from pipesense.model.quality import CheckPlan, Dimension, HasRows, NotNull, ProposedCheck, Sureness, Unique
from pipesense.systems.system import PythonSystem
from systems.lifting import Case, Workspace

PLAN = CheckPlan(
    DatasetName(("mart", "orders")),
    "mart.orders",
    "",
    tuple(
        ProposedCheck(Dimension.COMPLETENESS, ask, "", Sureness.DECLARED)
        for ask in (NotNull("amount"), Unique(("id",)), HasRows())
    ),
    (),
)


def wanted(kind: str, pipeline: Pipeline) -> Change:
    task = next((task for task in pipeline.tasks if task.name.endswith(("load", "orders"))), None)
    first: Task = pipeline.tasks[0]
    match kind:
        case "retries":
            return SetRetry(
                pipeline, None, 3, 5, tuple(each for each in pipeline.tasks if each.kind != "@asset_check"), 30
            )
        case "task retries":
            return SetRetry(pipeline, task or first, 3, 5, delay_seconds=30)
        case "task timeout":
            return SetTimeout(pipeline, task or first, 1)
        case "check":
            return AddCheck(pipeline, task or first, PLAN)
    raise ValueError(kind)


def fixed(case: Case, system: PythonSystem) -> str:
    """The file after the change."""
    workspace = Workspace(case.files, system)
    module, version, lifted = workspace.lift(case.lifted)
    change = wanted(case.title.partition(":")[0], lifted.pipelines[0])
    return workspace.applied(case.lifted, system.write(change, module, version))
