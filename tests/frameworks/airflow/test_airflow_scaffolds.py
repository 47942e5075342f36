"""The tests that PipeSense writes for DAGs, run by pytest under the real Airflow: green for good DAGs, red for broken ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipesense.engine.report import BuiltFix
from pipesense.engine.workspace import Workspace
from pipesense.host.rulepacks import load_registry
from pipesense.host.testing import MemoryFiles
from pipesense.text.span import Span

ROOT = "/project"
DAG = """\
from datetime import datetime

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG


def clean(rows, limit=3):
    return [row for row in rows if row < limit]


with DAG("orders", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False):
    PythonOperator(task_id="tidy", python_callable=clean, op_args=[[1, 5]])
    SQLExecuteQueryOperator(
        task_id="load",
        conn_id="store",
        sql=[
            "CREATE TABLE IF NOT EXISTS orders (day TEXT, amount INT)",
            "DELETE FROM orders WHERE day = '{{ ds }}'",
            "INSERT INTO orders (day, amount) VALUES ('{{ ds }}', 3)",
        ],
    )
"""
APPENDS = DAG.replace("            \"DELETE FROM orders WHERE day = '{{ ds }}'\",\n", "")


def project(folder: Path, files: dict[str, str], words: str, title: str) -> Path:
    """The files on disk with the test that is offered under that title at the first of ``words``."""
    made = Workspace(
        load_registry(), MemoryFiles({f"{ROOT}/{name}": text for name, text in files.items()}), print, roots=[ROOT]
    )
    made.index_all()
    path = f"{ROOT}/dags/orders.py"
    start = files["dags/orders.py"].index(words)
    offer = next(each for each in made.features.scaffolds.offers(path, Span(start, start)) if title in each.title)
    built = made.features.scaffolds.build(offer.id, path)
    assert isinstance(built, BuiltFix), built
    written = {name.removeprefix(f"{ROOT}/"): text for name, text in built.creates.items()}
    for name, text in {**files, **written}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run_tests(folder: Path, **environment: str) -> tuple[bool, str]:
    """Whether pytest is green in a folder, and what it said."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-vv", "-p", "no:cacheprovider", "tests"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    return ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("pins", [{}, {"requirements.txt": "apache-airflow-core==3.3.2\n"}], ids=["any", "3.3"])
def test_the_integrity_test_is_green_for_good_dags(tmp_path: Path, pins: dict[str, str]) -> None:
    folder = project(tmp_path, {"dags/orders.py": DAG, **pins}, '"orders"', "every DAG loads")
    green, said = run_tests(folder)
    assert green, said
    assert "2 passed" in said


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("from airflow.operators.dummy import DummyOperator\nfrom airflow.sdk import DAG\n", "No module named"),
        ('from airflow.sdk import DAG\n\ndag = DAG("late", schedule_interval="@daily")\n', "schedule_interval"),
        ('from airflow.sdk import DAG\n\ndag = DAG("empty", schedule=None)\n', "empty"),
    ],
)
def test_the_integrity_test_is_red_for_a_broken_dag(tmp_path: Path, broken: str, why: str) -> None:
    folder = project(tmp_path, {"dags/orders.py": DAG}, '"orders"', "every DAG loads")
    (folder / "dags" / "broken.py").write_text(broken, encoding="utf-8")
    green, said = run_tests(folder)
    assert not green
    assert why in said


def connection(folder: Path) -> str:
    return '{"conn_type": "sqlite", "host": "' + str(folder / "store.db") + '"}'


def test_a_load_that_deletes_first_can_run_twice(tmp_path: Path) -> None:
    folder = project(tmp_path, {"dags/orders.py": DAG}, '"load"', "runs load twice")
    green, said = run_tests(folder, AIRFLOW_CONN_STORE=connection(folder))
    assert green, said
    assert "1 passed" in said


def test_a_load_that_only_adds_is_found_out(tmp_path: Path) -> None:
    folder = project(tmp_path, {"dags/orders.py": APPENDS}, '"load"', "runs load twice")
    green, said = run_tests(folder, AIRFLOW_CONN_STORE=connection(folder))
    assert not green
    assert "Left contains one more item: ('2024-01-01', 3)" in said


def test_without_a_database_for_tests_nothing_is_run(tmp_path: Path) -> None:
    folder = project(tmp_path, {"dags/orders.py": DAG}, '"load"', "runs load twice")
    green, said = run_tests(folder)
    assert green
    assert "1 skipped" in said


def test_cases_call_the_function_itself(tmp_path: Path) -> None:
    folder = project(tmp_path, {"dags/orders.py": DAG}, '"tidy"', "clean makes of its input")
    green, said = run_tests(folder)
    assert not green
    assert "write down what clean has to make of an input" in said
    test = folder / "tests" / "test_clean.py"
    filled = test.read_text(encoding="utf-8").replace(
        '    # ({"rows": ..., "limit": ...}, expected),\n', '    ({"rows": [1, 5], "limit": 3}, [1]),\n'
    )
    test.write_text(filled, encoding="utf-8")
    green, said = run_tests(folder)
    assert green, said
    assert "2 passed" in said
