"""The quality checks that PipeSense writes, run by DuckDB: each wrong row turns exactly its check red."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import pytest

from pipesense.model.quality import Dimension
from support import planted
from support.planted import PLANTS, Plant

pytestmark = pytest.mark.framework


class DuckDB:
    """An empty database in memory."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")

    def run(self, statement: str) -> Sequence[tuple[Any, ...]]:
        result: list[tuple[Any, ...]] = self.connection.execute(statement).fetchall()
        return result


@pytest.mark.parametrize("everything", [True, False])
def test_each_dimension_has_a_check_or_a_reason(everything: bool) -> None:
    made = planted.plan("duckdb", everything=everything)
    assert planted.covered(made) == set(Dimension)


def test_what_duckdb_refuses_is_not_asked_again() -> None:
    made = planted.plan("duckdb", everything=False)
    assert {each.why for each in made.left_out} == {
        "DuckDB itself refuses a missing order_id, customer_id, status, total_amount, ordered_on or loaded_at",
        "DuckDB itself refuses a second row with the same order_id",
        "DuckDB itself refuses a status that its ENUM does not list",
        "DuckDB itself refuses a customer_id that customers does not have",
    }


@pytest.mark.parametrize("plant", PLANTS, ids=[each.name for each in PLANTS])
def test_each_wrong_row_turns_exactly_its_check_red(plant: Plant) -> None:
    checked = planted.unconstrained(DuckDB(), "duckdb")
    assert planted.outcome(checked, plant) == set(plant.red)


@pytest.mark.parametrize("plant", PLANTS, ids=[each.name for each in PLANTS])
def test_with_constraints_a_wrong_row_is_refused_or_found(plant: Plant) -> None:
    checked = planted.constrained(DuckDB(), "duckdb", "VARCHAR(20)")
    if plant.refused:
        with pytest.raises((duckdb.ConstraintException, duckdb.ConversionException)):
            planted.outcome(checked, plant)
    else:
        assert planted.outcome(checked, plant) == set(plant.red)
