"""What airflow.cfg and the variables above it say, and what becomes of it in the settings of DAGs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipesense.model.value import Absent, Known, Origin, Unknown, effective, known
from pipesense.systems.airflow.configuration import Configured, configured
from systems.lifting import Workspace

CFG = """[core]
# default_task_retries = 9
default_task_retries = 2
default_task_retry_delay = 60
max_active_runs_per_dag = 1
default_task_execution_timeout =

[scheduler]
catchup_by_default = False
"""


@pytest.mark.parametrize(
    ("files", "retries"),
    [
        ({"airflow.cfg": CFG}, Known(2, None, Origin.PROJECT_FILE)),
        ({"airflow/airflow.cfg": CFG}, Known(2, None, Origin.PROJECT_FILE)),
        ({"airflow.cfg": "[core]\ndefault_task_retries = 0\n"}, Absent(Known(0), ("airflow.cfg, line 2",))),
        ({"airflow.cfg": ""}, None),
        ({"airflow.cfg": "default_task_retries = 4\n"}, None),
        ({"airflow.cfg": "[scheduler]\ndefault_task_retries = 4\n"}, None),
        ({"airflow.cfg": "[core]\n# default_task_retries = 4\n"}, None),
        ({".env": "AIRFLOW__CORE__DEFAULT_TASK_RETRIES=3\n"}, Known(3, None, Origin.PROJECT_FILE)),
        ({"Dockerfile": "ENV AIRFLOW__CORE__DEFAULT_TASK_RETRIES=3\n"}, Known(3, None, Origin.PROJECT_FILE)),
        ({"Dockerfile": "ENV AIRFLOW__CORE__DEFAULT_TASK_RETRIES 3\n"}, Known(3, None, Origin.PROJECT_FILE)),
        (
            {"compose.yaml": "environment:\n  AIRFLOW__CORE__DEFAULT_TASK_RETRIES: '3'\n"},
            Known(3, None, Origin.PROJECT_FILE),
        ),
        (
            {"compose.yaml": "environment:\n  - AIRFLOW__CORE__DEFAULT_TASK_RETRIES=3\n"},
            Known(3, None, Origin.PROJECT_FILE),
        ),
        ({"compose.yaml": "  # AIRFLOW__CORE__DEFAULT_TASK_RETRIES: 3\n"}, None),
        (
            {"airflow.cfg": CFG, ".env": "AIRFLOW__CORE__DEFAULT_TASK_RETRIES=5\n"},
            Known(5, None, Origin.PROJECT_FILE),
        ),
        (
            {".env": "AIRFLOW__CORE__DEFAULT_TASK_RETRIES=${RETRIES:-2}\n"},
            Unknown("what .env, line 1 says cannot be told"),
        ),
        (
            {
                ".env": "AIRFLOW__CORE__DEFAULT_TASK_RETRIES=1\n",
                "Dockerfile": "ENV AIRFLOW__CORE__DEFAULT_TASK_RETRIES=3\n",
            },
            Unknown("what .env, line 1 says cannot be told"),
        ),
    ],
)
def test_retries(files: dict[str, str], retries: object) -> None:
    found = Configured(configured(files)).number("default_task_retries", 0)
    assert found == (retries or Absent(Known(0), ("airflow.cfg (it is not in the workspace)",)))


DAG = """from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG

with DAG("orders", schedule="@daily", start_date=datetime(2024, 1, 1)):
    SQLExecuteQueryOperator(task_id="load", conn_id="w", sql="DELETE FROM a")
    SQLExecuteQueryOperator(task_id="own", conn_id="w", sql="DELETE FROM a", retries=0)
"""


def test_the_file_stands_below_everything_that_code_sets() -> None:
    ((pipeline),) = Workspace({"dags/x.py": DAG, "airflow.cfg": CFG}).lift("dags/x.py")[2].pipelines
    load, own = pipeline.tasks
    assert isinstance(load.retry, Known) and isinstance(own.retry, Known)
    assert load.retry.value.attempts == Known(2, None, Origin.PROJECT_FILE)
    assert known(load.retry.value.delay) == timedelta(seconds=60)
    assert known(own.retry.value.attempts) == 0
    assert pipeline.schedule.catchup == Absent(Known(False), ("the DAG", "airflow.cfg, line 9"))
    assert pipeline.schedule.concurrent == Known(1, None, Origin.PROJECT_FILE)
    told = {setting.name: setting for setting in load.settings}
    assert told["retries"].meaning == "how often a failed attempt is repeated; set in airflow.cfg, line 3"


def test_without_a_file_airflow_s_own_defaults_hold() -> None:
    ((pipeline),) = Workspace({"dags/x.py": DAG}).lift("dags/x.py")[2].pipelines
    load = pipeline.tasks[0]
    assert isinstance(load.retry, Absent)
    policy = effective(load.retry)
    assert policy is not None and effective(policy.attempts) == 0
    assert effective(policy.delay) == timedelta(minutes=5)
    assert load.retry.searched[-1] == "airflow.cfg (it is not in the workspace)"


def test_catching_up_is_on_where_the_deployment_says_so() -> None:
    text = "services:\n  web:\n    environment:\n      AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT: 'true'\n"
    ((pipeline),) = Workspace({"dags/x.py": DAG, "compose.yaml": text}).lift("dags/x.py")[2].pipelines
    assert pipeline.schedule.catchup == Absent(Known(True), ("the DAG", "compose.yaml, line 4"))


def test_a_limit_for_every_task_ends_attempts() -> None:
    text = "[core]\ndefault_task_execution_timeout = 3600\n"
    ((pipeline),) = Workspace({"dags/x.py": DAG, "airflow.cfg": text}).lift("dags/x.py")[2].pipelines
    assert pipeline.tasks[0].timeout == Known(timedelta(hours=1), None, Origin.PROJECT_FILE)
