"""YAML and JSON files in a workspace: only those that some system knows, silenced in their own words, torn or whole."""

from __future__ import annotations

import sys

import pytest

from pipesense.engine.report import InternalError
from pipesense.lang.documents.read import comment_spans
from pipesense.model.states import StateMachine
from pipesense.text.edit import apply_edits
from pipesense.text.encoding import PositionEncoding
from support.memory import ROOT, settle, workspace

MACHINE = """{
  "StartAt": "Store",
  "States": {
    "Store": {
      "Type": "Task",
      "Resource": "arn:aws:states:::dynamodb:putItem",
      "End": true
    }
  }
}
"""
YAML = """StartAt: Store
States:
  Store:
    Type: Task
    Resource: arn:aws:states:::dynamodb:putItem
    End: true
"""
RULE = "reliability/no-retries"


def rules(path: str, text: str) -> list[str]:
    made = workspace({path: text})
    made.index_all()
    return [each.rule for each in made.findings(f"{ROOT}/{path}") if each.rule != "reliability/no-catch"]


def test_files_that_nobody_knows_are_not_kept() -> None:
    made = workspace({"a.json": MACHINE, "data.json": '{"rows": [1, 2]}', "conf.yaml": "a: 1\n", "package.json": "{}"})
    made.index_all()
    assert made.paths() == (f"{ROOT}/a.json",)
    assert made.counters.files_linked == 1


def test_a_file_becomes_a_machine_and_stops_being_one() -> None:
    made = workspace({"a.json": "{}"})
    made.index_all()
    path = f"{ROOT}/a.json"
    made._files.texts[path] = MACHINE  # type: ignore[attr-defined]
    made.touched([path])
    settle(made)
    assert RULE in [each.rule for each in made.findings(path)]
    made._files.texts[path] = "{}"  # type: ignore[attr-defined]
    made.touched([path])
    settle(made)
    assert (made.findings(path), made.paths()) == ((), ())


def test_opening_a_file_that_nobody_knows_wakes_no_other() -> None:
    made = workspace({"a.py": "x = 1\n", "conf.yaml": "a: 1\n"})
    made.index_all()
    linked = made.counters.files_linked
    made.open(f"{ROOT}/conf.yaml", "a: 1\n")
    made.index_all()
    assert made.counters.files_linked == linked + 1


def test_while_it_is_torn_nothing_is_said_and_then_all_again() -> None:
    made = workspace({})
    path = f"{ROOT}/a.asl.json"
    made.open(path, MACHINE)
    made.analyse(path)
    assert RULE in [each.rule for each in made.findings(path)]
    typed = ', "Retry": [{"ErrorEquals": ["X"]}], "Ret'
    made.change(path, (6, 18), (6, 18), typed, PositionEncoding.UTF16)
    made.analyse(path)
    assert made.findings(path) == ()
    assert [gap.why for gap in made.not_analysed(path)] == ["This string is not closed on its line."]
    made.change(path, (6, 18), (6, 18 + len(typed)), "", PositionEncoding.UTF16)
    made.analyse(path)
    assert RULE in [each.rule for each in made.findings(path)]
    assert made.not_analysed(path) == ()


def test_a_document_of_many_megabytes_is_left_alone() -> None:
    made = workspace({})
    path = f"{ROOT}/data.json"
    made.open(path, MACHINE[:-2] + ", " + ", ".join(f'"k{number}": [1, 2, 3]' for number in range(80_000)) + "}")
    made.analyse(path)
    assert (made.findings(path), made.not_analysed(path), made.counters.units_parsed) == ((), (), 0)


SILENT = [
    ("a.json", MACHINE.replace('"Type"', f'"Comment": "pipesense: ignore[{RULE}] paid once", "Type"')),
    ("a.json", MACHINE.replace('"StartAt"', f'"Comment": "pipesense: ignore[{RULE}]",\n  "StartAt"')),
    ("a.json", MACHINE.replace('"StartAt"', '"Comment": "pipesense: ignore-file[reliability]",\n  "StartAt"')),
    ("a.yaml", YAML.replace("Store:\n", f"Store:  # pipesense: ignore[{RULE}] paid once\n")),
    ("a.yaml", YAML.replace("  Store:\n", f"  # pipesense: ignore[{RULE}]\n  Store:\n")),
    ("a.yaml", f"# pipesense: ignore-file[{RULE}]\n{YAML}"),
    ("a.yaml", YAML.replace("    Type", f'    Comment: "pipesense: ignore[{RULE}]"\n    Type')),
]


@pytest.mark.parametrize(("path", "text"), SILENT)
def test_silences_where_it_stands(path: str, text: str) -> None:
    assert rules(path, text) == []


def test_a_comment_that_silences_nothing_is_told() -> None:
    text = MACHINE.replace('"Type"', '"Comment": "pipesense: ignore[reliability/no-timeout]", "Type"')
    assert rules("a.json", text) == [RULE, "maintainability/unused-suppression"]


@pytest.mark.parametrize(("path", "text"), [("a.json", MACHINE), ("a.yaml", YAML)])
def test_the_edit_that_silences_does(path: str, text: str) -> None:
    made = workspace({path: text})
    made.index_all()
    found = next(each for each in made.findings(f"{ROOT}/{path}") if each.rule == RULE)
    changed = apply_edits(text, made.suppression(found))
    assert changed != text
    assert rules(path, changed) == []


def test_silences_a_state_in_a_text_of_a_template() -> None:
    inner = "".join(f"        {line}\n" for line in MACHINE.splitlines())
    text = f"Resources:\n  Load:\n    Type: AWS::X\n    Properties:\n      DefinitionString: !Sub |\n{inner}"
    made = workspace({"template.yaml": text})
    made.index_all()
    found = next(each for each in made.findings(f"{ROOT}/template.yaml") if each.rule == RULE)
    changed = apply_edits(text, made.suppression(found))
    assert '"Type": "Task",\n              "Comment": "pipesense: ignore[reliability/no-retries]"' in changed
    assert rules("template.yaml", changed) == []


COMMENTS = [
    ("a: 1 # one\n# two\nb: 'x # y' # three\n", ["# one", "# two", "# three"]),
    ("a: |\n  # text\n  b\nc: 1 # one\n", ["# one"]),
    ("a: > # one\n  # text\n\n  # text\nb: x#y\n", ["# one"]),
    ('a: "x\n  # text" # one\n', ["# one"]),
    ("a: it's # one\nb: don't # two\n", ["# one", "# two"]),
    ("- |-\n  # text\n- b # one\n", ["# one"]),
]


@pytest.mark.parametrize(("text", "expected"), COMMENTS)
def test_finds_the_comments_of_yaml(text: str, expected: list[str]) -> None:
    assert [span.of(text) for span in comment_spans("yaml", text)] == expected


def test_outline_and_hover_know_states() -> None:
    made = workspace({"a.asl.yaml": YAML})
    made.index_all()
    path = f"{ROOT}/a.asl.yaml"
    (machine,) = made.features.outline(path)
    assert (machine.name, [child.name for child in machine.children]) == ("a", ["Store"])
    shown = made.hover(path, YAML.index("Store:") + 1)
    assert shown is not None
    assert "Task Store" in shown.markdown


def test_hover_explains_what_a_key_is_for() -> None:
    text = YAML.replace("    End", "    Retry: [{ErrorEquals: [States.ALL], JitterStrategy: FULL}]\n    End")
    made = workspace({"a.asl.yaml": text})
    made.index_all()
    shown = made.hover(f"{ROOT}/a.asl.yaml", text.index("Retry") + 1)
    assert shown is not None
    assert "**Retry with backoff**" in shown.markdown


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "m0: &m0 {a: 1}\n" + "".join(
    f"m{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}, *m{n - 1}], b{n}: 1}}\n" for n in range(1, 30)
)
TASK = "  tasks:\n  - {task_id: a, operator: airflow.providers.http.operators.http.HttpOperator}\n"
DBT = {"dbt_project.yml": "name: shop\nprofile: x\nmodel-paths: [models]\n", "models/a.sql": "select 1 as id\n"}
BAD = {
    "a bomb of states": {"m.asl.yaml": BOMB + "StartAt: A\nStates: *i\n"},
    "a bomb of tasks": {"d.yml": BOMB + "d:\n  tasks: *i\n  x: {operator: a.b}\n"},
    "a bomb of models": {**DBT, "models/schema.yml": "version: 2\n" + BOMB + "models: *i\n"},
    "merges of a state": {"m.asl.yaml": MERGES + "StartAt: A\nStates:\n  A: *m29\n"},
    "merges of defaults": {"d.yml": MERGES + "d:\n  default_args: *m29\n" + TASK},
    "merges of a model": {**DBT, "models/schema.yml": "version: 2\n" + MERGES + "models:\n- name: a\n  config: *m29\n"},
    "a state inside itself": {"m.asl.yaml": "StartAt: A\nStates: &s\n  A: *s\n"},
    "tabs": {"d.yml": "d:\n\ttasks:\n\t- {task_id: a, operator: a.b}\n"},
    "repeated keys": {"d.yml": "d:\n  schedule: x\n  schedule: y\n" + TASK + TASK},
    "a key that is a list": {"d.yml": "? [a, b]\n: 1\nd:\n" + TASK},
    "many documents": {"d.yml": "---\n".join(["d:\n" + TASK] * 50)},
    "a schema of a thousand levels": {
        "r.avsc": '{"type": "record", "name": "R", "fields": [{"name": "a", "type": '
        + '{"type": "array", "items": ' * 1000
        + '"int"'
        + "}" * 1000
        + "}]}"
    },
}


@pytest.mark.parametrize("files", BAD.values(), ids=BAD)
def test_bad_input_costs_little_and_breaks_nothing(files: dict[str, str]) -> None:
    errors: list[InternalError] = []
    made = workspace(files, errors)
    calls = 0

    def counting(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(counting)
    try:
        made.index_all()
    finally:
        sys.setprofile(None)
    assert errors == []
    # Reading a rule's page or a table for the first time is part of it.
    assert calls < 1_500_000
    for path in files:
        made.findings(f"{ROOT}/{path}")


TEMPLATE = """Resources:
  Orders:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: ./states/orders.asl.json
      Type: {kind}
      DefinitionSubstitutions:
        Step: {step}
  Load:
    Type: AWS::Serverless::Function
"""
DEFINITION = '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${Step}", "End": true}}}'
STEPS = [
    ("STANDARD", "!GetAtt Load.Arn", ["lambda", "reliability/no-retries", "reliability/no-timeout"]),
    ("STANDARD", "{'Fn::GetAtt': [Load, Arn]}", ["lambda", "reliability/no-retries", "reliability/no-timeout"]),
    (
        "STANDARD",
        "!Sub 'arn:${AWS::Partition}:states:::glue:startJobRun.sync'",
        ["glue:startJobRun.sync", "reliability/no-retries", "reliability/no-timeout"],
    ),
    (
        "EXPRESS",
        "!Sub 'arn:${AWS::Partition}:states:::glue:startJobRun.sync'",
        ["glue:startJobRun.sync", "reliability/no-retries"],
    ),
    ("STANDARD", "!GetAtt Somewhere.Arn", ["Task", "reliability/no-retries"]),
]


@pytest.mark.parametrize(("kind", "step", "expected"), STEPS)
def test_a_template_says_how_the_definition_in_another_file_is_run(kind: str, step: str, expected: list[str]) -> None:
    template = TEMPLATE.replace("{kind}", kind).replace("{step}", step)
    made = workspace({"states/orders.asl.json": DEFINITION, "template.yaml": template})
    made.index_all()
    path = f"{ROOT}/states/orders.asl.json"
    settle(made)
    record = made._whole_record(path)
    assert record is not None
    (machine,) = [each for each in record.linked.facts if isinstance(each, StateMachine)]
    told = sorted({each.rule for each in made.findings(path)} & {"reliability/no-retries", "reliability/no-timeout"})
    assert [machine.pipeline.tasks[0].kind, *told] == expected


def test_an_edit_of_the_template_is_heard_in_the_definition() -> None:
    template = TEMPLATE.replace("{step}", "!Sub 'arn:aws:states:::glue:startJobRun.sync'")
    made = workspace({"states/orders.asl.json": DEFINITION, "template.yaml": template.replace("{kind}", "STANDARD")})
    made.index_all()
    path = f"{ROOT}/states/orders.asl.json"
    assert "reliability/no-timeout" in [each.rule for each in made.findings(path)]
    made.open(f"{ROOT}/template.yaml", template.replace("{kind}", "EXPRESS"))
    settle(made)
    assert "reliability/no-timeout" not in [each.rule for each in made.findings(path)]


SERVERLESS = """service: shop
stepFunctions:
  stateMachines:
    orders:
      type: {kind}
      definition: {definition}
"""
WAITS = """StartAt: Ask
States:
  Ask:
    Type: Task
    Resource: arn:aws:states:::lambda:invoke.waitForTaskToken
    End: true
"""


@pytest.mark.parametrize(
    ("kind", "definition", "is_told"),
    [
        ("EXPRESS", "${file(flows/orders.asl.yml)}", False),
        ("STANDARD", "${file(./flows/orders.asl.yml)}", True),
        ("EXPRESS", "${file(flows/${self:custom.name}.yml)}", True),
        ("EXPRESS", "${file(flows/other.asl.yml)}", True),
    ],
)
def test_a_serverless_configuration_says_how_a_definition_is_run(kind: str, definition: str, is_told: bool) -> None:
    text = SERVERLESS.replace("{kind}", kind).replace("{definition}", definition)
    made = workspace({"serverless.yml": text, "flows/orders.asl.yml": WAITS})
    settle(made)
    told = {each.rule for each in made.findings(f"{ROOT}/flows/orders.asl.yml")}
    assert ("reliability/no-timeout" in told) is is_told


def test_what_lies_in_a_bucket_is_not_read() -> None:
    template = TEMPLATE.replace("DefinitionUri: ./states/orders.asl.json", "DefinitionS3Location: {Bucket: b, Key: k}")
    template = template.replace("Serverless::StateMachine", "StepFunctions::StateMachine")
    made = workspace({"template.yaml": template.replace("{kind}", "EXPRESS").replace("{step}", "a")})
    settle(made)
    assert made.findings(f"{ROOT}/template.yaml") == ()
