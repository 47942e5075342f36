"""Every form in which people write clients and handlers of this broker, and what is read from it (``lift.md``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipesense.systems.quix import SYSTEM
from systems.broker_cases import told
from systems.lifting import Case, cases

CASES = cases(Path(__file__).with_name("lift.md"))


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_lift(case: Case) -> None:
    assert told(case, SYSTEM) == case.expected["facts"]


def test_there_are_enough_forms() -> None:
    assert len(CASES) >= 4
