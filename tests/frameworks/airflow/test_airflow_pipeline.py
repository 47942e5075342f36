"""A whole DAG of Airflow 2 loads in Airflow 3 after ``--fix`` and the remaining fixes, one by one.

The DAG is ``tests/rules/fixtures/seed_3.py``. It leaves out the functions that its tasks call; they are put in front.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.standard.operators.python import PythonOperator

from support.fixing import checker

pytestmark = pytest.mark.framework

NAME = "dags/customers.py"
CALLED = '''\
def extract_customer_data():
    """Read what the shop sends."""


def transform_customer_metrics():
    """Compute the metrics of each customer."""


def validate_customer_metrics():
    """Raise if a metric is out of its range."""


'''
WRITTEN = (Path(__file__).parents[2] / "rules" / "fixtures" / "seed_3.py").read_text(encoding="utf-8")
FILES = {
    NAME: CALLED + WRITTEN,
    "dags/sql/load_customer_metrics.sql": "DELETE FROM metrics; INSERT INTO metrics (id) SELECT id FROM landing;\n",
    "requirements.txt": "apache-airflow-core==3.3.2\n",
}
TASKS = ["extract_customers", "transform_customer_data", "load_customer_analytics", "data_quality_check"]


def put(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def loaded(folder: Path, files: dict[str, str]) -> DagBag:
    return DagBag(str(put(folder, files) / "dags"))


def error(folder: Path, files: dict[str, str]) -> str:
    """The last line of what Airflow says against the file; empty when it loads."""
    said = loaded(folder, files).import_errors.values()
    return "\n".join(each.strip().splitlines()[-1] for each in said)


@pytest.fixture(scope="module")
def fixed_all(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The files after what the command line fixes without being asked to, hints as well."""
    folder = put(tmp_path_factory.mktemp("project"), FILES)
    command = [sys.executable, "-m", "pipesense", "check", "--fix", "--level", "hint", "."]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert ran.returncode in (0, 1), ran.stderr
    return {name: (folder / name).read_text(encoding="utf-8") for name in FILES}


@pytest.fixture(scope="module")
def steps(fixed_all: dict[str, str]) -> list[tuple[str, dict[str, str]]]:
    """Each fix that is left in the DAG file, by title, with the files after it; each works on what the last left."""
    made: list[tuple[str, dict[str, str]]] = []
    files = fixed_all
    for _ in range(10):
        found = [each for each in checker().check(files).findings if each.path == NAME and each.fixes]
        if not found:
            break
        after = checker().fix(files, found[0], found[0].fixes[0])
        assert not isinstance(after, str), after
        files = dict(after)
        made.append((found[0].fixes[0], files))
    return made


def test_it_does_not_load_before(tmp_path: Path) -> None:
    bag = loaded(tmp_path, FILES)
    assert not bag.dags
    assert bag.import_errors


def test_each_fix_takes_one_obstacle_away(
    fixed_all: dict[str, str], steps: list[tuple[str, dict[str, str]]], tmp_path: Path
) -> None:
    assert "from airflow.providers.standard.operators.python import PythonOperator" in fixed_all[NAME]
    gone = "No module named 'airflow.providers.postgres.operators"
    refused = "unexpected keyword argument 'schedule_interval'"
    assert gone in error(tmp_path / "all", fixed_all)
    errors = [(title, error(tmp_path / str(number), after)) for number, (title, after) in enumerate(steps)]
    titles = [title for title, _ in errors]
    assert sorted(titles) == [
        "Let attempts fail after 1 hour",
        "Remove it: nothing takes its place",
        "Use airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator",
        "Use schedule=",
    ]
    moved = titles.index("Use airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator")
    renamed = titles.index("Use schedule=")
    for number, (_, said) in enumerate(errors):
        expected = gone if number < moved else refused if number < renamed else ""
        assert expected in said if expected else not said, said


def test_afterwards_it_does_what_it_said(steps: list[tuple[str, dict[str, str]]], tmp_path: Path) -> None:
    files = steps[-1][1]
    bag = loaded(tmp_path / "after", files)
    assert not bag.import_errors
    dag = bag.dags["customer_analytics_pipeline"]
    assert (dag.schedule, dag.catchup, dag.max_active_runs) == ("0 2 * * *", False, 1)
    assert [task.task_id for task in dag.topological_sort()] == TASKS
    for name, following in zip(TASKS, [*TASKS[1:], None], strict=True):
        task = dag.get_task(name)
        assert task.downstream_task_ids == ({following} if following else set())
        assert (task.retries, task.retry_delay) == (3, timedelta(minutes=5))
        assert task.execution_timeout == timedelta(hours=1)
        assert isinstance(task, SQLExecuteQueryOperator if name == "load_customer_analytics" else PythonOperator)
    load = dag.get_task("load_customer_analytics")
    assert load.conn_id == "analytics_db"
    assert load.sql == files["dags/sql/load_customer_metrics.sql"], "the file that the task runs was not found"


def test_what_it_says_to_people_stays(steps: list[tuple[str, dict[str, str]]]) -> None:
    text = steps[-1][1][NAME]
    comments = [line[line.index("#") :] for line in WRITTEN.splitlines() if "#" in line]
    assert len(comments) == 7
    assert [line[line.index("#") :] for line in text.splitlines() if "#" in line] == comments
