"""What pages call refused is refused by the real thing, and what their fixes write is taken.

Each invalid example of these rules that states an error must give an import error in Airflow's DagBag, and none of the
fixed ones may. A finding below error must load: it is about what happens later, or about nothing at all.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

from pipesense.host.rulepacks import load_registry
from pipesense.rule.harness import Case, cases
from pipesense.rule.meta import Severity
from pipesense.rule.page import strip_expectations

pytestmark = pytest.mark.framework

REGISTRY = load_registry()
RULES = (
    "correctness/task-arg-on-dag",
    "correctness/dag-arg-in-default-args",
    "correctness/default-arg-typo",
    "correctness/bad-arg-type",
    "correctness/bad-cron",
    "correctness/catchup-no-start",
    "correctness/duplicate-task-id",
    "correctness/cycle",
    "quality/bad-check-spec",
    "quality/check-cannot-fail",
    "monitoring/alert-without-recipient",
    "performance/sensor-poke",
)
OLDER = "apache-airflow==2"
"""What a context says that pins a release other than the one which this proof runs on."""
STRANGERS = ("cosmos", "company", "postgres", "slack", "prefect", "dagster")


def python_cases() -> list[tuple[str, Case]]:
    found: list[tuple[str, Case]] = []
    for rule_id in RULES:
        page = REGISTRY.page(rule_id)
        assert page is not None
        for case in cases(page):
            text = case.subject.text
            # A template is filled in before Airflow sees it.
            if case.subject.file.startswith("templates/") or any(OLDER in each.text for each in case.context):
                continue
            if case.subject.language == "python" and "airflow" in text and not any(each in text for each in STRANGERS):
                found.append((rule_id, case))
    return found


CASES = [pytest.param(rule, case, id=f"{rule}:{case.name}") for rule, case in python_cases()]


def import_errors(folder: Path, text: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "example.py").write_text(strip_expectations(text), encoding="utf-8")
    bag = DagBag(str(folder))
    return "\n".join(bag.import_errors.values())


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_examples_load_exactly_where_they_should(rule: str, case: Case, tmp_path: Path) -> None:
    # Where the version is not pinned a page says "warning" of what this release refuses.
    refused = any(
        each.severity is Severity.ERROR or each.rule == "correctness/catchup-no-start" for each in case.expected()
    )
    errors = import_errors(tmp_path / "subject", case.subject.text)
    assert bool(errors) == refused, errors
    for number, fixed in enumerate(case.fixed):
        errors = import_errors(tmp_path / f"fixed{number}", fixed.text)
        assert not errors, errors


def test_there_are_examples_of_both() -> None:
    refused = [case for _, case in python_cases() if any(each.severity is Severity.ERROR for each in case.expected())]
    assert len(refused) >= 8
    assert len(python_cases()) - len(refused) >= 20
