"""Files that are filled in by Jinja before Python reads them: what stands in them is nobody's code yet."""

from __future__ import annotations

import pytest

from support.memory import ROOT, workspace

DAG = """\
from datetime import datetime

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Variable

folder = Variable.get("folder")

with DAG("orders", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False, default_args={"retries": 3}):
    EmptyOperator(task_id="start")
    EmptyOperator(task_id="start")
"""
BRANCHES = DAG.replace(
    '    EmptyOperator(task_id="start")\n', '    {% if a %}\n    EmptyOperator(task_id="start")\n', 1
) + ("    {% endif %}\n")
RAW = '{% raw %}\nlog = "{{ ds }}"\n{% endraw %}\n' + DAG


def told(text: str) -> set[str]:
    made = workspace({"dags/orders.py": text})
    made.index_all()
    return {each.rule for each in made.findings(f"{ROOT}/dags/orders.py") if each.severity.name in ("ERROR", "WARNING")}


def test_the_same_without_tags_is_judged() -> None:
    assert told(DAG) == {"correctness/duplicate-task-id", "performance/parse-time-io"}


@pytest.mark.parametrize("text", [BRANCHES, RAW])
def test_templates_are_not_judged(text: str) -> None:
    assert told(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        DAG + 'query = """\n{% if a %}\nSELECT 1\n{% endif %}\n"""\n',
        DAG + 'query = """\n{% if a %}\nSELECT 1\n',
        DAG + "x = (\n",
    ],
)
def test_tags_in_texts_make_no_template(text: str) -> None:
    assert "performance/parse-time-io" in told(text)


def test_a_template_that_is_filled_in_is_judged() -> None:
    made = workspace({"dags/orders.py": RAW})
    path = f"{ROOT}/dags/orders.py"
    made.index_all()
    made.open(path, DAG)
    made.index_all()

    assert "correctness/duplicate-task-id" in {each.rule for each in made.findings(path)}
