"""What is read of DAGs that gusty makes of folders: files, and a line per task with its effective settings."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pipesense.engine.workspace import Workspace
from pipesense.model.change import Refusal
from pipesense.model.flow import Edges, Pipeline, Task, retries_of
from pipesense.model.value import Absent, Known, Value
from support.memory import ROOT, settle, workspace

TOP = "dags/rates/METADATA.yml"
HTTP = "operator: airflow.providers.http.operators.http.HttpOperator\nendpoint: /x\n"
SQL = "operator: airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator\n"


def made_of(files: Mapping[str, str]) -> Workspace:
    made = workspace(files)
    made.index_all()
    return made


def words(value: Value[object]) -> str:
    if isinstance(value, Known):
        return f"{value.value} ({value.origin.value})"
    return "none" if isinstance(value, Absent) else "unknown"


def told(task: Task, edges: Edges) -> str:
    before = sorted(one for one, other in edges.pairs if other == task.name)
    settings = f"retries {words(retries_of(task))}, timeout {words(task.timeout)}"
    return f"{task.name} {task.kind}: {settings}" + (f" after {', '.join(before)}" if before else "")


def pipelines(made: Workspace, path: str = TOP) -> tuple[Pipeline, ...]:
    record = made._whole_record(f"{ROOT}/{path}")
    return record.pipelines if record is not None else ()


NONE = "retries none, timeout none"
DEFAULTS = "schedule: '@daily'\ndefault_args:\n    owner: me\n"
CASES = [
    ("a task", {TOP: DEFAULTS, "dags/rates/a.yml": HTTP}, [f"a HttpOperator: {NONE}"]),
    (
        "defaults of the DAG, and the task's own",
        {
            TOP: "default_args:\n    retries: 1\n    execution_timeout: !timedelta 'minutes: 5'\n",
            "dags/rates/a.yml": HTTP,
            "dags/rates/b.yml": HTTP + "retries: 4\n",
        },
        [
            "a HttpOperator: retries 1 (default_args), timeout 0:05:00 (default_args)",
            "b HttpOperator: retries 4 (here), timeout 0:05:00 (default_args)",
        ],
    ),
    (
        "dependencies, those on a group of tasks included",
        {
            TOP: DEFAULTS,
            "dags/rates/a.yml": HTTP,
            "dags/rates/load/b.yml": HTTP + "dependencies:\n  - a\n",
            "dags/rates/z.yml": HTTP + "dependencies: [load]\n",
        },
        [f"a HttpOperator: {NONE}", f"b HttpOperator: {NONE} after a", f"z HttpOperator: {NONE} after b"],
    ),
    (
        "metadata of a group",
        {
            TOP: DEFAULTS,
            "dags/rates/load/METADATA.yml": "prefix_group_id: false\ndefault_args: {retries: 7}\n",
            "dags/rates/load/b.yml": HTTP,
        },
        ["b HttpOperator: retries 7 (task group), timeout none"],
    ),
    (
        "the top of a SQL file",
        {TOP: DEFAULTS, "dags/rates/a.sql": f"---\n{SQL}retries: 2\n---\n\nSELECT 1\n"},
        ["a SQLExecuteQueryOperator: retries 2 (here), timeout none"],
    ),
    (
        "the top of a Python file",
        {
            TOP: DEFAULTS,
            "dags/rates/a.py": "# ---\n# python_callable: f\n# retries: 2\n# ---\n\n\ndef f():\n    pass\n",
        },
        ["a PythonOperator: retries 2 (here), timeout none"],
    ),
    (
        "several tasks of one file",
        {TOP: DEFAULTS, "dags/rates/a.yml": HTTP + "multi_task_spec:\n  one:\n    retries: 1\n  two: {endpoint: /y}\n"},
        ["one HttpOperator: retries 1 (here), timeout none", f"two HttpOperator: {NONE}"],
    ),
    (
        "subfolders that are left out",
        {TOP: "ignore_subfolders: True\n" + DEFAULTS, "dags/rates/a.yml": HTTP, "dags/rates/more/b.yml": HTTP},
        [f"a HttpOperator: {NONE}"],
    ),
    (
        "files that gusty passes over",
        {TOP: DEFAULTS, "dags/rates/a.yml": HTTP, "dags/rates/_b.yml": HTTP, "dags/rates/_old/c.yml": HTTP},
        [f"a HttpOperator: {NONE}"],
    ),
    (
        "what create_dags may set",
        {
            TOP: DEFAULTS,
            "dags/rates/a.yml": HTTP,
            "make.py": "from gusty import create_dags\ncreate_dags('x', globals(), default_args={'retries': 2})\n",
        },
        ["a HttpOperator: retries unknown, timeout none"],
    ),
    (
        "arguments that nobody can read",
        {
            TOP: DEFAULTS,
            "dags/rates/a.yml": HTTP,
            "make.py": "import gusty\ngusty.create_dag('x', **settings())\n",
        },
        ["a HttpOperator: retries unknown, timeout unknown"],
    ),
    ("metadata of something else", {TOP: "title: a data set\n", "dags/rates/a.yml": "kind: x\n"}, []),
]


@pytest.mark.parametrize(("files", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_lift(files: dict[str, str], expected: list[str]) -> None:
    assert [told(task, dag.edges) for dag in pipelines(made_of(files)) for task in dag.tasks] == expected


def test_the_metadata_of_a_group_are_no_dag_of_their_own() -> None:
    inner = "dags/rates/load/METADATA.yml"
    made = made_of({TOP: DEFAULTS, inner: "default_args: {retries: 7}\n", "dags/rates/load/b.yml": HTTP})
    assert pipelines(made) and not pipelines(made, inner)


RULE = "reliability/no-retries"


def test_edits_of_a_task_are_heard_where_the_dag_is_written() -> None:
    made = made_of({TOP: DEFAULTS, "dags/rates/a.yml": HTTP})
    assert RULE in [each.rule for each in made.findings(f"{ROOT}/{TOP}")]
    made.open(f"{ROOT}/dags/rates/a.yml", HTTP + "retries: 3\n")
    settle(made)
    assert RULE not in [each.rule for each in made.findings(f"{ROOT}/{TOP}")]


def test_a_lone_task_is_mended_in_its_own_file() -> None:
    made = made_of({TOP: DEFAULTS, "dags/rates/a.yml": HTTP, "dags/rates/b.yml": HTTP + "retries: 3\n"})
    (found,) = [each for each in made.findings(f"{ROOT}/{TOP}") if each.rule == RULE]
    assert "task a" in found.message
    built = made.build(made.offers(found)[0].id, found.path)
    assert not isinstance(built, Refusal)
    assert {path: [edit.text for edit in edits] for path, edits in built.edits.items()} == {
        f"{ROOT}/dags/rates/a.yml": [
            "\nretries: 3\nretry_delay: !timedelta 'minutes: 5'\nretry_exponential_backoff: true"
        ]
    }


@pytest.mark.parametrize(
    ("path", "text", "word"),
    [
        ("dags/rates/a.yml", HTTP, "operator"),
        ("dags/rates/a.sql", f"---\n{SQL}---\nSELECT 1\n", "operator"),
        ("dags/rates/a.py", f"# ---\n# {HTTP.splitlines()[0]}\n# ---\nx = 1\n", "operator"),
    ],
)
def test_a_task_tells_its_settings_where_it_is_written(path: str, text: str, word: str) -> None:
    made = made_of({TOP: "default_args: {retries: 5}\n", path: text})
    made.findings(f"{ROOT}/{path}")
    hover = made.hover(f"{ROOT}/{path}", text.index(word) + 1)
    assert hover is not None and "retries: **5**" in hover.markdown and "METADATA.yml, line 1" in hover.markdown


def test_the_statements_below_the_yaml_of_a_sql_file_are_read() -> None:
    made = made_of({TOP: DEFAULTS, "dags/rates/a.sql": f"---\n{SQL}---\n\nDELETE FROM rates\n"})
    record = made._whole_record(f"{ROOT}/dags/rates/a.sql")
    assert record is not None and not record.linked.unread
    assert "security/dml-without-where" in [each.rule for each in made.findings(f"{ROOT}/dags/rates/a.sql")]
