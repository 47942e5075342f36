"""Trees of Python files are dropped as soon as nothing asks for them, and nothing is lost by that."""

from __future__ import annotations

import pytest

from pipesense.engine.index import Stage
from pipesense.engine.link_python import parsed_units
from pipesense.engine.record import FileRecord
from pipesense.engine.report import Counters
from support.memory import ROOT, workspace

HELPER = """\
def run_sql(task_id, sql, dag, retries=0):
    return SQLExecuteQueryOperator(task_id=task_id, conn_id="w", sql=sql, dag=dag, retries=retries)
"""
IMPORTS = "from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator\n"
DAG = """\
from airflow.sdk import DAG
from shared import run_sql

dag = DAG("orders", schedule=None, default_args={"retries": 4})
run_sql("load", "DELETE FROM stage.orders WHERE day < CURRENT_DATE", dag)
"""


@pytest.mark.parametrize(
    ("stage", "is_open", "kept"),
    [(Stage.LINK, False, False), (Stage.LINK, True, True), (Stage.COMPOSE, False, True)],
)
def test_a_closed_file_keeps_no_trees_once_it_is_linked(stage: Stage, is_open: bool, kept: bool) -> None:
    made = workspace({"dags/orders.py": DAG})
    made.open(f"{ROOT}/dags/orders.py", DAG)
    record = made._records[f"{ROOT}/dags/orders.py"]
    assert isinstance(record, FileRecord)
    parsed_units(record.document, Counters())
    record.is_open = is_open
    record.has_run(stage)
    assert all((unit.parsed is not None) is kept for unit in record.document.units)


def test_files_that_others_import_are_read_again_for_them() -> None:
    files = {f"dags/orders_{number}.py": DAG.replace("orders", f"orders_{number}") for number in range(5)}
    made = workspace({"dags/shared.py": IMPORTS + HELPER, **files})
    made.index_all()
    for name in files:
        rules = [each.rule for each in made.findings(f"{ROOT}/{name}")]
        assert "reliability/no-retries" in rules
    assert all(unit.parsed is None for record in made._records.values() for unit in record.document.units)


def test_the_last_few_closed_files_that_somebody_asked_for_keep_their_facts() -> None:
    files = {f"dags/orders_{number}.py": DAG.replace("orders", f"orders_{number}") for number in range(25)}
    made = workspace({"dags/shared.py": IMPORTS + HELPER, **files})
    made.index_all()
    paths = [f"{ROOT}/{name}" for name in files]
    shown = [made.hover(path, DAG.index("orders") + 1) for path in paths]
    assert all(each is not None and "**DAG orders_" in each.markdown for each in shown)
    assert [made._records[path].is_put_away for path in paths] == [True] * 5 + [False] * 20
    assert made.hover(paths[0], DAG.index("orders") + 1) == shown[0]
