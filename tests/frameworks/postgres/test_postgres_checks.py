"""The quality checks that PipeSense writes, run by PostgreSQL: each wrong row turns exactly its check red."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest

from pipesense.model.quality import Dimension
from support import planted
from support.planted import PLANTS, Plant

pytestmark = pytest.mark.framework


class Schema:
    """An empty schema of a running server; nothing in it stays."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def run(self, statement: str) -> Sequence[tuple[Any, ...]]:
        cursor = self.connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description is not None else []


@pytest.fixture
def schema(server: str) -> Iterator[Schema]:
    with psycopg.connect(server) as connection:
        connection.execute("CREATE SCHEMA planted")
        connection.execute("SET search_path = planted")
        yield Schema(connection)
        connection.rollback()


@pytest.mark.parametrize("everything", [True, False])
def test_each_dimension_has_a_check_or_a_reason(everything: bool) -> None:
    made = planted.plan("postgres", everything=everything)
    assert planted.covered(made) == set(Dimension)


@pytest.mark.parametrize("plant", PLANTS, ids=[each.name for each in PLANTS])
def test_each_wrong_row_turns_exactly_its_check_red(plant: Plant, schema: Schema) -> None:
    checked = planted.unconstrained(schema, "postgres")
    assert planted.outcome(checked, plant) == set(plant.red)


@pytest.mark.parametrize("plant", PLANTS, ids=[each.name for each in PLANTS])
def test_with_constraints_a_wrong_row_is_refused_or_found(plant: Plant, schema: Schema) -> None:
    checked = planted.constrained(schema, "postgres", "order_status")
    if plant.refused:
        with pytest.raises((psycopg.IntegrityError, psycopg.DataError)):
            planted.outcome(checked, plant)
    else:
        assert planted.outcome(checked, plant) == set(plant.red)
