"""Obsolete names and calls at parse time (``uses.md``), and the places that explain a pattern."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipesense.model.code import CallAtParse, ObsoleteUse
from systems.lifting import Case, Workspace, cases

CASES = cases(Path(__file__).with_name("uses.md"))


def told_use(use: ObsoleteUse, workspace: Workspace, name: str) -> str:
    since = ".".join(map(str, use.since))
    package = "" if use.package == "apache-airflow" else f" {use.package}"
    older = " (older version in use)" if use.target.below(use.since) else ""
    written = " ".join(workspace.written(name, use.loc).split())
    line = workspace.line(name, use.loc)
    text = f"{line}: {written}: {use.change.name}{package} {since}{older} -> {use.instead}"
    return text + (" [guarded]" if use.guarded else "") + ("" if use.fix else " [no fix]")


def told_call(call: CallAtParse, workspace: Workspace, name: str) -> str:
    via = f" via {' > '.join(call.via)}" if call.via else ""
    template = f" -> {call.template}" if call.template else ""
    return f"{workspace.line(name, call.loc)}: {call.what}{via}{template}"


def told_calls(call: CallAtParse, workspace: Workspace, name: str) -> str:
    lines = [told_call(each, workspace, name) for each in (call, *call.again)]
    return "\n    again ".join(lines)


def told(case: Case) -> dict[str, str]:
    workspace = Workspace(case.files)
    _, _, lifted = workspace.lift(case.lifted)
    uses = [told_use(use, workspace, case.lifted) for use in lifted.obsolete]
    calls = [told_calls(call, workspace, case.lifted) for call in lifted.calls_at_parse]
    order = lambda line: int(line.partition(":")[0])  # noqa: E731
    return {
        "obsolete": "".join(f"{line}\n" for line in sorted(uses, key=order)),
        "parse": "".join(f"{line}\n" for line in sorted(calls, key=order)),
    }


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_uses(case: Case) -> None:
    found = told(case)
    for what, expected in case.expected.items():
        assert found[what] == expected


def test_settings_and_checks_are_explained_where_they_stand() -> None:
    text = (
        "from airflow.sdk import DAG\n"
        "from airflow.providers.common.sql.operators.sql import SQLColumnCheckOperator\n"
        'defaults = {"owner": "x", "retries": 3}\n'
        'other = {"schedule": "not a default"}\n'
        'with DAG("orders", schedule="@daily", catchup=False, default_args=defaults):\n'
        '    SQLColumnCheckOperator(task_id="c", table="t", column_mapping={}, accept_none=False)\n'
        'print(schedule="no operator")\n'
    )
    workspace = Workspace({"dags/example.py": text})
    _, _, lifted = workspace.lift("dags/example.py")
    found = {workspace.written("dags/example.py", site.loc): site.pattern for site in lifted.sites}
    assert found == {
        '"retries"': "retry-with-backoff",
        'schedule="@daily"': "scheduling-and-catchup",
        "catchup=False": "scheduling-and-catchup",
        "SQLColumnCheckOperator": "quality-checks",
        "column_mapping={}": "quality-checks",
        "accept_none=False": "quality-checks",
    }
