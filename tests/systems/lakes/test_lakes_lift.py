"""Forms of real code, and what must be read from them (``lift.md``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipesense.systems.lakes import SYSTEM
from systems.frames_told import facts_of
from systems.lifting import Case, cases

CASES = cases(Path(__file__).with_name("lift.md"))


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_lift(case: Case) -> None:
    assert facts_of(case, SYSTEM) == case.expected["facts"]


def test_there_are_enough_forms() -> None:
    assert len(CASES) >= 6
