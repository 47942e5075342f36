"""DAG files that no scheduler likes either: a note where it matters, silence where nothing can be known, never a crash."""

from __future__ import annotations

import sys

import pytest

from pipesense.engine.workspace import Workspace
from support.memory import ROOT, settle, workspace

HEAD = "from datetime import datetime\n\nfrom airflow.sdk import DAG\n"
IMPORTS = "from airflow.providers.standard.operators.bash import BashOperator\n"
SQL = "from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator\n"
LOAD = 'SQLExecuteQueryOperator(task_id="load", conn_id="w", sql="DELETE FROM t WHERE day = 1")\n'


def read(files: dict[str, str]) -> Workspace:
    """The files, analysed; an internal error fails the test."""
    made = workspace(files)
    settle(made)
    return made


def rules(made: Workspace, path: str) -> set[str]:
    return {each.rule for each in made.findings(f"{ROOT}/{path}")}


def notes(made: Workspace, path: str) -> list[str]:
    buffer = made.text(f"{ROOT}/{path}")
    assert buffer is not None
    return [
        f"{buffer.lines.position(each.span.start)[0] + 1}: {each.why}" for each in made.not_analysed(f"{ROOT}/{path}")
    ]


def test_python_2_costs_the_statements_that_are_python_2() -> None:
    text = (
        "from airflow import DAG\nfrom airflow.operators.python_operator import PythonOperator\n"
        'print "reading the DAG"\n\n\ndef load(**context):\n    try:\n        print "loading"\n'
        '    except Exception, error:\n        print error\n\n\ndag = DAG("old", schedule_interval="@daily", retries=3)\n'
    )
    made = read({"dags/old.py": text})
    assert [each.partition(":")[0] for each in notes(made, "dags/old.py")] == ["3", "8"]
    # What can be read is judged.
    assert "correctness/task-arg-on-dag" in rules(made, "dags/old.py")


def test_syntax_newer_than_the_interpreter_is_noted() -> None:
    text = HEAD + "type Rows[T] = list[T]\nquery = t'{Rows}'\n" + 'with DAG("new", schedule="61 * * * *"):\n    pass\n'
    made = read({"dags/new.py": text})
    newest = 2 if sys.version_info < (3, 12) else 1 if sys.version_info < (3, 14) else 0
    assert len(notes(made, "dags/new.py")) == newest
    assert "correctness/bad-cron" in rules(made, "dags/new.py")


def test_a_generated_file_of_20000_lines_is_read_to_its_end() -> None:
    tasks = "".join(
        f'    t{number} = BashOperator(\n        task_id="t{number}",\n        bash_command="echo {number}",\n    )\n'
        + "    # generated\n" * 6
        for number in range(2000)
    )
    made = read({"dags/generated.py": f'{HEAD}{IMPORTS}with DAG("generated", schedule="@daily"):\n{tasks}'})
    assert not notes(made, "dags/generated.py")
    record = made.features.record_of(f"{ROOT}/dags/generated.py")
    assert record is not None
    assert len(record.pipelines[0].tasks) == 2000


@pytest.mark.parametrize(
    "bomb",
    [
        "x = " + "(" * 5000 + "1" + ")" * 5000,
        "x = " + "-" * 20000 + "1",
        "x = " + " + ".join(["a"] * 20000),
        "x = a" + ".b" * 20000,
        "x = f" + "()" * 20000,
        "x = " + "[" * 3000 + "]" * 3000,
        "".join("    " * depth + "if x:\n" for depth in range(90)) + "    " * 90 + "pass",
        "x = " + "lambda: " * 5000 + "1",
    ],
    ids=["parentheses", "signs", "sum", "attributes", "calls", "lists", "blocks", "lambdas"],
)
def test_a_bomb_costs_itself(bomb: str) -> None:
    made = read({"dags/bomb.py": f'{HEAD}{bomb}\nDAG("late", schedule="61 * * * *")\n'})
    assert "correctness/bad-cron" in rules(made, "dags/bomb.py")


@pytest.mark.parametrize(
    "code",
    [
        'def make(n):\n    make(n + 1)\n    with DAG(f"d{n}", schedule=None):\n        make(n)\n\n\nmake(0)\n',
        "def a():\n    return b()\n\n\ndef b():\n    return a()\n\n\nwith a() as dag:\n    b()\n",
        'args = {"owner": "x"}\nargs = {**args, "a": args}\nargs["b"] = args\ndag = DAG("d", default_args=args)\n',
        "class D(D):\n    pass\n\n\nclass E(F):\n    pass\n\n\nclass F(E):\n    pass\n\n\nD(dag_id='d')\nE(task_id='e')\n",
        "x = y\ny = x\ndag = DAG(x, schedule=y, start_date=x)\n",
    ],
    ids=["calls itself", "call each other", "holds itself", "derived from itself", "names each other"],
)
def test_what_leads_back_to_itself_ends(code: str) -> None:
    read({"dags/loop.py": HEAD + code})


def test_files_that_import_each_other_end() -> None:
    files = {
        "dags/one.py": HEAD
        + IMPORTS
        + 'from two import ARGS, fill\n\nNAME = "one"\n\nwith DAG(NAME, schedule="@daily", default_args=ARGS):\n    fill()\n',
        "dags/two.py": IMPORTS
        + 'from one import NAME\nfrom three import ARGS\n\n\ndef fill():\n    BashOperator(task_id=NAME, bash_command="x")\n',
        "dags/three.py": "from one import *\nfrom two import *\n\nARGS = {'retries': 2}\n",
    }
    made = read(files)
    assert [note for path in files for note in notes(made, path)] == []
    record = made.features.record_of(f"{ROOT}/dags/one.py")
    assert record is not None
    # Names are followed for one file, so what comes back from another one stays open.
    assert [task.name for pipeline in record.pipelines for task in pipeline.tasks] == ["{NAME}"]
    assert "reliability/no-retries" not in rules(made, "dags/one.py")


def test_a_star_import_leaves_what_it_may_bind_unknown() -> None:
    dag = (
        'with DAG("star", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False, default_args=ARGS):\n    '
    )
    sure = read({"dags/star.py": f"{HEAD}{SQL}ARGS = {{}}\n{dag}{LOAD}"})
    open_ended = read({"dags/star.py": f"{HEAD}{SQL}from company.defaults import *\n{dag}{LOAD}"})
    assert "reliability/no-retries" in rules(sure, "dags/star.py")
    assert "reliability/no-retries" not in rules(open_ended, "dags/star.py")


def test_a_star_import_of_a_file_of_the_workspace_is_left_open_too() -> None:
    dag = (
        'with DAG("star", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False, default_args=ARGS):\n    '
    )
    files = {
        "dags/star.py": f"{HEAD}{SQL}from defaults import *\n{dag}{LOAD}",
        "dags/defaults.py": "ARGS = {'retries': 3}\n",
    }
    assert "reliability/no-retries" not in rules(read(files), "dags/star.py")
