"""What is spared where a file is read once, and where nobody asks for what could be told."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from typing import Any

import pytest

from pipesense.engine.document import Document
from pipesense.lang.python import flow_given, habits, whole
from pipesense.lang.python.dicts import Entry
from pipesense.lang.python.layers import narrow
from pipesense.lang.python.module import Module
from pipesense.model.value import Absent, Known, Unknown, Value
from pipesense.systems.airflow import code_at_parse, names, pipeline, templates
from pipesense.systems.airflow.settings import TaskSettings
from support.memory import ROOT, shown, workspace

DAG = """from airflow import DAG
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.operators.python import PythonOperator

def load(**context):
    hook = PostgresHook("warehouse")
    for name in range(20):
        print(name, str(name), context.get("ds", str(name)), sorted([name, 1], key=abs))
    hook.run("delete from sales")

with DAG("a", default_args={"retries": 2}):
    one = PythonOperator(task_id="one", python_callable=load)
    two = PythonOperator(task_id="two", python_callable=load)
    one >> two
"""


class Counted:
    """A function, or a class, and how often it was called."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.calls = 0

    def __call__(self, *args: Any) -> Any:
        self.calls += 1
        return self.function(*args)


@pytest.mark.parametrize("is_open", [False, True])
def test_what_tasks_are_made_from_is_told_only_to_a_later_link(monkeypatch: pytest.MonkeyPatch, is_open: bool) -> None:
    sources = Counted(pipeline.source_of_dag)
    monkeypatch.setattr(pipeline, "source_of_dag", sources)
    made = workspace({"dag.py": DAG})
    if is_open:
        made.open(f"{ROOT}/dag.py", DAG)
    made.index_all()
    assert sources.calls == (1 if is_open else 0)


def test_arguments_are_told_of_calls_that_have_to_do_with_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Counted(flow_given.Given)
    monkeypatch.setattr(flow_given, "Given", told)
    made = workspace({"dag.py": DAG})
    made.index_all()
    # Those of the hook and of what it runs, in each of the libraries that are looked for; none of the eight others.
    assert 0 < told.calls <= 4


CLOCKS = """import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator

NOW = datetime.datetime.now()
STAMP = f"{NOW}"
PLAIN = "x"

def make(name, when=STAMP, env=None):
    return BashOperator(task_id=name, bash_command=when, env=env)

with DAG("a", tags=[PLAIN], default_args={"retries": 2, "queue": str(NOW)}):
    BashOperator(task_id="a", bash_command=STAMP)
    BashOperator(task_id="b", bash_command=PLAIN, env={"AT": str(datetime.date.today())})
    make("c")
    make("d", PLAIN, {"AT": STAMP})
    make("e", PLAIN, {"AT": PLAIN})
"""


def test_clocks_are_found_in_a_file_that_is_read_once_as_in_one_that_is_open() -> None:
    path = f"{ROOT}/dag.py"
    cold, opened = workspace({"dag.py": CLOCKS}), workspace({"dag.py": CLOCKS})
    opened.open(path, CLOCKS)
    for made in (cold, opened):
        made.index_all()
    found = shown(cold.findings(path))
    assert found == shown(opened.findings(path))
    assert sum(rule == "idempotency/runtime-varying-arg" for rule, *_ in found) == 2


@pytest.mark.parametrize(("module", "asked"), [(CLOCKS, True), (DAG, False)])
def test_names_are_followed_to_clocks_only_where_there_are_any(
    monkeypatch: pytest.MonkeyPatch, module: str, asked: bool
) -> None:
    followed: list[str] = []
    definition = Module.definition

    def counted(self: Module, expr: ast.expr) -> tuple[ast.AST, ...]:
        if sys._getframe(1).f_code.co_name == "_varies":
            followed.append(ast.unparse(expr))
        return definition(self, expr)

    monkeypatch.setattr(Module, "definition", counted)
    workspace({"dag.py": module}).index_all()
    assert bool(followed) == asked
    assert "PLAIN" not in followed


def test_functions_that_catch_nothing_are_not_gone_over(monkeypatch: pytest.MonkeyPatch) -> None:
    inside = Counted(habits._own_nodes)
    monkeypatch.setattr(habits, "_own_nodes", inside)
    workspace({"dag.py": DAG}).index_all()
    assert inside.calls == 0
    caught = DAG.replace(
        'hook.run("delete from sales")', 'try:\n        hook.run("x")\n    except Exception:\n        pass'
    )
    workspace({"dag.py": caught}).index_all()
    assert inside.calls > 0


def test_values_that_have_the_type_already_are_not_made_anew() -> None:
    known: Value[object] = Known(3)
    absent: Value[object] = Absent(known, ("the task",))
    assert narrow(known, int) is known
    assert narrow(absent, int) is absent
    assert narrow(absent, str) == Absent(Unknown("it is None"), ("the task",))


SETTINGS = """from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator
from airflow.sensors.filesystem import FileSensor
from airflow.utils.task_group import TaskGroup
from elsewhere import Strange, more

class Own(PythonOperator):
    def __init__(self, **given):
        super().__init__(retries=4, **given)

def make(name, **given):
    return BashOperator(task_id=name, bash_command="x", retries=0, **given)

with DAG("a", default_args={"retries": 2, "email": ["a@b.c"], "timeout": 60}) as dag:
    BashOperator(task_id="a", bash_command="x")
    BashOperator(task_id="b", bash_command="x")
    BashOperator(task_id="c", bash_command="x", retries=3, trigger_rule="all_done")
    BashOperator(task_id="d", bash_command="x", email_on_failure=False, **more())
    FileSensor(task_id="e", filepath="x", mode="reschedule")
    FileSensor(task_id="f", filepath="x")
    Strange(task_id="g")
    Own(task_id="h", python_callable=print)
    make("i")
    make("j", execution_timeout=None)
    BashOperator(task_id="k", bash_command="x", default_args={"retries": 9, "depends_on_past": True})
    late = BashOperator(task_id="l", bash_command="x")
    late.retries = 7
    with TaskGroup("g", default_args={"retries": 1}):
        BashOperator(task_id="m", bash_command="x")
        with TaskGroup("h", default_args={"depends_on_past": True}):
            BashOperator(task_id="n", bash_command="x")
            FileSensor(task_id="o", filepath="x")
"""


def test_tasks_that_say_nothing_themselves_share_what_their_dag_says(monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{ROOT}/dag.py"
    settings, found = pipeline.task_settings, list[TaskSettings]()

    def noted(*args: Any) -> TaskSettings:
        found.append(settings(*args))
        return found[-1]

    monkeypatch.setattr(pipeline, "task_settings", noted)
    opened = workspace({"dag.py": SETTINGS})
    opened.open(path, SETTINGS)
    opened.index_all()
    expected = [*found]
    found.clear()
    workspace({"dag.py": SETTINGS}).index_all()
    assert len(found) == 15
    assert found == expected
    first, second, third = found[:3]
    assert first.retry is second.retry
    assert first.settings is second.settings
    assert third.alerts is first.alerts
    assert third.retry != first.retry


def test_places_of_entries_and_arguments_are_worked_out_for_what_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    placed = Counted(Entry.entry_loc.fget)  # type: ignore[attr-defined]
    monkeypatch.setattr(Entry, "entry_loc", property(placed))
    plain = DAG.replace('{"retries": 2}', "{" + ", ".join(f'"queue_{at}": {at}' for at in range(50)) + "}")
    workspace({"dag.py": plain}).index_all()
    assert placed.calls < 50


def test_calls_that_do_nothing_at_parse_time_are_told_once_by_what_they_call(monkeypatch: pytest.MonkeyPatch) -> None:
    reached = Counted(code_at_parse._effect)
    monkeypatch.setattr(code_at_parse, "_effect", reached)
    workspace({"dag.py": DAG}).index_all()
    assert reached.calls == 0
    said = DAG.replace("with DAG", "import requests\nrequests.get('https://a')\nwith DAG")
    made = workspace({"dag.py": said})
    made.index_all()
    assert reached.calls == 1
    assert any("parse" in rule for rule, *_ in shown(made.findings(f"{ROOT}/dag.py")))


def test_templates_are_read_where_they_may_ask_for_what_went(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Counted(templates.literal)
    monkeypatch.setattr(templates, "literal", read)
    text = "from airflow.operators.bash import BashOperator\nfrom airflow import DAG\nwith DAG('a'):\n"
    told = text + "".join(f"    BashOperator(task_id='t{at}', bash_command='echo {{{{ ds }}}}')\n" for at in range(9))
    workspace({"dag.py": told}).index_all()
    assert read.calls == 0
    made = workspace({"dag.py": told + "    BashOperator(task_id='o', bash_command='echo {{ execution_date }}')\n"})
    made.index_all()
    assert read.calls == 1
    assert any("execution_date" in message for *_, message in shown(made.findings(f"{ROOT}/dag.py")))


def test_a_file_is_shared_out_to_its_units_as_it_was_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Counted(whole._share)
    monkeypatch.setattr(whole, "_share", shared)
    workspace({"dag.py": DAG, "settings.py": SETTINGS}).index_all()
    assert shared.calls == 0
    workspace({"dag.py": DAG + "x = f(\na = 1,\n)\n"}).index_all()
    assert shared.calls > 0


def test_functions_that_join_nothing_are_told_by_their_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    walked = Counted(names.nodes_under)
    monkeypatch.setattr(names, "nodes_under", walked)
    helper = "from airflow import DAG\nfrom airflow.operators.bash import BashOperator\ndef make(name):\n    {}\n"
    helper += "    return BashOperator(task_id=name, bash_command='x')\nwith DAG('a'):\n    make('a')\n    make('b')\n"
    made = workspace({"dag.py": helper.format("print(name)")})
    made.index_all()
    assert walked.calls == 0
    workspace({"dag.py": helper.format("name >> name")}).index_all()
    assert walked.calls > 0


def test_a_file_that_is_new_takes_its_units_as_they_were_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    back = Counted(Document._returned)
    monkeypatch.setattr(Document, "_returned", lambda *given: back(*given))
    made = workspace({"dag.py": DAG})
    made.index_all()
    assert back.calls == 0
