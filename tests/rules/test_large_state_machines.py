"""Rules ask each task of a large graph a few times, not once for every other task."""

from __future__ import annotations

import json

import pytest

from pipesense_rules import shapes
from support.memory import ROOT, workspace

_MANY = 200


def _machine() -> str:
    resource = "arn:aws:states:::glue:startJobRun.sync"
    states = {f"Load{n}": {"Type": "Task", "Resource": resource, "Next": f"Load{n + 1}"} for n in range(_MANY)}
    states[f"Load{_MANY}"] = {"Type": "Succeed"}  # type: ignore[dict-item]
    return json.dumps({"StartAt": "Load0", "States": states})


def test_the_checks_of_a_graph_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    known = shapes.suggests_check

    def suggests_check(task: object) -> bool:
        asked.append(task.name)  # type: ignore[attr-defined]
        return known(task)  # type: ignore[arg-type]

    monkeypatch.setattr(shapes, "suggests_check", suggests_check)
    made = workspace({"flow.asl.json": _machine()})
    made.index_all()
    assert [len(pipeline.tasks) for pipeline in made._whole_record(f"{ROOT}/flow.asl.json").pipelines] == [_MANY + 1]  # type: ignore[union-attr]
    assert _MANY <= len(asked) <= 4 * _MANY


def test_a_finding_shows_so_many_places_as_somebody_reads() -> None:
    made = workspace({"flow.asl.json": _machine()})
    made.index_all()
    told = [each for each in made.findings(f"{ROOT}/flow.asl.json") if each.related]
    assert told
    assert all(len(each.related) == 25 for each in told)
    assert any(f"and {_MANY - 3} more" in each.message for each in told)
