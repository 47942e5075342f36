"""A document that is read in parts is what it is when it is read whole."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import count

import pytest

from pipesense.lang.documents import parts
from pipesense.lang.documents.parts import Reading
from pipesense.lang.documents.read import read_document
from pipesense.lang.yaml.nodes import Mapping, Node, Scalar, Sequence
from pipesense.lang.yaml.read import YamlFile

STATE = """\
Ask{n}:
  Type: Task
  Comment: |
    asks for {n}

    and waits
  # the service has two doors
  Resource: !Sub "arn:aws:states:::lambda:invoke.${{Door{n}}}"
  Parameters: {{FunctionName: "it's {n}", Payload: {{id.$: $.id}}}}
  Retry:
    - ErrorEquals: [Lambda.ServiceException,
                    Lambda.SdkClientException]
      MaxAttempts: 2

  Next: Ask{next}
"""


def _states(many: int, blanks: str) -> Iterator[str]:
    for n in range(many):
        for line in STATE.format(n=n, next=n + 1).splitlines():
            yield f"{blanks}{line}\n" if line else "\n"


def _template(many: int) -> str:
    head = "# A template\nDescription: asks\nResources:\n"
    machine = "  M{n}:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      Definition:\n"
    inner = "        StartAt: Ask0\n        States:\n"
    made = [f"{machine.format(n=n)}{inner}{''.join(_states(many, ' ' * 10))}" for n in range(2)]
    return f"{head}{''.join(made)}Outputs:\n  Name: !Ref M1\n"


def _machine(many: int) -> str:
    return f"StartAt: Ask0\nStates:\n{''.join(_states(many, '  '))}"


def _in_json(many: int, indent: int | None) -> str:
    states = {
        f"Ask{n}": {"Type": "Task", "Retry": [{"ErrorEquals": ["A", "B"], "MaxAttempts": n}], "Next": f'"{n}"\\'}
        for n in range(many)
    }
    machine = {"Comment": "x", "StartAt": "Ask0", "States": states, "TimeoutSeconds": 5}
    return json.dumps({"Resources": {"A": {"Definition": machine}, "B": {"Type": "Other"}}}, indent=indent)


TEXTS = {
    "template.yaml": _template(8),
    "machine.yaml": _machine(8),
    "machine.json": _in_json(20, 1),
    "line.json": _in_json(20, None),
}
PIECES = (
    *(
        "\n",
        " ",
        "  ",
        "    ",
        ":",
        ": ",
        '"',
        "'",
        "#",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "|\n",
        ">",
        "x",
        "Next",
        "!Ref ",
    ),
    *(
        "&a ",
        "*a",
        "\t",
        "\r",
        "\r\n",
        "Ask3",
        "<<",
        "? ",
        "---\n",
        "%",
        "{{ x }}",
        "{%",
        "//",
        "/*",
        "*/",
        "\\",
        "\ufeff",
    ),
    *("\nTy", "\n  Type", "\n    Ty", "\n          Ask1:\n            Type: Pass\n", ',"a": {"b": 1}', "\u2028", "..."),
)


def _told(node: Node) -> object:
    """A node with all its places, whatever kind of entry leads to it."""
    if isinstance(node, Mapping):
        entries = [(each.key, _told(each.name), _told(each.value)) for each in node.entries]
        return ("mapping", node.span, entries, node.flow, node.tag, node.anchor)
    if isinstance(node, Sequence):
        return ("list", node.span, [_told(each) for each in node.items], node.flow, node.tag, node.anchor)
    return node


def _said(file: YamlFile) -> object:
    return [_told(each) for each in file.documents], file.problem, file.templated, file.duplicates


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "LARGE", 100)
    monkeypatch.setattr(parts, "_MOST", 700)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", TEXTS)
def test_edits_give_the_tree_of_the_whole(name: str, seed: int) -> None:
    chance = random.Random(f"{name} {seed}")
    language = name.rpartition(".")[2]
    text, reading = TEXTS[name], Reading(language, count(1).__next__)
    reading.read(text)
    for _ in range(40):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 0, 0, 0, 1, 2, 8)))
        piece = chance.choice(PIECES) if chance.random() < 0.8 else ""
        changed = text[:start] + piece + text[end:]
        assert _said(reading.read(changed)) == _said(read_document(language, changed)), (start, end, piece)
        if chance.random() < 0.2:
            reading.forget()
        # Most edits are taken back, so that the text stays one that has parts.
        text = changed if chance.random() < 0.15 else text
        assert _said(reading.read(text)) == _said(read_document(language, text))


@pytest.mark.parametrize("name", TEXTS)
def test_typing_reads_one_part(name: str) -> None:
    text, reading = TEXTS[name], Reading(name.rpartition(".")[2], count(1).__next__)
    reading.read(text)
    before = list(reading.parts or ())
    typed = text.index("MaxAttempts", text.rindex("Ask5")) + 3
    for n in range(1, 6):
        reading.read(f"{text[:typed]}{'abcde'[:n]}{text[typed:]}")

    assert reading.reused == 5
    assert len(before) > 5
    assert len({each.id for each in before} - {each.id for each in reading.parts or ()}) == 1


@pytest.mark.parametrize("name", ["template.yaml", "machine.yaml"])
def test_a_key_that_is_half_typed_is_torn_in_its_part(name: str) -> None:
    text, reading = TEXTS[name], Reading("yaml", count(1).__next__)
    reading.read(text)
    at = text.index("Next: Ask3\n")
    blanks = text[text.rfind("\n", 0, at) + 1 : at]
    for word in ("T", "Ti", "Tim"):
        typed = f"{text[:at]}{word}\n{blanks}{text[at:]}"
        file = reading.read(typed)
        assert file.problem is not None
        assert _said(file) == _said(read_document("yaml", typed))
    assert reading.reused == 3
    assert _said(reading.read(text)) == _said(read_document("yaml", text))
    assert reading.reused == 4


def test_what_means_something_elsewhere_is_read_whole() -> None:
    text, reading = TEXTS["machine.yaml"], Reading("yaml", count(1).__next__)
    shared = text.replace("Type: Task", "Type: &kind Task", 1).replace("Type: Task", "Type: *kind", 1)
    twice = text.replace("Ask4:", "Ask3:")
    for each in (shared, twice):
        assert _said(reading.read(each)) == _said(read_document("yaml", each))
        assert reading.parts is None


def test_a_scalar_of_a_part_has_its_place_in_the_whole() -> None:
    text, reading = TEXTS["template.yaml"], Reading("yaml", count(1).__next__)
    reading.read(text)
    file = reading.read(text.replace("asks for 3", "asks for three", 1))
    assert reading.reused == 1
    waiting, seen = list(file.documents), 0
    while waiting:
        node = waiting.pop()
        if isinstance(node, Scalar):
            seen += 1
            if not node.style and not node.tag:
                assert node.span.of(file.text) == node.text
        elif isinstance(node, Mapping):
            waiting += [place for each in node.entries for place in (each.name, each.value)]
        elif isinstance(node, Sequence):
            waiting += node.items
    assert seen > 300
