"""What a task does and is there for, told by the code that it runs."""

from __future__ import annotations

import pytest

from pipesense.model.flow import Role, Task
from pipesense.model.value import Known, known
from support.memory import ROOT, settle, workspace

HEAD = """\
from datetime import datetime

import requests
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk import DAG, task

with DAG("orders", schedule="@daily", start_date=datetime(2024, 1, 1)):

    @task
    def {name}():
        {body}

    {name}()
"""

ROWS = {
    "a refusal after a look at the data": (
        "confirm",
        "if not PostgresHook('wh').get_first('SELECT 1 FROM mart.orders'):\n            raise ValueError('empty')",
        Role.CHECK,
        True,
    ),
    "a request that is careful": (
        "fetch",
        "answer = requests.get('https://example.org', timeout=5)\n"
        "        if answer.status_code != 200:\n            raise ValueError(answer.text)",
        None,
        True,
    ),
    "a look at the data": ("peek", "return PostgresHook('wh').get_first('SELECT 1 FROM mart.orders')", None, False),
    "a load that is careful": (
        "fill",
        "if not PostgresHook('wh').run('INSERT INTO mart.orders VALUES (1)'):\n            raise ValueError('no')",
        Role.LOAD,
        True,
    ),
    "a check by name": ("check_orders", "return requests.get('https://example.org', timeout=5)", Role.CHECK, False),
}


@pytest.mark.parametrize("row", ROWS)
def test_what_a_function_makes_of_its_task(row: str) -> None:
    name, body, role, refuses = ROWS[row]
    made = workspace({"dags/orders.py": HEAD.format(name=name, body=body)})
    settle(made)
    task = _task(made, f"{ROOT}/dags/orders.py")
    assert known(task.role) is role
    assert bool(task.checks) is (role is Role.CHECK)
    assert task.fails_on_purpose is refuses


def _task(made: object, path: str) -> Task:
    record = made._whole_record(path)  # type: ignore[attr-defined]
    (task,) = record.pipelines[0].tasks
    assert isinstance(task, Task)
    assert isinstance(task.does, Known)
    return task
