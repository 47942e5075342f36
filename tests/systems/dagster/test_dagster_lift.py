"""Every form in which people write assets and jobs, and what must be read from it (``lift.md``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipesense.systems.dagster import SYSTEM
from systems.lifting import Case, Workspace, cases, told_pipeline

CASES = cases(Path(__file__).with_name("lift.md"))


def facts(case: Case) -> str:
    workspace = Workspace(case.files, SYSTEM)
    _, _, lifted = workspace.lift(case.lifted)
    return "".join(told_pipeline(pipeline, workspace, case.lifted) for pipeline in lifted.pipelines)


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_lift(case: Case) -> None:
    assert facts(case) == case.expected["facts"]


def test_there_are_enough_forms() -> None:
    assert len(CASES) >= 15
