"""What is read in DAGs that are written in YAML, as a table: a file, and a line per DAG and task.

A line says: name, class, retries and timeout with where they come from, and the tasks that run before it.
"""

from __future__ import annotations

import pytest

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.documents.read import read_document
from pipesense.model.flow import Edges, Pipeline, Task, retries_of
from pipesense.model.value import Absent, Known, Value
from pipesense.systems.airflow import DOCUMENTS
from support.memory import ROOT, settle, workspace

BASH = "airflow.operators.bash.BashOperator"
HTTP = "airflow.providers.http.operators.http.HttpOperator"


def lift(text: str) -> tuple[Pipeline, ...]:
    path = "/project/dags/rates.yml"
    if not DOCUMENTS.claims(path, text):
        return ()
    return DOCUMENTS.lift(DocumentFile(path, "yaml", 1, read_document("yaml", text))).pipelines


def words(value: Value[object]) -> str:
    if isinstance(value, Known):
        return f"{value.value} ({value.origin.value})"
    return "none" if isinstance(value, Absent) else "unknown"


def told(task: Task, edges: Edges) -> str:
    before = sorted(one for one, other in edges.pairs if other == task.name)
    settings = f"retries {words(retries_of(task))}, timeout {words(task.timeout)}"
    return f"{task.name} {task.kind}: {settings}" + (f" after {', '.join(before)}" if before else "")


NONE = "retries none, timeout none"
CASES = [
    ("a list of tasks", f"d:\n  tasks:\n  - task_id: a\n    operator: {BASH}\n", [f"a BashOperator: {NONE}"]),
    ("tasks by their names", f"d:\n  tasks:\n    a:\n      operator: {BASH}\n", [f"a BashOperator: {NONE}"]),
    (
        "dependencies",
        f"d:\n  tasks:\n    a: {{operator: {BASH}}}\n    b: {{operator: {BASH}, dependencies: [a]}}\n",
        [f"a BashOperator: {NONE}", f"b BashOperator: {NONE} after a"],
    ),
    (
        "a group that others wait for",
        "d:\n  task_groups:\n    g: {}\n  tasks:\n"
        f"    a: {{operator: {BASH}, task_group_name: g}}\n    b: {{operator: {BASH}, dependencies: [g]}}\n",
        [f"a BashOperator: {NONE}", f"b BashOperator: {NONE} after a"],
    ),
    (
        "a group that waits",
        "d:\n  task_groups:\n  - group_name: g\n    dependencies: [a]\n  tasks:\n"
        f"    a: {{operator: {BASH}}}\n    b: {{operator: {BASH}, task_group_name: g}}\n",
        [f"a BashOperator: {NONE}", f"b BashOperator: {NONE} after a"],
    ),
    (
        "the task's own settings",
        f"d:\n  default_args: {{retries: 1}}\n  tasks:\n    a: {{operator: {BASH}, retries: 4, execution_timeout: 60}}\n",
        ["a BashOperator: retries 4 (here), timeout 0:01:00 (here)"],
    ),
    (
        "the DAG's default_args",
        f"d:\n  default_args: {{retries: 1}}\n  tasks:\n    a: {{operator: {BASH}}}\n",
        ["a BashOperator: retries 1 (default_args), timeout none"],
    ),
    (
        "the file's default",
        f"default:\n  default_args: {{retries: 2}}\nd:\n  tasks:\n    a: {{operator: {BASH}}}\n",
        ["a BashOperator: retries 2 (default_args), timeout none"],
    ),
    (
        "an anchor and a merge",
        f"x: &x\n  retries: 3\nd:\n  default_args:\n    <<: *x\n    owner: me\n  tasks:\n    a: {{operator: {BASH}}}\n",
        ["a BashOperator: retries 3 (default_args), timeout none"],
    ),
    (
        "default_args of a group",
        "d:\n  task_groups:\n    g: {default_args: {retries: 5}}\n  tasks:\n"
        f"    a: {{operator: {BASH}, task_group_name: g}}\n",
        ["a BashOperator: retries 5 (task group), timeout none"],
    ),
    (
        "a length of time as seconds",
        f"d:\n  dagrun_timeout_sec: 600\n  tasks:\n    a: {{operator: {BASH}}}\n",
        ["a BashOperator: retries none, timeout 0:10:00 (the pipeline itself)"],
    ),
    (
        "a length of time as a class",
        f"d:\n  tasks:\n    a:\n      operator: {BASH}\n      execution_timeout:\n"
        "        __type__: datetime.timedelta\n        hours: 2\n",
        ["a BashOperator: retries none, timeout 2:00:00 (here)"],
    ),
    (
        "a length of time as a tag",
        f"d:\n  tasks:\n    a:\n      operator: {BASH}\n      execution_timeout: !timedelta 'minutes: 5'\n",
        ["a BashOperator: retries none, timeout 0:05:00 (here)"],
    ),
    (
        "a number that is put in",
        f"d:\n  default_args: {{retries: $RETRIES}}\n  tasks:\n    a: {{operator: {BASH}}}\n",
        ["a BashOperator: retries unknown, timeout none"],
    ),
    (
        "a function of one's own",
        "d:\n  tasks:\n    a: {decorator: airflow.sdk.definitions.decorators.task, python_callable: m.f}\n",
        [f"a task: {NONE}"],
    ),
    ("no DAG", "d:\n  tasks:\n    a: {operator: 1}\n  operator: x\n", []),
    ("something else with tasks", "- hosts: all\n  tasks:\n  - name: operator: of a machine\n", []),
    ("a playbook", "- hosts: all\n  tasks:\n  - name: x\n    operator: y\n", []),
]


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_lift(text: str, expected: list[str]) -> None:
    assert [told(task, dag.edges) for dag in lift(text) for task in dag.tasks] == expected


def test_a_dependency_that_nobody_knows_opens_the_graph() -> None:
    (dag,) = lift(f"d:\n  tasks:\n    a: {{operator: {BASH}, dependencies: [elsewhere]}}\n")
    assert dag.edges.opened is not None


DAG = f"rates:\n  schedule: '@daily'\n  tasks:\n    fetch: {{operator: {HTTP}, endpoint: /rates}}\n"
RULE = "reliability/no-retries"


def test_defaults_of_the_folders_above_apply_and_their_edits_are_heard() -> None:
    made = workspace({"dags/defaults.yml": "default_args:\n  owner: me\n", "dags/a/rates.yml": DAG})
    made.index_all()
    path = f"{ROOT}/dags/a/rates.yml"
    assert RULE in [each.rule for each in made.findings(path)]
    made.open(f"{ROOT}/dags/defaults.yml", "default_args:\n  retries: 2\n")
    settle(made)
    assert RULE not in [each.rule for each in made.findings(path)]


def test_defaults_elsewhere_make_it_unknown_only_where_they_set_it() -> None:
    for given, expected in (("owner: me", True), ("retries: 2", False)):
        made = workspace({"conf/defaults.yml": f"default_args:\n  {given}\n", "dags/rates.yml": DAG})
        made.index_all()
        assert (RULE in [each.rule for each in made.findings(f"{ROOT}/dags/rates.yml")]) is expected
