"""The tests that PipeSense writes for assets, run by pytest under the real Dagster: green for good ones, red for bad ones."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from support.scaffolded import project, run_tests

pytestmark = pytest.mark.framework

NAME = "defs/orders.py"
ASSETS = """\
import os
import sqlite3

import dagster as dg


@dg.asset
def landing() -> None:
    with sqlite3.connect(os.environ["SHOP"]) as connection:
        connection.execute("DELETE FROM landing")
        connection.execute("INSERT INTO landing VALUES (3)")


@dg.asset(deps=[landing])
def orders(context) -> None:
    with sqlite3.connect(os.environ["SHOP"]) as connection:
        connection.execute("DELETE FROM fact_orders")
        connection.execute("INSERT INTO fact_orders (amount) SELECT amount FROM landing")


@dg.asset
def cleaned(context, rows: list) -> list:
    return [row for row in rows if row < 3]


@dg.asset
def rows() -> list:
    return [1, 5]


defs = dg.Definitions(assets=[landing, orders, cleaned, rows])
"""
APPENDS = ASSETS.replace('        connection.execute("DELETE FROM fact_orders")\n', "")


def database(folder: Path) -> str:
    path = folder / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE fact_orders (amount INT)")
        connection.execute("CREATE TABLE landing (amount INT)")
    return str(path)


@pytest.mark.parametrize(
    "text", [ASSETS, ASSETS.replace("defs = dg.Definitions(assets=[landing, orders, cleaned, rows])\n", "")]
)
def test_every_file_loads_and_fits_together(tmp_path: Path, text: str) -> None:
    folder = project(tmp_path, {NAME: text}, NAME, "orders(context)", "every asset file loads")
    green, said = run_tests(folder)
    assert green, said
    assert "2 passed" in said


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("import dagster as dg\n\n\n@dg.asset(kind='x')\ndef late(): ...\n", "unexpected keyword argument"),
        (
            "import dagster as dg\n\n\n@dg.asset(required_resource_keys={'lake'})\ndef late(): ...\n\n\n"
            "defs = dg.Definitions(assets=[late])\n",
            "resource with key 'lake'",
        ),
    ],
)
def test_a_broken_file_is_found_out(tmp_path: Path, broken: str, why: str) -> None:
    folder = project(tmp_path, {NAME: ASSETS}, NAME, "orders(context)", "every asset file loads")
    (folder / "defs" / "broken.py").write_text(broken, encoding="utf-8")
    green, said = run_tests(folder)
    assert not green
    assert why in said


def test_without_services_for_tests_nothing_is_made(tmp_path: Path) -> None:
    folder = project(tmp_path, {NAME: ASSETS}, NAME, "orders(context)", "materializes orders twice")
    green, said = run_tests(folder)
    assert green
    assert "1 skipped" in said


def test_an_asset_that_deletes_first_can_be_made_twice(tmp_path: Path) -> None:
    folder = project(tmp_path, {NAME: ASSETS}, NAME, "orders(context)", "materializes orders twice")
    green, said = run_tests(folder, SERVICES_FOR_TESTS="1", SHOP=database(tmp_path))
    assert green, said
    assert "1 passed" in said


def test_an_asset_that_only_adds_is_found_out(tmp_path: Path) -> None:
    folder = project(tmp_path, {NAME: APPENDS}, NAME, "orders(context)", "materializes orders twice")
    green, said = run_tests(folder, SERVICES_FOR_TESTS="1", SHOP=database(tmp_path))
    assert not green
    assert "Left contains one more item: (3,)" in said


def test_cases_call_the_function_itself(tmp_path: Path) -> None:
    folder = project(tmp_path, {NAME: ASSETS}, NAME, "cleaned(context", "cleaned makes of its input")
    green, said = run_tests(folder)
    assert not green
    assert "write down what cleaned has to make of an input" in said
    test = folder / "tests" / "test_cleaned.py"
    line = '    # ({"rows": ...}, expected),\n'
    text = test.read_text(encoding="utf-8")
    assert line in text
    test.write_text(text.replace(line, '    ({"rows": [1, 5]}, [1]),\n'), encoding="utf-8")
    green, said = run_tests(folder)
    assert green, said
    assert "2 passed" in said
