"""What a hover says of a DAG's schedule and of running a task once more."""

from __future__ import annotations

import re

import pytest

from pipesense.host.rulepacks import load_registry
from support.memory import ROOT, workspace

DAG = """\
from datetime import datetime

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG

with DAG("orders", schedule="{schedule}", start_date=datetime(2024, 1, 1), catchup=False, default_args={{"retries": 2}}):
    SQLExecuteQueryOperator(task_id="load", conn_id="w", sql="{sql}")
"""


def hovered(word: str, *, schedule: str = "@daily", sql: str = "SELECT 1") -> str:
    code = DAG.format(schedule=schedule, sql=sql)
    made = workspace({"dags/orders.py": code}, registry=load_registry())
    made.index_all()
    found = made.hover(f"{ROOT}/dags/orders.py", code.index(word) + 1)
    assert found is not None
    return found.markdown


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("@daily", "every day at 00:00"),
        ("30 6 * * 1-5", "from Monday to Friday at 06:30"),
        ("*/10 * * * *", "every 10 minutes"),
    ],
)
def test_a_schedule_in_words_with_its_next_runs(schedule: str, said: str) -> None:
    shown = hovered('"orders"', schedule=schedule)
    assert f"`{schedule}`, {said}; the next runs are " in shown
    assert len(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", shown.split("next runs are")[1].split("\n")[0])) == 2


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("INSERT INTO mart.orders (id) SELECT id FROM raw.orders", "adds its rows to `mart.orders` once more"),
        ("DELETE FROM mart.orders WHERE day = '{{{{ ds }}}}'; INSERT INTO mart.orders (id) SELECT id FROM raw.orders", "writes `mart.orders` anew: it deletes from it first"),
        ("MERGE INTO mart.orders o USING raw.orders r ON o.id = r.id WHEN NOT MATCHED THEN INSERT (id) VALUES (r.id)", "merges into `mart.orders` by its key"),
        ("INSERT OVERWRITE TABLE mart.orders SELECT id FROM raw.orders", "replaces all of `mart.orders`"),
    ],
)  # fmt: skip
def test_what_a_rerun_does(sql: str, said: str) -> None:
    assert f"- a rerun {said}" in hovered('"load"', sql=sql)
