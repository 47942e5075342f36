"""The fixes on the real thing: Airflow's DagBag loads what they write, and the checks they add find wrong data."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.common.sql.hooks.sql import DbApiHook
from airflow.providers.common.sql.operators.sql import SQLCheckOperator, SQLColumnCheckOperator, SQLTableCheckOperator

from pipesense.host.rulepacks import load_registry
from pipesense.host.testing import EngineChecker

pytestmark = pytest.mark.framework

DDL = """\
CREATE TABLE fact_orders (
    order_id BIGINT PRIMARY KEY,
    amount DECIMAL(12, 2) NOT NULL,
    note VARCHAR(200)
);
"""
ORDERS = '''\
"""Yesterday's orders."""

from datetime import datetime

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

default_args = {
    "owner": "sales",  # the team on call
}

with DAG("orders", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False, default_args=default_args):
    load = SQLExecuteQueryOperator(
        task_id="load_orders",
        conn_id="warehouse",
        sql="""
            DELETE FROM fact_orders WHERE day = '{{ ds }}';
            INSERT INTO fact_orders (order_id, amount, note) SELECT order_id, amount, note FROM landing
        """,
    )
    publish = EmptyOperator(task_id="publish")
    load >> publish
'''
LEGACY = '''\
"""What the customers did, as it was written for Airflow 2."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.postgres.operators.postgres import PostgresOperator
from airflow.utils.dates import days_ago

dag = DAG(
    "customers",
    schedule_interval="0 2 * * *",
    start_date=days_ago(1),
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5), "sla": timedelta(hours=2)},
)
PostgresOperator(task_id="load", postgres_conn_id="warehouse", sql="SELECT 1", dag=dag)
'''
BESIDE = """\
from datetime import datetime

from airflow.providers.common.sql.operators.sql import (
    SQLColumnCheckOperator,
    SQLExecuteQueryOperator,
    SQLTableCheckOperator,
)
from airflow.sdk import DAG

MERGE = "MERGE INTO orders o USING landing l ON o.id = l.id WHEN NOT MATCHED THEN INSERT (id) VALUES (l.id)"

with DAG("gate", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False, default_args={"retries": 2}):
    load = SQLExecuteQueryOperator(task_id="load", conn_id="warehouse", sql=MERGE)
    rows = SQLTableCheckOperator(
        task_id="rows", conn_id="warehouse", table="orders", checks={"rows": {"check_statement": "COUNT(*) > 0"}}
    )
    keys = SQLColumnCheckOperator(
        task_id="keys", conn_id="warehouse", table="orders", column_mapping={"id": {"unique_check": {"equal_to": 0}}}
    )
    publish = SQLExecuteQueryOperator(
        task_id="publish", conn_id="warehouse", sql="TRUNCATE TABLE report; INSERT INTO report (id) SELECT id FROM orders"
    )
    load >> [rows, keys, publish]
"""
FILES = {"dags/orders.py": ORDERS, "sql/ddl.sql": DDL}


@cache
def checker() -> EngineChecker:
    return EngineChecker(load_registry())


def fixed(files: dict[str, str], name: str, *rules: str) -> dict[str, str]:
    """The files after the first fix of every finding of the rules in one file, one after another."""
    for rule in rules:
        for _ in range(10):
            findings = [each for each in checker().check(files).findings if (each.path, each.rule) == (name, rule)]
            fixable = [each for each in findings if each.fixes]
            if not fixable:
                break
            after = checker().fix(files, fixable[0], fixable[0].fixes[0])
            assert not isinstance(after, str), after
            files = dict(after)
    return files


def bag(folder: Path, files: dict[str, str]) -> DagBag:
    """What Airflow makes of the DAG files."""
    for name, text in files.items():
        if name.startswith("dags/"):
            (folder / name.removeprefix("dags/")).write_text(text, encoding="utf-8")
    return DagBag(dag_folder=str(folder))


def test_without_the_fixes_nothing_is_retried_or_checked(tmp_path: Path) -> None:
    loaded = bag(tmp_path, FILES)
    assert not loaded.import_errors
    task = loaded.dags["orders"].get_task("load_orders")
    assert task.retries == 0
    assert task.downstream_task_ids == {"publish"}


def test_retries_reach_the_task(tmp_path: Path) -> None:
    files = fixed(FILES, "dags/orders.py", "reliability/no-retries")
    assert "# the team on call" in files["dags/orders.py"]
    loaded = bag(tmp_path, files)
    assert not loaded.import_errors
    task = loaded.dags["orders"].get_task("load_orders")
    assert task.retries == 3
    assert task.retry_delay == timedelta(minutes=5)
    assert task.retry_exponential_backoff


def test_a_timeout_reaches_the_task(tmp_path: Path) -> None:
    loaded = bag(tmp_path, fixed(FILES, "dags/orders.py", "reliability/no-timeout"))
    assert loaded.dags["orders"].get_task("load_orders").execution_timeout == timedelta(hours=1)


def test_checks_stand_between_the_load_and_what_follows(tmp_path: Path) -> None:
    loaded = bag(tmp_path, fixed(FILES, "dags/orders.py", "quality/load-without-check"))
    assert not loaded.import_errors
    dag = loaded.dags["orders"]
    kinds = SQLColumnCheckOperator | SQLTableCheckOperator | SQLCheckOperator
    checks = {task.task_id for task in dag.tasks if isinstance(task, kinds)}
    assert checks == {
        "check_load_orders_columns",
        "check_load_orders_rows",
        "check_load_orders_row_count_agrees_with_landing",
    }
    assert dag.get_task("load_orders").downstream_task_ids == {"publish", *checks}
    assert dag.get_task("publish").upstream_task_ids == {"load_orders", *checks}
    assert all(dag.get_task(name).conn_id == "warehouse" for name in checks)


def test_a_check_beside_the_publishing_becomes_its_gate(tmp_path: Path) -> None:
    before = bag(tmp_path, {"dags/gate.py": BESIDE})
    assert not before.import_errors
    assert before.dags["gate"].get_task("publish").upstream_task_ids == {"load"}
    files = fixed({"dags/gate.py": BESIDE}, "dags/gate.py", "quality/check-not-gating")
    after = bag(tmp_path, files)
    assert not after.import_errors
    publish = after.dags["gate"].get_task("publish")
    assert publish.upstream_task_ids == {"load", "rows", "keys"}
    # One failed check is enough: it waits for all of them, and for their success.
    assert publish.trigger_rule == "all_success"
    assert after.dags["gate"].get_task("rows").upstream_task_ids == {"load"}


def test_a_dag_of_airflow_2_loads_after_its_fixes(tmp_path: Path) -> None:
    before = bag(tmp_path, {"dags/customers.py": LEGACY})
    assert "customers" not in before.dags
    assert before.import_errors
    files = fixed(
        {"dags/customers.py": LEGACY}, "dags/customers.py", "idempotency/dynamic-start-date", "upgrade/removed-api"
    )
    after = bag(tmp_path, files)
    assert not after.import_errors
    task = after.dags["customers"].get_task("load")
    assert (type(task).__name__, task.conn_id, task.retries) == ("SQLExecuteQueryOperator", "warehouse", 2)


class DuckDBHook(DbApiHook):
    """Airflow's own database hook over a DuckDB file."""

    conn_name_attr = "duckdb_conn_id"
    supports_autocommit = False

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def get_conn(self) -> Any:
        return duckdb.connect(self.path)


ROWS = {
    "clean": [(1, 10, "a"), (2, 20, None)],
    "nulls": [(1, None, "a"), (2, 20, "b")],
    "duplicates": [(1, 10, "a"), (1, 10, "a")],
    "empty": [],
}


@pytest.fixture(params=["sqlite", "duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def checks_of(folder: Path, engine: str, path: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The check tasks that the fix added, working on one database."""
    loaded = bag(folder, fixed(FILES, "dags/orders.py", "quality/load-without-check"))
    if engine == "sqlite":
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", f'{{"conn_type": "sqlite", "host": "{path}"}}')
    for task in loaded.dags["orders"].tasks:
        if isinstance(task, SQLColumnCheckOperator | SQLTableCheckOperator):
            if engine == "duckdb":
                monkeypatch.setattr(type(task), "get_db_hook", lambda self: DuckDBHook(path))
            yield task


def filled(engine: str, path: str, rows: list[tuple[Any, ...]]) -> None:
    """A table without the constraints that would refuse wrong rows, as a warehouse table mostly is."""
    connection: Any = sqlite3.connect(path) if engine == "sqlite" else duckdb.connect(path)
    connection.execute("CREATE TABLE fact_orders (order_id BIGINT, amount DECIMAL(12, 2), note VARCHAR(200))")
    if rows:
        connection.executemany("INSERT INTO fact_orders VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("state", "refused"),
    [
        ("clean", set()),
        ("nulls", {"check_load_orders_columns"}),
        ("duplicates", {"check_load_orders_columns"}),
        ("empty", {"check_load_orders_columns", "check_load_orders_rows"}),
    ],
)
def test_checks_find_wrong_data(
    state: str, refused: set[str], engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / f"warehouse.{engine}")
    filled(engine, path, ROWS[state])
    said_no: dict[str, str] = {}
    asked = 0
    dags = tmp_path / "dags"
    dags.mkdir()
    for task in checks_of(dags, engine, path, monkeypatch):
        asked += 1
        try:
            task.execute({})
        except Exception as error:
            said_no[task.task_id] = str(error)
    assert asked == 2
    assert said_no.keys() == refused
    # A statement that the engine refuses would be a broken check, not one that says no.
    assert all("Test failed" in message for message in said_no.values()), said_no
