"""The suite that PipeSense writes, run by Great Expectations: each wrong row turns exactly its expectation red."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import great_expectations as gx
import psycopg
import pytest

from pipesense.engine.checks.forms import Form
from pipesense.engine.report import BuiltFix
from support import planted
from support.memory import ROOT, workspace
from support.planted import PLANTS, Checked, Plant

pytestmark = pytest.mark.framework


class Tables:
    """The tables of a running server, dropped afterwards."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def run(self, statement: str) -> Sequence[tuple[Any, ...]]:
        cursor = self.connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description is not None else []


@pytest.fixture
def tables(server: str) -> Iterator[Tables]:
    with psycopg.connect(server, autocommit=True) as connection:
        yield Tables(connection)
        connection.execute("DROP TABLE IF EXISTS orders, customers, order_items, landing_orders")


def written() -> str:
    made = workspace(planted.files("postgres"))
    made.index_all()
    built = made.checks.write(planted.ORDERS, f"{ROOT}/sql/schema.sql", Form.GX, "file", everything=True)
    assert isinstance(built, BuiltFix), built.why
    return built.creates[f"{ROOT}/gx/suites/orders.py"]


def red(server: str) -> set[str]:
    """The dimensions of the expectations that are not met, from the comments above them."""
    text = written()
    dimensions = [line.strip()[2:].partition(":")[0] for line in text.splitlines() if line.strip().startswith("# ")]
    module: dict[str, Any] = {}
    exec(compile(text, "orders.py", "exec"), module)
    parts = dict(part.split("=", 1) for part in server.split())
    url = f"postgresql+psycopg2://{parts['user']}:{parts['password']}@127.0.0.1:{parts['port']}/{parts['dbname']}"
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_postgres("warehouse", connection_string=url).add_table_asset("orders", "orders")
    batch = asset.add_batch_definition_whole_table("all").get_batch()
    expectations = module["orders_suite"]().expectations
    assert len(expectations) == len(dimensions)
    return {
        dimension
        for dimension, expectation in zip(dimensions, expectations, strict=True)
        if not batch.validate(expectation).success
    }


@pytest.mark.parametrize("plant", PLANTS, ids=[each.name for each in PLANTS])
def test_each_wrong_row_turns_exactly_its_dimension_red(plant: Plant, tables: Tables, server: str) -> None:
    for statement in (*planted.statements(planted.BARE), *planted.statements(planted.LANDING.format(status="TEXT"))):
        tables.run(statement)
    checked = Checked(tables)
    checked.fill()
    planted.outcome(checked, plant)
    expected = {each.partition(":")[0] for each in plant.red}
    if plant.name == "volume: nothing came":
        expected.add("timeliness")  # Great Expectations finds no maximum of nothing either
    assert red(server) == expected
