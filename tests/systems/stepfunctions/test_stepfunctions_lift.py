"""What is read in state machines, as a table: a definition, and a line per state.

A line says: name, kind, "retry" and "timeout" as known/absent/unknown, and the states that may follow.
"""

from __future__ import annotations

import pytest

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.documents.read import read_document
from pipesense.model.flow import Pipeline
from pipesense.model.states import StateMachine, TornMachine
from pipesense.systems.stepfunctions import SYSTEM
from pipesense.systems.system import Lifted


def lift(text: str, path: str = "/project/orders.asl.json") -> Lifted:
    assert SYSTEM.claims(path, text)
    language = "json" if path.endswith(".json") else "yaml"
    return SYSTEM.lift(DocumentFile(path, language, 1, read_document(language, text)))


def told(pipeline: Pipeline) -> list[str]:
    found = []
    for task in pipeline.tasks:
        behind = sorted(after for before, after in pipeline.edges.pairs if before == task.name)
        words = [task.name, task.kind]
        if task.settings:
            words += [type(task.retry).__name__.lower(), type(task.timeout).__name__.lower()]
        found.append(f"{' '.join(words)} -> {', '.join(behind)}".rstrip(" ->"))
    return found


def task(rest: str = "", resource: str = "arn:aws:states:::dynamodb:putItem") -> str:
    return f'{{"StartAt": "A", "States": {{"A": {{"Type": "Task", "Resource": "{resource}"{rest}, "End": true}}}}}}'


CASES = [
    ("a call that is answered at once", task(), ["A dynamodb:putItem absent unknown"]),
    ("a job", task(resource="arn:aws:states:::glue:startJobRun.sync"), ["A glue:startJobRun.sync absent absent"]),
    (
        "a job in another partition",
        task(resource="arn:aws-us-gov:states:::ecs:runTask.sync:2"),
        ["A ecs:runTask.sync:2 absent absent"],
    ),
    (
        "a partition of a template",
        task(resource="arn:${AWS::Partition}:states:::lambda:invoke"),
        ["A lambda:invoke absent absent"],
    ),
    ("a function by its name", task(resource="arn:aws:lambda:eu-west-1:1:function:f"), ["A lambda absent absent"]),
    ("a function of a template", task(resource="${LoadFunctionArn}"), ["A lambda absent absent"]),
    ("anything of a template", task(resource="${Step}"), ["A Task absent unknown"]),
    (
        "an answer from outside",
        task(resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken"),
        ["A sqs:sendMessage.waitForTaskToken unknown absent"],
    ),
    (
        "an activity",
        task(resource="arn:aws:states:eu-west-1:1:activity:people"),
        ["A activity people unknown absent"],
    ),
    ("a retry", task(', "Retry": [{"ErrorEquals": ["States.ALL"]}]'), ["A dynamodb:putItem known unknown"]),
    ("a retry that is put in", task(', "Retry": ${Retry}'), ["A dynamodb:putItem unknown unknown"]),
    (
        "a limit from the input",
        task(', "TimeoutSecondsPath": "$.limit"', "arn:aws:states:::batch:submitJob.sync"),
        ["A batch:submitJob.sync absent unknown"],
    ),
    (
        "a limit in JSONata",
        task(', "TimeoutSeconds": "{% $limit %}"', "arn:aws:states:::batch:submitJob.sync"),
        ["A batch:submitJob.sync absent unknown"],
    ),
    (
        "branches",
        """{"StartAt": "P", "States": {"P": {"Type": "Parallel", "Next": "E", "Branches": [
            {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "End": true}}},
            {"StartAt": "C", "States": {"C": {"Type": "Succeed"}}}]},
            "E": {"Type": "Succeed"}}}""",
        ["P Parallel -> A, C, E", "E Succeed", "A Pass -> B", "B Pass -> E", "C Succeed -> E"],
    ),
    (
        "a map",
        """{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "A",
            "ProcessorConfig": {"Mode": "INLINE"}, "States": {"A": {"Type": "Pass", "End": true}}}}}}""",
        ["M Map -> A", "A Pass"],
    ),
    (
        "a map that is repeated as a whole",
        """{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "Retry": [{"ErrorEquals": ["States.ALL"]}],
            "Iterator": {"StartAt": "A", "States": {"A": {"Type": "Task", "End": true,
            "Resource": "arn:aws:states:::sns:publish"}}}}}}""",
        ["M Map -> A", "A sns:publish unknown unknown"],
    ),
    (
        "a branch that ends all others after a while",
        """{"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
            {"StartAt": "A", "States": {"A": {"Type": "Task", "End": true,
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"}}},
            {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "Next": "F"}, "F": {"Type": "Fail"}}}]}}}""",
        ["P Parallel -> A, W", "A sqs:sendMessage.waitForTaskToken unknown unknown", "W Wait -> F", "F Fail"],
    ),
    (
        "choices and failures",
        """{"StartAt": "C", "States": {"C": {"Type": "Choice", "Default": "X", "Choices": [
            {"And": [{"Variable": "$.a", "IsNull": true}], "Next": "T"}, {"Condition": "{% $a %}", "Next": "X"}]},
            "T": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": true,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "X"}]}, "X": {"Type": "Fail"}}}""",
        ["C Choice -> T, X", "T sns:publish absent unknown -> X", "X Fail"],
    ),
]


@pytest.mark.parametrize(("title", "text", "expected"), CASES, ids=[case[0] for case in CASES])
def test_states(title: str, text: str, expected: list[str]) -> None:
    (pipeline,) = lift(text).pipelines
    assert sorted(told(pipeline)) == sorted(expected)


YAML_STATES = "StartAt: A\nStates:\n  A:\n    Type: Task\n    Resource: arn:aws:states:::sns:publish\n    End: true\n"


def nested(prefix: str) -> str:
    depth = " " * (len(prefix.rstrip("\n").rpartition("\n")[2]) - len(prefix.rstrip("\n").rpartition("\n")[2].lstrip()))
    return prefix + "".join(f"{depth}  {line}\n" for line in YAML_STATES.splitlines())


SAID = """, "Comment": "it''s" """
HOLDERS = [
    ("orders.asl.yaml", YAML_STATES, ["orders"]),
    ("x.json", '{"Comment": "x", ' + task()[1:], ["x"]),
    ("template.yaml", nested("Resources:\n  Load:\n    Type: X\n    Properties:\n      Definition:\n"), ["Load"]),
    (
        "serverless.yml",
        nested("stepFunctions:\n  stateMachines:\n    load:\n      name: x\n      definition:\n"),
        ["load"],
    ),
    (
        "template.yml",
        f"Resources:\n  Load:\n    Properties:\n      DefinitionString: !Sub |\n        {task()}\n",
        ["Load"],
    ),
    (
        "template.yml",
        f"Resources:\n  Load:\n    Properties:\n      DefinitionString:\n        Fn::Sub: >-\n          {task()}\n",
        ["Load"],
    ),
    ("template.yml", f"Resources:\n  Load:\n    Properties:\n      DefinitionString: '{task()}'\n", ["Load"]),
    ("template.yml", f"Resources:\n  Load:\n    Properties:\n      DefinitionString: !Sub '{task()}'\n", ["Load"]),
    (
        "template.yml",
        f"Resources:\n  Load:\n    Properties:\n      DefinitionString:\n        Fn::Join:\n          - ''\n"
        f"          - - |\n              {task()}\n",
        ["Load"],
    ),
    # A quote that is written twice is one character of the text, so places in it are not those of the file.
    ("template.yml", f"R:\n  Load:\n    DefinitionString: '{task(SAID)}'\n", []),
    ("template.json", f'{{"Resources": {{"Load": {{"Properties": {{"Definition": {task()}}}}}}}}}', ["Load"]),
    ("two.yaml", f"One: {task()}\nTwo: {task()}\n", ["One", "Two"]),
]


@pytest.mark.parametrize(("name", "text", "expected"), HOLDERS)
def test_where_machines_stand_and_what_they_are_called(name: str, text: str, expected: list[str]) -> None:
    assert [each.name for each in lift(text, f"/project/{name}").pipelines] == expected


def test_every_place_is_that_of_its_name() -> None:
    text = f"Resources:\n  Load:\n    Properties:\n      DefinitionString: !Sub |\n        {task()}\n"
    (pipeline,) = lift(text, "/project/template.yaml").pipelines
    assert [each.loc.span.of(text) for each in (pipeline, *pipeline.tasks)] == ["Load", "A"]


def test_an_express_workflow_ends_by_itself() -> None:
    text = nested("R:\n  Load:\n    Properties:\n      Type: EXPRESS\n      Definition:\n").replace(
        "sns:publish", "glue:startJobRun.sync"
    )
    (pipeline,) = lift(text, "/project/template.yaml").pipelines
    assert told(pipeline) == ["A glue:startJobRun.sync absent known"]


def test_what_is_put_in_opens_the_graph() -> None:
    text = 'StartAt: A\nStates:\n  Fn::Transform: {Name: AWS::Include}\n  A: {Type: Pass, Next: "${Then}"}\n'
    (machine,) = (each for each in lift(text, "/project/a.yaml").facts if isinstance(each, StateMachine))
    assert machine.graphs[0].opened is not None


def test_a_torn_definition_gives_no_pipeline_but_names() -> None:
    lifted = lift(task()[:-1])
    (torn,) = (each for each in lifted.facts if isinstance(each, TornMachine))
    assert lifted.pipelines == ()
    assert [state.name for state in torn.machine.graphs[0].states] == ["A"]


def test_an_alias_that_holds_itself_ends() -> None:
    text = "StartAt: A\nStates: &s\n  A: {Type: Parallel, Branches: [{StartAt: A, States: *s}], End: true}\n"
    assert len(lift(text, "/project/a.yaml").pipelines) == 1


def test_a_machine_that_is_a_bomb_of_aliases_is_read_in_part() -> None:
    lines = ["m0: &m0 {StartAt: A, States: {A: {Type: Pass, End: true}}}"]
    branches = ", ".join
    for level in range(1, 12):
        inner = branches([f"*m{level - 1}"] * 9)
        lines.append(
            f"m{level}: &m{level} {{StartAt: P, States: {{P: {{Type: Parallel, End: true, Branches: [{inner}]}}}}}}"
        )
    lifted = lift("\n".join(lines), "/project/a.yaml")
    assert len(lifted.pipelines) == 12
    assert sum(len(pipeline.tasks) for pipeline in lifted.pipelines) <= 10_000


def test_a_bomb_of_aliases_is_read_once() -> None:
    lines = ["a0: &a0 {StartAt: A, States: {A: {Type: Pass}}}"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert len(lift("\n".join(lines), "/project/a.yaml").pipelines) == 1


QUERIES = [
    (
        "athena:startQueryExecution.sync",
        '"QueryString": "INSERT INTO mart.a SELECT * FROM b"',
        ["reads b", "appends to mart.a"],
    ),
    (
        "aws-sdk:redshiftdata:executeStatement",
        '"Sql": "DELETE FROM a; INSERT INTO a SELECT 1"',
        ["deletes from a", "appends to a"],
    ),
    (
        "aws-sdk:redshiftdata:batchExecuteStatement",
        '"Sqls": ["TRUNCATE a", "SELECT * FROM b"]',
        ["deletes from a", "reads b"],
    ),
    ("athena:startQueryExecution.sync", '"QueryString": "INSERT INTO ${Table} SELECT 1"', []),
    ("athena:startQueryExecution.sync", '"QueryString.$": "$.query"', []),
    ("sns:publish", '"Message": "INSERT INTO a SELECT 1"', []),
]


@pytest.mark.parametrize(("resource", "parameter", "expected"), QUERIES)
def test_sql_in_a_state(resource: str, parameter: str, expected: list[str]) -> None:
    text = task(f', "Parameters": {{{parameter}}}', f"arn:aws:states:::{resource}")
    (pipeline,) = lift(text).pipelines
    assert [f"{each.mode.value} {each.dataset}" for each in pipeline.tasks[0].accesses] == expected
