"""The fixes on Airflow 2.11: its DagBag loads what they write, in the words of that release."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.models.dagbag import DagBag
from airflow.providers.common.sql.operators.sql import SQLCheckOperator, SQLColumnCheckOperator, SQLTableCheckOperator

from support.fixing import checker, fixed

pytestmark = pytest.mark.framework

NAME = "dags/orders.py"
DDL = """\
CREATE TABLE fact_orders (
    order_id BIGINT PRIMARY KEY,
    amount DECIMAL(12, 2) NOT NULL,
    note VARCHAR(200)
);
"""
CLASSIC = '''\
"""Yesterday's orders."""

from datetime import datetime

from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.providers.sqlite.operators.sqlite import SqliteOperator

default_args = {
    "owner": "sales",  # the team on call
}

dag = DAG(
    "orders",
    default_args=default_args,
    schedule_interval="0 2 * * *",
    start_date=datetime(2024, 1, 1),
    catchup=False,
)

load = SqliteOperator(
    task_id="load_orders",
    sqlite_conn_id="warehouse",
    sql="""
        DELETE FROM fact_orders WHERE note = '{{ ds }}';
        INSERT INTO fact_orders (order_id, amount, note) SELECT order_id, amount, note FROM landing
    """,
    dag=dag,
)
publish = EmptyOperator(task_id="publish", dag=dag)

load >> publish
'''
SCOPED = '''\
"""Yesterday's orders."""

import datetime

from airflow.models import DAG
from airflow.operators.python import PythonOperator
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator


def tell_everybody() -> None:
    """Say that the orders are there."""


with DAG("orders", schedule_interval="@daily", start_date=datetime.datetime(2024, 1, 1), catchup=False):
    load = SQLExecuteQueryOperator(
        task_id="load_orders",
        conn_id="warehouse",
        sql="INSERT OR REPLACE INTO fact_orders (order_id, amount, note) SELECT order_id, amount, note FROM landing",
    )
    publish = PythonOperator(task_id="publish", python_callable=tell_everybody)
    load >> publish
'''
FORMS = {"dag=dag": CLASSIC, "with DAG": SCOPED}
FIXES = ("reliability/no-retries", "quality/load-without-check")
CHECKS = SQLColumnCheckOperator | SQLTableCheckOperator | SQLCheckOperator
OF_AIRFLOW_3 = re.compile(r"airflow\.sdk|providers\.standard|schedule=|\bretry_policy\b")


@pytest.fixture(params=FORMS.values(), ids=FORMS.keys())
def written(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def project(text: str) -> dict[str, str]:
    return {NAME: text, "sql/ddl.sql": DDL, "requirements.txt": "apache-airflow==2.11.2\n"}


def bag(folder: Path, text: str) -> DagBag:
    (folder / "orders.py").write_text(text, encoding="utf-8")
    return DagBag(dag_folder=str(folder), include_examples=False)


def test_without_the_fixes_nothing_is_retried_or_checked(written: str, tmp_path: Path) -> None:
    assert {each.rule for each in checker().check(project(written)).findings if each.path == NAME} >= set(FIXES)
    loaded = bag(tmp_path, written)
    assert not loaded.import_errors
    load = loaded.dags["orders"].get_task("load_orders")
    assert load.retries == 0
    assert load.downstream_task_ids == {"publish"}


def test_every_task_is_retried_and_the_load_is_checked(written: str, tmp_path: Path) -> None:
    text = fixed(project(written), NAME, *FIXES)
    assert not {each.rule for each in checker().check(project(text)).findings if each.path == NAME} & set(FIXES)
    loaded = bag(tmp_path, text)
    assert not loaded.import_errors
    dag = loaded.dags["orders"]
    checks = {task.task_id for task in dag.tasks if isinstance(task, CHECKS)}
    assert {"check_load_orders_columns", "check_load_orders_rows"} <= checks
    assert dag.get_task("load_orders").downstream_task_ids >= checks
    assert dag.get_task("publish").upstream_task_ids == {"load_orders", *checks}
    assert {dag.get_task(name).conn_id for name in checks} == {"warehouse"}
    for name in ("load_orders", *checks):
        task = dag.get_task(name)
        assert (task.retries, task.retry_delay) == (3, timedelta(minutes=5)), name
        assert task.retry_exponential_backoff


def test_nothing_is_written_that_only_airflow_3_knows(written: str) -> None:
    assert not OF_AIRFLOW_3.search(written)
    text = fixed(project(written), NAME, *FIXES, "reliability/no-timeout")
    assert not OF_AIRFLOW_3.search(text), text
    assert "schedule_interval=" in text


def test_a_timeout_reaches_the_task(written: str, tmp_path: Path) -> None:
    loaded = bag(tmp_path, fixed(project(written), NAME, "reliability/no-timeout"))
    assert not loaded.import_errors
    assert loaded.dags["orders"].get_task("load_orders").execution_timeout == timedelta(hours=1)


def test_an_operator_that_is_going_away_is_replaced(tmp_path: Path) -> None:
    loaded = bag(tmp_path, fixed(project(CLASSIC), NAME, "upgrade/removed-api"))
    assert not loaded.import_errors
    load = loaded.dags["orders"].get_task("load_orders")
    assert (type(load).__name__, load.conn_id) == ("SQLExecuteQueryOperator", "warehouse")


ROWS: dict[str, tuple[list[tuple[Any, ...]], set[str]]] = {
    "clean": ([(1, 10, "a"), (2, 20, None)], set()),
    "a key twice": ([(1, 10, "a"), (1, 10, "a")], {"check_load_orders_columns"}),
    "no key": ([(None, 10, "a"), (2, 20, "b")], {"check_load_orders_columns"}),
    "empty": ([], {"check_load_orders_columns", "check_load_orders_rows"}),
}


@pytest.mark.parametrize(("rows", "refused"), ROWS.values(), ids=ROWS.keys())
def test_checks_find_wrong_data(
    rows: list[tuple[Any, ...]], refused: set[str], written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "warehouse.db")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE fact_orders (order_id BIGINT, amount DECIMAL(12, 2), note VARCHAR(200))")
        connection.executemany("INSERT INTO fact_orders VALUES (?, ?, ?)", rows)
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": path}))
    loaded = bag(tmp_path, fixed(project(written), NAME, "quality/load-without-check"))
    said_no: dict[str, str] = {}
    tasks = [t for t in loaded.dags["orders"].tasks if isinstance(t, SQLColumnCheckOperator | SQLTableCheckOperator)]
    assert len(tasks) == 2
    for task in tasks:
        try:
            task.execute({})
        except Exception as error:
            said_no[task.task_id] = str(error)
    assert said_no.keys() == refused
    # A statement that the engine refuses would be a broken check, not one that says no.
    assert all("Test failed" in message for message in said_no.values()), said_no
