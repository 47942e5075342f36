"""What fixes write (``write.md``)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pipesense.model.change import AddCheck, Change, SetRetry, SetStartDate, SetTimeout, UseNewApi
from pipesense.model.code import ApiChange
from pipesense.model.data import DatasetName
from pipesense.model.flow import Pipeline
from pipesense.model.quality import CheckPlan, Dimension, HasRows, NotNull, ProposedCheck, Sureness, Unique
from pipesense.model.value import Version
from pipesense.systems.airflow import SYSTEM
from systems.lifting import Case, Workspace, cases

ORDERS = DatasetName(("mart", "orders"))
PLAN = CheckPlan(
    ORDERS,
    "mart.orders",
    "",
    tuple(
        ProposedCheck(Dimension.COMPLETENESS, ask, "", Sureness.DECLARED)
        for ask in (NotNull("id"), NotNull("amount"), Unique(("id",)), HasRows())
    ),
    (),
)
CASES = cases(Path(__file__).with_name("write.md"))


def wanted(kind: str, pipeline: Pipeline) -> Change:
    task = next((task for task in pipeline.tasks if task.name.endswith("load")), None)
    match kind:
        case "retries":
            return SetRetry(pipeline, None, 3, 5)
        case "task retries":
            return SetRetry(pipeline, task, 3, 5)
        case "timeout":
            return SetTimeout(pipeline, None, 1)
        case "start date":
            return SetStartDate(pipeline)
        case "check":
            assert task is not None
            return AddCheck(pipeline, task, PLAN)
    raise ValueError(kind)


def fixed(case: Case) -> str:
    """The file after the change; for obsolete names after all of them, one by one."""
    kind = case.title.partition(":")[0]
    files = dict(case.files)
    for _ in range(20):
        workspace = Workspace(files)
        module, version, lifted = workspace.lift(case.lifted)
        if kind != "api":
            change = wanted(kind, lifted.pipelines[0])
            return workspace.applied(case.lifted, SYSTEM.write(change, module, version))
        uses = [use for use in lifted.obsolete if use.fix is not None and use.change is not ApiChange.MOVED]
        if not uses:
            break
        parts = SYSTEM.write(UseNewApi(uses[0]), module, version)
        files[case.lifted] = workspace.applied(case.lifted, parts)
    return files[case.lifted]


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_write(case: Case) -> None:
    found = fixed(case)
    assert found == case.expected["fixed"]
    if not found.startswith("refused:"):
        ast.parse(found)


MOVED = "from airflow.operators.bash import BashOperator\nBashOperator(task_id='a', bash_command='b')\n"


def test_moved_names_are_written_when_asked_for() -> None:
    workspace = Workspace({"dags/example.py": MOVED, "requirements.txt": "apache-airflow==3.0.6\n"})
    module, _, lifted = workspace.lift("dags/example.py")
    (use,) = lifted.obsolete
    assert use.change is ApiChange.MOVED
    found = workspace.applied("dags/example.py", SYSTEM.write(UseNewApi(use), module, Version()))
    assert found.startswith("from airflow.providers.standard.operators.bash import BashOperator\n")


def test_a_name_that_still_works_stays_where_nobody_knows_whether_the_new_one_is_there() -> None:
    _, _, lifted = Workspace({"dags/example.py": MOVED}).lift("dags/example.py")
    (use,) = lifted.obsolete
    assert use.change is ApiChange.MOVED and use.fix is None


def test_a_pipeline_that_is_gone_is_refused() -> None:
    old = Workspace({"dags/example.py": "from airflow.sdk import DAG\nDAG('a', schedule=None)\n"})
    _, version, lifted = old.lift("dags/example.py")
    new = Workspace({"dags/example.py": "from airflow.sdk import DAG\nDAG('b', schedule=None)\n"})
    module = new.module("dags/example.py")
    written = SYSTEM.write(SetRetry(lifted.pipelines[0], None, 3, 5), module, version)
    assert new.applied("dags/example.py", written) == "refused: DAG a is no longer where it was.\n"
