"""What a task does and is there for, told by the code that it runs."""

from __future__ import annotations

import ast

import pytest

from pipesense.engine.catalogue import systems_in_use
from pipesense.lang.python.module import Module
from pipesense.model.change import Refusal
from pipesense.model.code import ScopeCode
from pipesense.model.data import Access, AccessMode, DatasetName
from pipesense.model.flow import Effect, Role, Task
from pipesense.model.value import Known, Unknown, Version, known
from pipesense.systems.system import Embed, Lifted, PythonSystem
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


def _say_saves(module: Module, version: Version, embed: Embed) -> Lifted:
    """A data system of one call: ``save(...)`` adds rows to the table ``kept``."""
    sites = [site for site in module.calls() if ast.unparse(site.node.func).endswith("save")]
    into = DatasetName(("kept",))
    return Lifted(
        code=tuple(
            ScopeCode(
                f"{module.prefix}.store",
                (Access(into, AccessMode.APPEND, Unknown("a guess"), module.loc(site.node)),),
                frozenset({Effect.WRITE}),
            )
            for site in sites
        )
    )


SAVING = PythonSystem(
    "saving",
    ("save",),
    (),
    lambda module, files, configured: Version(),
    _say_saves,
    lambda change, module, version: Refusal("it writes nothing"),
)


def test_what_a_data_system_says_of_a_function_belongs_to_the_tasks_that_run_it() -> None:
    main = HEAD.format(name="fill", body="helper()").replace("import requests", "from helpers import helper")
    helpers = "from stores import save\n\n\ndef helper():\n    store()\n\n\ndef store():\n    {}\n"
    paths = {"dags/orders.py": main, "dags/helpers.py": helpers.format("save(1)")}
    made = workspace(paths, systems=(*systems_in_use(), SAVING))
    settle(made)
    task = _task(made, f"{ROOT}/dags/orders.py")
    assert [(access.mode, str(access.dataset)) for access in task.accesses] == [(AccessMode.APPEND, "kept")]
    assert known(task.role) is Role.LOAD
    made.open(f"{ROOT}/dags/helpers.py", helpers.format("print(1)"))
    settle(made)
    assert _task(made, f"{ROOT}/dags/orders.py").accesses == ()
