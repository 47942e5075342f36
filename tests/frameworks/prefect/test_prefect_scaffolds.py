"""The tests that PipeSense writes for flows, run by pytest under the real Prefect: green for good flows, red for bad ones."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from support.scaffolded import project, run_tests

pytestmark = pytest.mark.framework

NAME = "flows/orders.py"
FLOW = """\
import os
import sqlite3

from prefect import flow, task


@task
def clean(rows, limit=3):
    return [row for row in rows if row < limit]


@task
def load(rows):
    with sqlite3.connect(os.environ["SHOP"]) as connection:
        connection.execute("DELETE FROM fact_orders")
        connection.execute("INSERT INTO fact_orders (amount) SELECT amount FROM landing")


@flow
def orders():
    load(clean([1, 5]))
"""
APPENDS = FLOW.replace('        connection.execute("DELETE FROM fact_orders")\n', "")


def database(folder: Path) -> str:
    path = folder / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE fact_orders (amount INT)")
        connection.execute("CREATE TABLE landing (amount INT)")
        connection.execute("INSERT INTO landing VALUES (3)")
    return str(path)


def test_every_flow_file_loads(tmp_path: Path) -> None:
    folder = project(tmp_path, {NAME: FLOW}, NAME, "orders():", "every flow file loads")
    green, said = run_tests(folder)
    assert green, said
    assert "2 passed" in said


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (
            "from prefect import flow\nfrom prefect.orion import models\n\n\n@flow\ndef late():\n    pass\n",
            "No module named",
        ),
        ("import prefect\n\n\n@prefect.flow(retry=3)\ndef late():\n    pass\n", "unexpected keyword argument 'retry'"),
        ('"""Flows were here: @flow."""\n', "assert []"),
    ],
)
def test_a_broken_flow_file_is_found_out(tmp_path: Path, broken: str, why: str) -> None:
    folder = project(tmp_path, {NAME: FLOW}, NAME, "orders():", "every flow file loads")
    (folder / "flows" / "broken.py").write_text(broken, encoding="utf-8")
    green, said = run_tests(folder)
    assert not green
    assert why in said


def test_a_flow_is_run(tmp_path: Path) -> None:
    folder = project(tmp_path, {NAME: FLOW}, NAME, "orders():", "runs flow orders")
    green, said = run_tests(folder)
    assert green
    assert "2 skipped" in said, said
    green, said = run_tests(folder, SERVICES_FOR_TESTS="1", SHOP=database(tmp_path))
    assert green, said
    (tmp_path / "shop.db").unlink()
    green, said = run_tests(folder, SERVICES_FOR_TESTS="1", SHOP=str(tmp_path / "shop.db"))
    assert not green
    assert "no such table" in said


def test_a_load_that_deletes_first_can_run_twice(tmp_path: Path) -> None:
    folder = project(tmp_path, {NAME: FLOW}, NAME, "load(rows)", "runs load twice")
    green, said = run_tests(folder, SERVICES_FOR_TESTS="1", SHOP=database(tmp_path))
    assert green, said
    assert "1 passed" in said


def test_a_load_that_only_adds_is_found_out(tmp_path: Path) -> None:
    folder = project(tmp_path, {NAME: APPENDS}, NAME, "load(rows)", "runs load twice")
    green, said = run_tests(folder, SERVICES_FOR_TESTS="1", SHOP=database(tmp_path))
    assert not green
    assert "Left contains one more item: (3,)" in said


def test_cases_call_the_function_itself(tmp_path: Path) -> None:
    folder = project(tmp_path, {NAME: FLOW}, NAME, "clean(rows, limit", "clean makes of its input")
    green, said = run_tests(folder)
    assert not green
    assert "write down what clean has to make of an input" in said
    test = folder / "tests" / "test_clean.py"
    line = '    # ({"rows": ..., "limit": ...}, expected),\n'
    text = test.read_text(encoding="utf-8")
    assert line in text
    test.write_text(text.replace(line, '    ({"rows": [1, 5], "limit": 3}, [1]),\n'), encoding="utf-8")
    green, said = run_tests(folder)
    assert green, said
    assert "2 passed" in said
