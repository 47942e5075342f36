"""A document that is read in parts says, incrementally and from scratch, what one says that is read whole."""

from __future__ import annotations

import json
import random

import pytest

from pipesense.engine.workspace import Workspace
from pipesense.lang.documents import parts
from pipesense.model.change import Refusal
from pipesense.model.flow import Pipeline
from pipesense.text.encoding import PositionEncoding
from support import pieces
from support.memory import ROOT, settle, workspace


def _states(many: int) -> dict[str, dict[str, object]]:
    service = "arn:aws:states:::{}"
    kinds = ("sqs:sendMessage.waitForTaskToken", "lambda:invoke", "glue:startJobRun.sync", "sns:publish")
    made: dict[str, dict[str, object]] = {}
    for n in range(many):
        one: dict[str, object] = {"Type": "Task", "Resource": service.format(kinds[n % 4])}
        if n % 3 == 0:
            one["Retry"] = [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"], "MaxAttempts": 2}]
        if n % 5 == 0:
            one["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "Do1"}]
        if n == 4:
            branch = {"StartAt": "In", "States": {"In": {"Type": "Task", "Resource": service.format("sns:publish")}}}
            one = {"Type": "Parallel", "Branches": [branch]}
        made[f"Do{n}"] = {**one, "Next": f"Do{n + 1}"}
    made["Last"] = {"Type": "Task", "Resource": "${Door.Arn}", "End": True}
    return made


def _yaml(value: object, depth: int) -> str:
    blanks = "  " * depth
    if isinstance(value, dict):
        return "".join(
            f"{blanks}{key}:{_yaml(each, depth + 1) if not isinstance(each, dict) else chr(10) + _yaml(each, depth + 1)}"
            for key, each in value.items()
        )
    return f" {json.dumps(value)}\n"


def _machine(many: int) -> dict[str, object]:
    return {"Comment": "x", "StartAt": "Do0", "States": _states(many), "TimeoutSeconds": 900}


def _template(many: int) -> dict[str, object]:
    kind = "AWS::StepFunctions::StateMachine"
    large = {"Type": kind, "Properties": {"Definition": _machine(many)}}
    small = {"Type": kind, "Properties": {"StateMachineType": "EXPRESS", "Definition": _machine(1)}}
    door = {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b"}}
    return {"Description": "d", "Resources": {"Door": door, "Large": large, "Small": small, "Other": door}}


TEXTS = {
    "flow.asl.yaml": _yaml(_machine(9), 0),
    "flow.asl.json": json.dumps(_machine(9), indent=2),
    "template.yaml": _yaml(_template(9), 0),
    "template.json": json.dumps(_template(9), indent=1),
}
PIECES = (*pieces.PIECES, "Do3", '"Next": "Do1"', "Next: Do1", "Ty")


def _all(made: Workspace, path: str) -> object:
    """Findings, pipelines, hovers and offers with their edits; places in the whole text."""
    record = made._whole_record(path)
    assert record is not None
    span = record.document.file_span
    facts = [
        (each.name, span(each.loc), [(task.name, span(task.loc), span(task.whole), task.kind) for task in each.tasks])
        for each in record.pipelines
        if isinstance(each, Pipeline)
    ]
    findings = made.findings(path)
    told = [(each.rule, each.message, each.span, [(r.span, r.text) for r in each.related]) for each in findings]
    sites = [(site.pattern, span(site.loc)) for site in record.linked.sites]
    return told, facts, sites, [(each.span, each.why) for each in made.not_analysed(path)]


def _fixed(made: Workspace, path: str) -> list[object]:
    found: list[object] = []
    for each in made.findings(path):
        for offer in made.offers(each):
            built = made.build(offer.id, path)
            found.append((offer.title, built.why if isinstance(built, Refusal) else built.edits))
    return found


def _fresh(name: str, text: str) -> Workspace:
    made = workspace({name: text})
    made.index_all()
    return made


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(parts, "LARGE", 100)
    monkeypatch.setattr(parts, "_MOST", 900)
    return monkeypatch


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", TEXTS)
def test_edits_give_what_the_whole_gives(name: str, seed: int, in_parts: pytest.MonkeyPatch) -> None:
    chance = random.Random(f"{name} {seed}")
    path, text = f"{ROOT}/{name}", TEXTS[name]
    made = workspace({})
    made.open(path, text)
    made.analyse(path)
    for _ in range(25):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 0, 0, 1, 5)))
        piece = chance.choice(PIECES) if chance.random() < 0.8 else ""
        changed = text[:start] + piece + text[end:]
        for each in (changed,) if chance.random() < 0.1 else (changed, text):
            _type(made, path, each)
            settle(made)
            text = each
    whole = workspace({name: text})
    in_parts.setattr(parts, "LARGE", 10**9)
    whole.index_all()
    assert _all(made, path) == _all(whole, path)


def _type(made: Workspace, path: str, text: str) -> None:
    buffer = made.text(path)
    assert buffer is not None
    old = buffer.text
    same = next((n for n, (a, b) in enumerate(zip(old, text, strict=False)) if a != b), min(len(old), len(text)))
    behind = 0
    while behind < min(len(old), len(text)) - same and old[-1 - behind] == text[-1 - behind]:
        behind += 1
    where = buffer.lines.position
    made.change(path, where(same), where(len(old) - behind), text[same : len(text) - behind], PositionEncoding.UTF32)
    made.analyse(path)


@pytest.mark.parametrize("name", TEXTS)
def test_fixes_are_those_of_the_whole(name: str, in_parts: pytest.MonkeyPatch) -> None:
    path, text = f"{ROOT}/{name}", TEXTS[name]
    made = workspace({})
    made.open(path, text)
    made.analyse(path)
    at = text.index("sns:publish")
    _type(made, path, f"{text[:at]}x{text[at:]}")
    _type(made, path, text)
    built = _fixed(made, path)
    in_parts.setattr(parts, "LARGE", 10**9)

    assert built == _fixed(_fresh(name, text), path)
    assert len(built) > 3


@pytest.mark.parametrize("name", TEXTS)
def test_a_key_lifts_the_state_that_it_is_typed_in(name: str, in_parts: pytest.MonkeyPatch) -> None:
    from pipesense.systems.stepfunctions.states import Reader

    path, text = f"{ROOT}/{name}", TEXTS[name]
    made = workspace({})
    made.open(path, text)
    made.analyse(path)
    lifted: list[str] = []
    state = Reader.state
    in_parts.setattr(
        Reader, "state", lambda self, entry, *rest: (lifted.append(entry.key), state(self, entry, *rest))[1]
    )
    at = text.index("glue:startJobRun.sync") + 5
    _type(made, path, f"{text[:at]}x{text[at:]}")

    assert lifted == ["Do2"]
    assert made._records[path].document.reading.reused == 1  # type: ignore[union-attr]


def test_names_of_states_are_found_and_renamed_in_parts(in_parts: pytest.MonkeyPatch) -> None:
    name = "flow.asl.yaml"
    path, text = f"{ROOT}/{name}", TEXTS[name]
    made = _fresh(name, text)
    names = made.features.names_of(path, text.index("Do3:") + 1)
    edits = names.rename(path, text.index("Do3:") + 1, "Ask")

    assert not isinstance(edits, Refusal)
    assert [each.span.of(text) for each in edits[path]] == ["Do3"] * text.count("Do3")


def test_findings_stay_with_what_was_put_away(in_parts: pytest.MonkeyPatch) -> None:
    name = "template.yaml"
    path, text = f"{ROOT}/{name}", TEXTS[name]
    made = workspace({})
    made.open(path, text)
    made.analyse(path)
    before = _all(made, path)
    made._records[path].document.forget()
    made.analyse(path)

    assert _all(made, path) == before
