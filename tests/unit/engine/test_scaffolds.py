"""Tests that can be written for a pipeline: what is offered where, and what the new file says."""

from __future__ import annotations

import ast

import pytest

from pipesense.engine.report import BuiltFix
from pipesense.engine.workspace import Workspace
from pipesense.model.change import Refusal
from pipesense.text.span import Span
from support.memory import ROOT, workspace

DAG = """\
from datetime import datetime

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG


def clean(rows, limit=3):
    return [row for row in rows if row["amount"] < limit]


with DAG("orders", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False):
    PythonOperator(task_id="tidy", python_callable=clean)
    SQLExecuteQueryOperator(task_id="load", conn_id="warehouse", sql="INSERT INTO mart.orders SELECT 1")
"""
LOADS, TIDY, TWICE = (
    "Write a test that every DAG loads",
    "Write a test of what clean makes of its input",
    "Write a test that runs load twice",
)


def ready(files: dict[str, str]) -> Workspace:
    made = workspace(files)
    made.index_all()
    return made


def offered(made: Workspace, path: str, words: str) -> dict[str, str]:
    buffer = made.text(f"{ROOT}/{path}")
    assert buffer is not None
    start = buffer.text.index(words)
    found = made.features.scaffolds.offers(f"{ROOT}/{path}", Span(start, start))
    return {each.title: each.id for each in found}


def written(made: Workspace, path: str, offer: str) -> tuple[str, str]:
    built = made.features.scaffolds.build(offer, f"{ROOT}/{path}")
    assert isinstance(built, BuiltFix), built
    assert not built.edits
    ((where, text),) = built.creates.items()
    ast.parse(text)
    return where.removeprefix(f"{ROOT}/"), text


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ('"orders"', [LOADS]),
        ('"tidy"', [LOADS, TIDY]),
        ('"load"', [LOADS, TWICE]),
        ("from datetime", []),
        ("return [", []),
    ],
)
def test_what_is_offered_depends_on_the_name_under_the_cursor(words: str, titles: list[str]) -> None:
    assert list(offered(ready({"dags/orders.py": DAG}), "dags/orders.py", words)) == titles


@pytest.mark.parametrize(
    ("pins", "imported"),
    [
        ("apache-airflow==2.10.5\n", "from airflow.models.dagbag import DagBag"),
        ("apache-airflow==3.3.2\n", "from airflow.dag_processing.dagbag import DagBag"),
        ("", "except ImportError:"),
    ],
)
def test_the_import_is_that_of_the_version_in_use(pins: str, imported: str) -> None:
    made = ready({"dags/orders.py": DAG, **({"requirements.txt": pins} if pins else {})})
    path, text = written(made, "dags/orders.py", offered(made, "dags/orders.py", '"orders"')[LOADS])
    assert path == "tests/test_dag_integrity.py"
    assert imported in text
    assert ("except ImportError" in text) is not bool(pins)


def test_a_file_that_is_there_is_not_offered_again() -> None:
    files = {"dags/orders.py": DAG, "test/conftest.py": "", "test/test_dag_integrity.py": "import airflow\n"}
    made = ready(files)
    found = offered(made, "dags/orders.py", '"tidy"')
    assert list(found) == [TIDY]
    assert written(made, "dags/orders.py", found[TIDY])[0] == "test/test_clean.py"


def test_the_cases_name_the_arguments_of_the_function() -> None:
    made = ready({"dags/orders.py": DAG})
    _, text = written(made, "dags/orders.py", offered(made, "dags/orders.py", '"tidy"')[TIDY])
    assert '# ({"rows": ..., "limit": ...}, expected),' in text
    assert "pipeline.clean(**given) == expected" in text


def test_a_second_run_is_compared_on_the_tasks_own_connection() -> None:
    made = ready({"dags/orders.py": DAG})
    path, text = written(made, "dags/orders.py", offered(made, "dags/orders.py", '"load"')[TWICE])
    assert path == "tests/test_load_twice.py"
    assert "AIRFLOW_CONN_WAREHOUSE" in text
    assert "SELECT * FROM mart.orders" in text


def test_what_is_gone_is_refused() -> None:
    made = ready({"dags/orders.py": DAG})
    found = made.features.scaffolds.build("rerun\norders\ngone", f"{ROOT}/dags/orders.py")
    assert isinstance(found, Refusal)


FLOW = """\
import os
from sqlalchemy import create_engine as connect

from prefect import flow, task

ENGINE = connect(os.environ["SHOP"])


@task
def load(rows):
    with ENGINE.begin() as connection:
        connection.exec_driver_sql("INSERT INTO shop.orders (id) SELECT id FROM landing")


@flow(name="orders of a day")
async def orders(day, limit=3):
    load.submit([day])
"""
ASSETS = """\
import duckdb
import dagster as dg


@dg.asset
def orders(context, limit: int) -> None:
    with duckdb.connect("shop.db") as connection:
        connection.execute("INSERT INTO orders SELECT 1")
"""


@pytest.mark.parametrize(
    ("path", "text", "words", "titles"),
    [
        (
            "src/flows/orders.py",
            FLOW,
            "orders(day",
            ["Write a test that every flow file loads", "Write a test that runs flow orders of a day"],
        ),
        (
            "src/flows/orders.py",
            FLOW,
            "load(rows)",
            [
                "Write a test that every flow file loads",
                "Write a test that runs flow orders of a day",
                "Write a test that runs load twice",
                "Write a test of what load makes of its input",
            ],
        ),
        (
            "defs/orders.py",
            ASSETS,
            "orders(context",
            [
                "Write a test that every asset file loads",
                "Write a test that materializes orders twice",
                "Write a test of what orders makes of its input",
            ],
        ),
    ],
)
def test_flows_and_assets_have_tests_of_their_own(path: str, text: str, words: str, titles: list[str]) -> None:
    made = ready({path: text})
    found = offered(made, path, words)
    assert list(found) == titles
    for offer in found.values():
        written(made, path, offer)


def test_a_test_opens_the_database_as_the_load_does() -> None:
    made = ready({"src/flows/orders.py": FLOW})
    offer = offered(made, "src/flows/orders.py", "load(rows)")["Write a test that runs load twice"]
    path, text = written(made, "src/flows/orders.py", offer)
    assert path == "tests/test_load_twice.py"
    assert "with pipeline.ENGINE.connect() as connection:" in text
    assert 'connection.execute(text("SELECT * FROM shop.orders"))' in text
    assert 'GIVEN: dict = {"day": ...}' in text
    assert "asyncio.run(pipeline.orders(**GIVEN, return_state=True))" in text
    assert 'ROOT = Path(__file__).resolve().parent.parent / "src" / "flows"' in text
    assert 'pipeline = importlib.import_module("orders")' in text


def test_an_asset_is_called_with_a_context_where_it_wants_one() -> None:
    made = ready({"defs/orders.py": ASSETS})
    offers = offered(made, "defs/orders.py", "orders(context")
    text = written(made, "defs/orders.py", offers["Write a test of what orders makes of its input"])[1]
    assert "pipeline.orders(dg.build_asset_context(), **given) == expected" in text
    assert '# ({"limit": ...}, expected),' in text
