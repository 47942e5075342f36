"""What is read of jobs that are declared in YAML and JSON: a line per task with its settings."""

from __future__ import annotations

import pytest

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.documents.read import read_document
from pipesense.model.flow import Edges, Pipeline, Task, retries_of
from pipesense.model.value import Absent, Known, Value
from pipesense.systems.cloud_jobs import SYSTEM
from support.memory import ROOT, workspace


def lift(path: str, text: str) -> tuple[Pipeline, ...]:
    if not SYSTEM.claims(f"/project/{path}", text):
        return ()
    language = "json" if path.endswith(".json") else "yaml"
    return SYSTEM.lift(DocumentFile(f"/project/{path}", language, 1, read_document(language, text))).pipelines


def words(value: Value[object]) -> str:
    if isinstance(value, Absent):
        return f"none ({value.default.value})" if isinstance(value.default, Known) else "none"
    return str(value.value) if isinstance(value, Known) else "unknown"


def told(task: Task, edges: Edges) -> str:
    before = sorted(one for one, other in edges.pairs if other == task.name)
    said = f"{task.name} {task.kind}: retries {words(retries_of(task))}, timeout {words(task.timeout)}"
    return said + (f" after {', '.join(before)}" if before else "")


def databricks(*tasks: str, of_job: str = "") -> str:
    listed = "".join(f"        - {{{task}}}\n" for task in tasks)
    return f"resources:\n  jobs:\n    orders:\n{of_job}      tasks:\n{listed}"


def glue(properties: str) -> str:
    return f"Resources:\n  Load:\n    Type: AWS::Glue::Job\n    Properties:\n      Command: {{Name: glueetl}}\n{properties}"


ON_CLUSTER = "job_cluster_key: c, notebook_task: {notebook_path: x}"
CASES = [
    (
        "a task on a cluster",
        "job.yml",
        databricks(f"task_key: a, {ON_CLUSTER}"),
        ["a notebook_task: retries none (0), timeout none"],
    ),
    (
        "settings of the task",
        "job.yml",
        databricks(f"task_key: a, {ON_CLUSTER}, max_retries: 2, timeout_seconds: 600"),
        ["a notebook_task: retries 2, timeout 0:10:00"],
    ),
    (
        "a limit of the job, and an order",
        "job.yml",
        databricks(
            f"task_key: a, {ON_CLUSTER}",
            "task_key: b, sql_task: {file: x}, depends_on: [{task_key: a}]",
            of_job="      timeout_seconds: 60\n",
        ),
        ["a notebook_task: retries none (0), timeout 0:01:00", "b sql_task: retries none (0), timeout 0:01:00 after a"],
    ),
    (
        "serverless compute",
        "job.yml",
        databricks("task_key: a, notebook_task: {notebook_path: x}"),
        ["a notebook_task: retries unknown, timeout none"],
    ),
    (
        "settings that are put in, and a limit that is set to none",
        "job.yml",
        databricks(f"task_key: a, {ON_CLUSTER}, max_retries: '${{var.n}}', timeout_seconds: 0"),
        ["a notebook_task: retries unknown, timeout unknown"],
    ),
    (
        "a task that only starts something else",
        "job.yml",
        databricks("task_key: a, run_job_task: {job_id: 1}"),
        ["a run_job_task: retries unknown, timeout unknown"],
    ),
    (
        "a job that targets change",
        "job.yml",
        databricks(f"task_key: a, {ON_CLUSTER}") + "targets:\n  dev:\n    resources:\n      jobs: {orders: {}}\n",
        [],
    ),
    (
        "the settings of a job as the service takes them",
        "job.json",
        '{"name": "orders", "tasks": [{"task_key": "a", "existing_cluster_id": "1", "spark_python_task": {}}]}',
        ["a spark_python_task: retries none (0), timeout none"],
    ),
    ("a job of Glue", "t.yaml", glue(""), ["Load glueetl: retries none (0), timeout none (2 days, 0:00:00)"]),
    (
        "settings of a job of Glue",
        "t.yaml",
        glue("      MaxRetries: 1\n      Timeout: 30\n"),
        ["Load glueetl: retries 1, timeout 0:30:00"],
    ),
    (
        "the limit of later versions",
        "t.yaml",
        glue("      GlueVersion: '5.0'\n      MaxRetries: !Ref Retries\n"),
        ["Load glueetl: retries unknown, timeout none (8:00:00)"],
    ),
    (
        "Terraform's JSON",
        "main.tf.json",
        '{"resource": {"aws_glue_job": {"load": {"command": {"name": "pythonshell"}, "max_retries": 0}}}}',
        ["load pythonshell: retries 0, timeout none (2 days, 0:00:00)"],
    ),
    ("a template of something else", "t.yaml", "Resources:\n  A: {Type: 'AWS::S3::Bucket'}\n", []),
    ("a torn file", "job.yml", databricks(f"task_key: a, {ON_CLUSTER}") + "  - [", []),
]


@pytest.mark.parametrize(("path", "text", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_lift(path: str, text: str, expected: list[str]) -> None:
    assert [told(task, job.edges) for job in lift(path, text) for task in job.tasks] == expected


def test_a_task_tells_its_settings_where_it_is_named() -> None:
    text = databricks(f"task_key: load, {ON_CLUSTER}, max_retries: 2")
    made = workspace({"resources/job.yml": text})
    made.index_all()
    hover = made.hover(f"{ROOT}/resources/job.yml", text.index("load"))
    assert hover is not None and "retries: **2**" in hover.markdown and "timeout: none" in hover.markdown
