"""What is read in workflows, as a table: steps in YAML, and a line per step that asks for something.

A line says: name, call, "retry" and "timeout" as known/absent/unknown.
"""

from __future__ import annotations

import json

import pytest
import yaml

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.documents.read import read_document
from pipesense.model.states import StateMachine, StepRetry
from pipesense.systems.cloud_workflows import SYSTEM
from pipesense.systems.system import Lifted


def lift(text: str, path: str = "/project/load.workflows.yaml") -> Lifted:
    assert SYSTEM.claims(path, text)
    language = "json" if path.endswith(".json") else "yaml"
    return SYSTEM.lift(DocumentFile(path, language, 1, read_document(language, text)))


def told(lifted: Lifted) -> list[str]:
    (pipeline,) = lifted.pipelines
    return [
        f"{task.name} {task.kind} {type(task.retry).__name__} {type(task.timeout).__name__}".lower()
        for task in pipeline.tasks
        if task.runs
    ]


CASES = [
    ("a plain list", "- a:\n    call: http.get\n    args: {url: x}\n", ["a http.get absent absent"]),
    ("a main part", "main:\n  steps:\n  - a: {call: http.post, args: {timeout: 9}}\n", ["a http.post absent known"]),
    ("a computed limit", '- a: {call: http.get, args: {timeout: "${t}"}}\n', ["a http.get absent unknown"]),
    (
        "a policy by its name",
        "- a:\n    try: {call: http.get}\n    retry: ${http.default_retry}\n",
        ["a http.get known absent"],
    ),
    (
        "a policy of its own",
        "- a:\n    try: {call: http.get}\n    retry: {predicate: p, max_retries: 2, backoff: {}}\n",
        ["a http.get known absent"],
    ),
    (
        "steps in a try",
        "- a:\n    try:\n      steps:\n      - b: {call: http.get}\n      - c: {for: {value: v, in: x, steps: [{d: {call: http.put}}]}}\n    retry: ${r}\n",
        ["b http.get known absent", "d http.put known absent"],
    ),
    (
        "steps in the except of a retried try are not repeated",
        "- a:\n    try: {call: http.get}\n    retry: ${r}\n    except: {as: e, steps: [{b: {call: http.post}}]}\n",
        ["a http.get known absent", "b http.post absent absent"],
    ),
    (
        "a try inside a retried try",
        "- a:\n    try:\n      steps:\n      - b:\n          try: {call: http.get}\n          except: {as: e, steps: []}\n    retry: ${r}\n",
        ["b http.get known absent"],
    ),
    (
        "parallel branches",
        "- a:\n    parallel:\n      branches:\n      - one: {steps: [{b: {call: http.get}}]}\n      - two: {steps: [{c: {call: sys.log}}]}\n",
        ["b http.get absent absent"],
    ),
    (
        "a parallel loop",
        "- a: {parallel: {for: {value: v, in: x, steps: [{b: {call: http.get}}]}}}\n",
        ["b http.get absent absent"],
    ),
    (
        "a switch with steps",
        "- a:\n    switch:\n    - condition: true\n      steps: [{b: {call: http.get}}]\n    - condition: false\n      next: end\n",
        ["b http.get absent absent"],
    ),
    (
        "a connector",
        "- a: {call: googleapis.bigquery.v2.jobs.insert}\n",
        ["a googleapis.bigquery.v2.jobs.insert unknown unknown"],
    ),
    ("a callback", "- a: {call: events.await_callback}\n", ["a events.await_callback unknown absent"]),
    (
        "a subworkflow that is called under a retry, and one below it",
        "main:\n  steps:\n  - a:\n      try: {call: one}\n      retry: ${r}\none:\n  steps:\n  - b: {call: two}\n"
        "two:\n  steps:\n  - c: {call: http.get}\n",
        ["two.c http.get unknown absent"],
    ),
    (
        "a subworkflow that is not",
        "main:\n  steps:\n  - a: {call: one}\none:\n  steps:\n  - b: {call: http.get}\n",
        ["one.b http.get absent absent"],
    ),
    (
        "an except that goes back",
        "- a: {assign: [{n: 0}]}\n- b:\n    try: {call: http.get}\n    except: {as: e, steps: [{c: {next: a}}]}\n",
        ["b http.get unknown absent"],
    ),
]


@pytest.mark.parametrize(("title", "text", "expected"), CASES, ids=[case[0] for case in CASES])
@pytest.mark.parametrize("language", ["yaml", "json"])
def test_steps(title: str, text: str, expected: list[str], language: str) -> None:
    if language == "json":
        text = json.dumps(yaml.safe_load(text), indent=1)
    assert told(lift(text, f"/project/load.workflows.{language}")) == expected


def test_order_and_jumps() -> None:
    text = (
        "main:\n  steps:\n  - a: {assign: []}\n  - b:\n      switch:\n      - {condition: x, next: d}\n"
        "  - c: {call: sys.log, next: end}\n  - d: {return: x}\n"
    )
    (pipeline,) = lift(text).pipelines
    assert sorted(pipeline.edges.pairs) == [("a", "b"), ("b", "c"), ("b", "d")]


def test_names_of_each_part_are_its_own() -> None:
    text = "main:\n  steps:\n  - a: {next: b}\n  - b: {call: one}\none:\n  steps:\n  - c: {next: a}\n"
    (machine,) = (each for each in lift(text).facts if isinstance(each, StateMachine))
    assert [[state.name for state in graph.states] for graph in machine.graphs] == [["a", "b"], ["c"]]
    assert [[jump.name for jump in graph.jumps()] for graph in machine.graphs] == [["b"], ["a"]]


RETRIES = [
    ("try: {call: http.post}\n    retry: ${http.default_retry}", "http.default_retry", (), [False]),
    ("try: {call: http.get}\n    retry: {max_retries: 1}", "", ("predicate", "backoff"), [True]),
    ("try: {call: http.request, args: {method: PUT}}\n    retry: ${x}", "x", (), [True]),
    ("try: {call: http.post, args: {headers: {X-Idempotency-Key: k}}}\n    retry: ${x}", "x", (), [True]),
    ("try: {call: googleapis.a.b}\n    retry: ${x}", "x", (), []),
    ("try: {call: http.get}\n    retry: {<<: *a}", "", (), [True]),
]


@pytest.mark.parametrize(("body", "policy", "missing", "harmless"), RETRIES)
def test_retries(body: str, policy: str, missing: tuple[str, ...], harmless: list[bool]) -> None:
    lifted = lift(f"- z: &a {{assign: []}}\n- a:\n    {body}\n")
    (retry,) = (each for each in lifted.facts if isinstance(each, StepRetry))
    assert (retry.policy, retry.missing, [call.harmless for call in retry.calls]) == (policy, missing, harmless)


NOT_OURS = [
    ("/p/.circleci.yml", "version: 2\njobs:\n  main:\n    steps:\n    - run: x\n"),
    ("/p/a.json", '{"steps": [{"call": "home"}]}'),
    ("/p/workflow.asl.json", '{"StartAt": "main", "States": {}}'),
]


@pytest.mark.parametrize(("path", "text"), NOT_OURS)
def test_leaves_other_files_alone(path: str, text: str) -> None:
    assert not SYSTEM.claims(path, text)


def test_what_only_looks_like_steps_is_none() -> None:
    assert lift("main:\n  steps:\n  - uses: actions/checkout\n", "/p/x.workflows.yaml") == Lifted()


def test_sql_of_bigquery() -> None:
    text = (
        "- a:\n    call: googleapis.bigquery.v2.jobs.query\n    args: {body: {query: INSERT INTO mart.a SELECT 1}}\n"
        "- b:\n    call: googleapis.bigquery.v2.jobs.insert\n"
        "    args: {body: {configuration: {query: {query: SELECT * FROM mart.a}}}}\n"
    )
    (pipeline,) = lift(text).pipelines
    found = [f"{each.mode.value} {each.dataset}" for task in pipeline.tasks for each in task.accesses]
    assert found == ["appends to mart.a", "reads mart.a"]
