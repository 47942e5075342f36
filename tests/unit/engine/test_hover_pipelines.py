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


@pytest.mark.parametrize(
    ("sql", "pattern"),
    [
        ("MERGE INTO mart.orders o USING raw.orders r ON o.id = r.id WHEN NOT MATCHED THEN INSERT (id) VALUES (r.id)", "Upsert"),
        ("INSERT INTO mart.orders (id) SELECT id FROM raw.orders ON CONFLICT (id) DO NOTHING", "Upsert"),
        ("INSERT OVERWRITE TABLE mart.orders SELECT id FROM raw.orders", "Full extract"),
        ("DELETE FROM mart.orders WHERE day = '{{{{ ds }}}}'; INSERT INTO mart.orders (id) SELECT id FROM raw.orders", "Idempotent load"),
        ("INSERT INTO mart.orders (id) SELECT id FROM raw.orders", ""),
        ("SELECT 1", ""),
    ],
)  # fmt: skip
def test_the_way_of_loading_that_a_task_follows(sql: str, pattern: str) -> None:
    assert re.findall(r"- pattern: \*\*(.+?)\*\*\. \w", hovered('"load"', sql=sql)) == ([pattern] if pattern else [])


SETTINGS = """\
from datetime import datetime, timedelta

from airflow.providers.common.sql.operators.sql import SQLColumnCheckOperator
from airflow.providers.standard.operators.python import ShortCircuitOperator
from airflow.sdk import DAG, DeadlineAlert, DeadlineReference

default_args = {
    "owner": "sales",
    "on_failure_callback": print,
    "retries": 2,
}

with DAG(
    "orders",
    schedule="@daily",
    start_date=datetime(2024, 1, 1),
    catchup=False,
    deadline=DeadlineAlert(reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=timedelta(hours=1), callback=print),
    default_args=default_args,
):
    some = ShortCircuitOperator(task_id="some", python_callable=print, execution_timeout=timedelta(hours=1))
    check = SQLColumnCheckOperator(
        task_id="check",
        conn_id="w",
        table="orders",
        accept_none=False,
        column_mapping={"id": {"null_check": {"equal_to": 0}}},
    )
    some >> check
"""


@pytest.mark.parametrize(
    ("word", "title", "note"),
    [
        ('"on_failure_callback"', "Alerting", "Called when the last attempt has failed"),
        ('"retries"', "Retry with backoff", ""),
        ("catchup=", "Scheduling and catchup", ""),
        ("deadline=", "SLA and deadlines", ""),
        ("ShortCircuitOperator(", "Circuit breaker", "the run stays green"),
        ("execution_timeout=", "Timeouts", "An attempt fails after this time"),
        ("SQLColumnCheckOperator(", "Quality checks", ""),
        ("column_mapping=", "Quality checks", ""),
    ],
)
def test_the_pattern_behind_a_setting_comes_before_advice(word: str, title: str, note: str) -> None:
    made = workspace({"dags/orders.py": SETTINGS}, registry=load_registry())
    made.index_all()
    found = made.hover(f"{ROOT}/dags/orders.py", SETTINGS.index(word) + 1)
    assert found is not None
    assert found.markdown.startswith(f"**{title}**\n\n")
    assert note in found.markdown
    assert "**Pattern**" in found.markdown


def test_advice_comes_behind_what_is_asked_for_and_without_its_page() -> None:
    shown = hovered('"load"', sql="INSERT INTO stage.orders (id) SELECT id FROM raw.orders ON CONFLICT DO NOTHING")
    facts, advice = shown.split("\n\n---\n\n", 1)
    assert facts.startswith("**Task load**")
    assert "**testing/no-rerun-test** · hint\n\nNo test runs task load twice" in advice
    assert "How it fails" not in shown


def test_a_warning_comes_first_with_its_page() -> None:
    shown = hovered('"load"', sql="INSERT INTO mart.orders (id) SELECT id FROM raw.orders")
    assert shown.startswith("**quality/load-without-check** · warning")
    assert "How it fails" in shown.split("**Task load**")[0]
