"""Names of states and steps: definition, references, rename and completion, in YAML and JSON."""

from __future__ import annotations

import json

import pytest

from pipesense.engine.workspace import Workspace
from pipesense.model.change import Refusal
from pipesense.text.edit import apply_edits
from support.memory import ROOT, workspace

MACHINE = """StartAt: Load
States:
  Load:
    Type: Task
    Resource: arn:aws:states:::sns:publish
    Catch: [{ErrorEquals: [States.ALL], ResultPath: $.e, Next: Report}]
    Next: Both
  Both:
    Type: Parallel
    Branches:
      - StartAt: Count
        States:
          Count: {Type: Pass, End: true}
    Next: "Report"
  Report: {Type: Pass, End: true}
"""
WORKFLOW = """main:
  steps:
    - load:
        call: sys.log
        next: tell
    - wait: {assign: []}
    - tell:
        switch:
          - {condition: true, next: load}
"""


def opened(text: str, name: str = "a.asl.yaml") -> tuple[Workspace, str]:
    made, path = workspace({}), f"{ROOT}/{name}"
    made.open(path, text)
    made.analyse(path)
    return made, path


def at(text: str, mark: str) -> int:
    return text.index(mark) + len(mark)


PLACES = [
    ("Next: Rep", "Report", 3),
    ("StartAt: L", "Load", 2),
    ("\n  Both", "Both", 2),
    ("StartAt: Cou", "Count", 2),
]


@pytest.mark.parametrize(("mark", "name", "count"), PLACES)
def test_definition_and_references(mark: str, name: str, count: int) -> None:
    made, path = opened(MACHINE)
    names = made.features.names_of(path, 0)
    offset = at(MACHINE, mark)
    (defined,) = names.definition(path, offset)
    assert defined.span.of(MACHINE) == name
    assert MACHINE[defined.span.end] == ":"
    assert [place.span.of(MACHINE) for place in names.references(path, offset)] == [name] * count
    assert len(names.highlights(path, offset)) == count


def test_rename_changes_every_way_to_the_state() -> None:
    made, path = opened(MACHINE)
    changed = made.features.names_of(path, 0).rename(path, at(MACHINE, "Next: Rep"), "Tell people")
    assert not isinstance(changed, Refusal)
    after = apply_edits(MACHINE, changed[path])
    assert after == MACHINE.replace("Report", "Tell people")


@pytest.mark.parametrize(
    ("text", "mark", "name", "why"),
    [
        (MACHINE, "Next: Rep", "Count", "called `Count` already"),
        (MACHINE, "Next: Rep", 'a"b', "cannot be written without quotes"),
        (MACHINE, "Next: Rep", "x: y", "cannot be written without quotes"),
        (MACHINE, "Resource: a", "x", "no name that is known"),
        (MACHINE.replace("Next: Both", 'Next: "${Then}"'), "ResultPath: $.e, Next: Rep", "x", "filled in later"),
        (MACHINE.replace("Next: Both", "Next: Gone"), "Next: Gon", "x", "there is no state of that name"),
    ],
)
def test_refuses_to_rename(text: str, mark: str, name: str, why: str) -> None:
    made, path = opened(text)
    answer = made.features.names_of(path, 0).rename(path, at(text, mark), name)
    assert isinstance(answer, Refusal)
    assert why in answer.why


def test_steps_of_a_workflow_have_names_too() -> None:
    made, path = opened(WORKFLOW, "a.workflows.yaml")
    names = made.features.names_of(path, 0)
    (defined,) = names.definition(path, at(WORKFLOW, "next: te"))
    assert WORKFLOW[: defined.span.start].count("\n") == 6
    changed = names.rename(path, at(WORKFLOW, "next: te"), "report")
    assert not isinstance(changed, Refusal)
    assert apply_edits(WORKFLOW, changed[path]) == WORKFLOW.replace("tell", "report")


JSON = (
    '{"StartAt": "A", "States": {\n"A": {"Type": "Pass", "Next": |},\n"B": {"Type": "Succeed"}, "C": {"Type": "Fail"}}}'
)
TYPED = [
    ("a.asl.yaml", MACHINE.replace("Next: Both", "Next: |"), ["Both", "Report"], "Next: Both"),
    ("a.asl.yaml", MACHINE.replace("Next: Both", "Next: Bo|th"), ["Both", "Report"], "Next: Both"),
    ("a.asl.yaml", MACHINE.replace('Next: "Report"', 'Next: "|"'), ["Load", "Report"], 'Next: "Load"'),
    ("a.asl.yaml", MACHINE.replace("StartAt: Count", "StartAt: |"), ["Count"], "StartAt: Count"),
    ("a.asl.json", JSON, ["B", "C"], '"Next": "B"}'),
    ("a.asl.json", JSON.replace("|", '"|"'), ["B", "C"], '"Next": "B"}'),
    ("a.asl.json", JSON.replace("|", '"|'), ["B", "C"], '"Next": "B'),
    ("a.workflows.yaml", WORKFLOW.replace("next: tell", "next: |"), ["wait", "tell", "end"], "next: wait"),
    ("a.asl.yaml", MACHINE.replace("Type: Pass", "Type: |"), [], ""),
    ("a.asl.yaml", "Next: |\n", [], ""),
]


@pytest.mark.parametrize(("name", "text", "expected", "first"), TYPED)
def test_completes_names(name: str, text: str, expected: list[str], first: str) -> None:
    offset = text.index("|")
    text = text.replace("|", "", 1)
    made, path = opened(text, name)
    items = made.features.complete(path, offset)
    labels = [item.label for item in items]
    assert labels[: len(expected)] == expected if "end" in expected else sorted(labels) == sorted(expected)
    if items:
        item = next(each for each in items if each.label in first)
        assert first in text[: item.span.start] + item.insert + text[item.span.end :]


DEFINITION = """{
  "Comment": "é 😀",
  "StartAt": "Load it",
  "States": {
    "Load it": {
      "Type": "Task",
      "Resource": "arn:aws:states:::glue:startJobRun.sync",
      "Parameters": {"JobName": "${Job}"},
      "Next": "Pick"
    },
    "Pick": {
      "Type": "Choice",
      "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "Wait"}],
      "Default": "Load it"
    },
    "Wait": {"Type": "Pass", "End": true}
  }
}"""
TEXTS = {
    "!Sub |": (" !Sub |\n", "\n", 8),
    "|-": (" |-\n", "", 8),
    "!Sub >": (" !Sub >\n", "\n", 8),
    "Fn::Sub": ("\n        Fn::Sub: |\n", "\n", 10),
    "Fn::Sub of a list": ("\n        Fn::Sub:\n          - |\n", "\n          - {Job: b}\n", 12),
    "!Sub of a list": (" !Sub\n        - |\n", "\n        - {Job: b}\n", 10),
    "single quotes": (" !Sub '\n", "'\n", 8),
}


@pytest.mark.parametrize("form", TEXTS)
def test_names_and_fixes_in_a_text_of_a_template(form: str) -> None:
    before, after, depth = TEXTS[form]
    indented = "\n".join(" " * depth + line for line in DEFINITION.splitlines())
    head = "Resources:\n  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      DefinitionString:"
    text = f"{head}{before}{indented}{after}"
    made, path = opened(text, "template.yaml")
    names = made.features.names_of(path, at(text, '"Next": "Wa'))
    assert [place.span.of(text) for place in names.definition(path, at(text, '"Next": "Wa'))] == ["Wait"]
    edits = names.rename(path, at(text, '"Next": "Wa'), "Rest")
    assert not isinstance(edits, Refusal)
    assert apply_edits(text, edits[path]) == text.replace('"Wait"', '"Rest"')
    assert "Wait" in {item.label for item in made.features.complete(path, at(text, '"Default": "'))}
    (finding,) = [each for each in made.findings(path) if each.rule == "reliability/no-retries"]
    assert finding.span.of(text) == "Load it"
    built = made.build(made.offers(finding)[0].id, path)
    assert not isinstance(built, Refusal)
    fixed = apply_edits(text, built.edits[path])
    inner = fixed[len(head) + len(before) : len(fixed) - len(after)]
    states = json.loads(inner)["States"]
    assert states["Load it"]["Retry"]
    assert {**states["Load it"], "Retry": None} == {**json.loads(DEFINITION)["States"]["Load it"], "Retry": None}


def test_a_name_in_quotes_may_hold_what_quotes_allow() -> None:
    made, path = opened(DEFINITION, "a.asl.json")
    place = at(DEFINITION, '"Next": "Wa')
    edits = made.features.names_of(path, place).rename(path, place, "Is it 1:1?")
    assert not isinstance(edits, Refusal)
    assert apply_edits(DEFINITION, edits[path]) == DEFINITION.replace('"Wait"', '"Is it 1:1?"')
    for name in ('a "b"', "a\\b", "a'b", "?" * 81):
        assert isinstance(made.features.names_of(path, place).rename(path, place, name), Refusal)


def test_behind_a_branch_on_its_last_line_the_states_outside_are_offered() -> None:
    inner = '"States": {"In": {"Type": "Pass", "End": true}}'
    text = (
        '{"StartAt": "Each", "States": {\n"Each": {"Type": "Map", "ItemProcessor": {"StartAt": "In", ' + inner + "}, "
        '"Next": "Out"},\n"Out": {"Type": "Succeed"}}}'
    )
    made, path = opened(text, "a.asl.json")
    assert [item.label for item in made.features.complete(path, at(text, '"Next": "O'))] == ["Out"]
