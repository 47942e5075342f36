"""Every form in which people write DAGs, and what must be read from it (``lift.md``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from systems.lifting import Case, Workspace, cases, told_pipeline

CASES = cases(Path(__file__).with_name("lift.md"))


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_lift(case: Case) -> None:
    workspace = Workspace(case.files)
    _, _, lifted = workspace.lift(case.lifted)
    found = "".join(told_pipeline(pipeline, workspace, case.lifted) for pipeline in lifted.pipelines)
    assert found == case.expected["facts"]


def test_there_are_enough_forms() -> None:
    assert len(CASES) >= 25
