"""Choosing what is inserted, asked of the real server: which checks for a table, which retries for which task."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from lsp.conftest import Start
from lsp.wire import PIPESENSE, ROOT, VSCODE, Wire, uri

WORKSPACE = ROOT / "tests" / "editors" / "workspace"
DAG = "dags/customer_analytics.py"
LOAD = "dags/sql/load_customer_metrics.sql"


@pytest.fixture
def wire(start: Start, tmp_path: Path) -> Wire:
    shutil.copytree(WORKSPACE, tmp_path / "w")
    wire = start(PIPESENSE)
    wire.initialize(VSCODE, tmp_path / "w")
    wire.folder = tmp_path / "w"  # type: ignore[attr-defined]
    return wire


def opened(wire: Wire, name: str) -> str:
    """Open a file of the workspace; its URI, once the folder has been looked through."""
    file: Path = wire.folder / name  # type: ignore[attr-defined]
    wire.open(uri(file), file.read_text(), "python" if name.endswith(".py") else "sql")
    while wire.request("pipesense/status", {"uri": None})["files"] < 4:
        time.sleep(0.02)
    return uri(file)


def edited(wire: Wire, name: str, edit: dict[str, Any]) -> str:
    """A file's text with the edit in it; the test texts have one character per UTF-16 unit."""
    file: Path = wire.folder / name  # type: ignore[attr-defined]
    lines = file.read_text().splitlines(keepends=True) if file.exists() else []
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    text = "".join(lines)
    edits = [
        each
        for change in edit["documentChanges"]
        if "edits" in change and change["textDocument"]["uri"] == uri(file)
        for each in change["edits"]
    ]
    places = [
        (*(starts[each["range"][end]["line"]] + each["range"][end]["character"] for end in ("start", "end")), each)
        for each in edits
    ]
    for start, end, each in sorted(places, key=lambda place: place[0], reverse=True):
        text = text[:start] + each["newText"] + text[end:]
    return text


def test_tables_of_a_file_begin_with_the_one_under_the_cursor(wire: Wire) -> None:
    name = opened(wire, "sql/tables.sql")
    far = wire.request("pipesense/tables", {"uri": name, "position": {"line": 8, "character": 20}})
    assert far == [{"name": "mart.customer_metrics", "here": True}, {"name": "mart.orders", "here": False}]


def test_tables_of_a_dag_are_those_that_its_tasks_load(wire: Wire) -> None:
    name = opened(wire, DAG)
    assert wire.request("pipesense/tables", {"uri": name}) == [{"name": "mart.customer_metrics", "here": False}]


def test_every_proposed_check_has_a_reason(wire: Wire) -> None:
    plan = wire.request("pipesense/checkPlan", {"uri": opened(wire, LOAD), "table": "mart.customer_metrics"})
    reasons = {each["label"]: (each["dimension"], each["reason"]) for each in plan["checks"]}
    assert reasons["email has its form"] == ("validity", "email is named like an email address")
    assert all(reason for _, reason in reasons.values())
    assert plan["leftOut"], "what the database refuses anyway is told"
    assert [form["id"].partition("/")[0] for form in plan["forms"]] == ["airflow", "sql", "sql"]


def test_only_the_chosen_checks_are_inserted(wire: Wire) -> None:
    name = opened(wire, LOAD)
    plan = wire.request("pipesense/checkPlan", {"uri": name, "table": "mart.customer_metrics"})
    form = next(each["id"] for each in plan["forms"] if each["id"].startswith("sql/below"))
    params = {"uri": name, "table": "mart.customer_metrics", "form": form, "checks": ["email_has_its_form"]}
    answer = wire.request("pipesense/insertChecks", params)
    assert answer["refusal"] is None
    added = edited(wire, LOAD, answer["edit"]).removeprefix((WORKSPACE / LOAD).read_text().rstrip("\n"))
    assert added.count("SELECT") == 1
    assert "email" in added
    assert "changeAnnotations" not in answer["edit"], "what was shown needs no second confirmation"


def test_nothing_chosen_is_refused_with_a_reason(wire: Wire) -> None:
    name = opened(wire, LOAD)
    params = {"uri": name, "table": "mart.customer_metrics", "form": "sql/below/mart.customer_metrics", "checks": []}
    answer = wire.request("pipesense/insertChecks", params)
    assert answer["edit"] is None
    assert answer["refusal"].startswith("Nothing was inserted: there is nothing to add")


@pytest.mark.parametrize("form", ["sql/below/other", "xml/below/mart.customer_metrics", "", 3])
def test_a_form_that_there_is_not(wire: Wire, form: object) -> None:
    params = {"uri": opened(wire, LOAD), "table": "mart.customer_metrics", "form": form, "checks": ["x"]}
    assert "in this form" in wire.error("pipesense/insertChecks", params)["message"]


def test_tasks_are_told_with_what_happens_to_a_failed_attempt(wire: Wire) -> None:
    tasks = wire.request("pipesense/tasks", {"uri": opened(wire, DAG)})
    told = [(each["task"], each["now"], each["reason"], each["lacking"]) for each in tasks]
    none = "no failed attempt is repeated"
    assert told == [
        (None, "the defaults for all tasks say nothing of retries", "2 of 2 tasks are not repeated", True),
        ("extract_customers", none, "it touches the network, where most failures are short", True),
        ("load_customer_analytics", none, "it writes mart.customer_metrics", True),
    ]
    assert tasks[2]["range"]["start"] == {"line": 21, "character": 16}


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        (
            0,
            'timedelta(hours=1), "retries": 5, "retry_delay": timedelta(minutes=2), "retry_exponential_backoff": True}',
        ),
        (1, "@task(retries=5, retry_delay=timedelta(minutes=2), retry_exponential_backoff=True)"),
        (2, "        retries=5,\n        retry_delay=timedelta(minutes=2),\n        retry_exponential_backoff=True,\n"),
    ],
)
def test_retries_for_all_tasks_or_for_one(wire: Wire, target: int, wanted: str) -> None:
    name = opened(wire, DAG)
    tasks = wire.request("pipesense/tasks", {"uri": name})
    params = {"uri": name, "target": tasks[target]["id"], "attempts": 5, "delayMinutes": 2}
    answer = wire.request("pipesense/setRetries", params)
    assert answer["refusal"] is None
    assert wanted in edited(wire, DAG, answer["edit"])


def test_a_task_that_appends_is_told_apart(wire: Wire) -> None:
    load: Path = wire.folder / LOAD  # type: ignore[attr-defined]
    load.write_text("INSERT INTO mart.visits SELECT * FROM stage.visits;\n")
    tasks = wire.request("pipesense/tasks", {"uri": opened(wire, DAG)})
    (task,) = [each for each in tasks if each["task"] == "load_customer_analytics"]
    assert (task["lacking"], task["careful"]) == (False, True)
    assert "a second attempt would write its rows again" in task["reason"]


@pytest.mark.parametrize(
    ("attempts", "minutes", "why"), [(0, 5, "between 1 and 100"), ("3", 5, "between 1 and 100"), (3, 0, "one minute")]
)
def test_numbers_that_make_no_sense(wire: Wire, attempts: object, minutes: object, why: str) -> None:
    params = {"uri": opened(wire, DAG), "target": "x", "attempts": attempts, "delayMinutes": minutes}
    assert why in wire.error("pipesense/setRetries", params)["message"]


def test_what_is_not_there_any_more(wire: Wire) -> None:
    name = opened(wire, DAG)
    answer = wire.request(
        "pipesense/setRetries",
        {"uri": name, "target": "customer_analytics_pipeline\ngone", "attempts": 3, "delayMinutes": 5},
    )
    assert answer == {"edit": None, "refusal": "Nothing was inserted: the task is not there any more."}
    for method in ("tables", "tasks"):
        assert "not open" in wire.error(f"pipesense/{method}", {"uri": name + "x"})["message"]
