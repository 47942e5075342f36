"""What fixes write (``write.md``)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pipesense.systems.prefect import SYSTEM
from systems.changes import fixed
from systems.lifting import Case, cases

CASES = cases(Path(__file__).with_name("write.md"))


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_write(case: Case) -> None:
    found = fixed(case, SYSTEM)
    assert found == case.expected["fixed"]
    if not found.startswith("refused:"):
        ast.parse(found)
