"""What is said to be gone is gone from the installed Prefect, and nothing else was taken out meanwhile."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from pipesense.systems.prefect.tables import MOVED
from support.fixing import imported

pytestmark = pytest.mark.framework

GENERATOR = Path(__file__).parents[1] / "generate_prefect_tables.py"


def test_the_table_is_what_the_installed_package_says(tmp_path: Path) -> None:
    generator = imported(tmp_path, "generator", GENERATOR.read_text(encoding="utf-8"))
    table = Path(str(importlib.util.find_spec("pipesense.systems.prefect.tables").origin))  # type: ignore[union-attr]
    assert "".join(generator.written()) == table.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(MOVED))
def test_what_moved_is_where_the_table_says(name: str, tmp_path: Path) -> None:
    generator = imported(tmp_path, "generator", GENERATOR.read_text(encoding="utf-8"))
    new = MOVED[name]
    assert generator.there(new) or generator.there(new.rpartition(".")[0])
