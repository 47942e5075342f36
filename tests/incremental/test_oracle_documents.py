"""YAML and JSON edited at random say at rest what they say from scratch, and nothing piles up meanwhile."""

from __future__ import annotations

import random

import pytest

from pipesense.text.encoding import PositionEncoding
from support import pieces
from support.memory import ROOT, settle, workspace

ASL = """{
  "StartAt": "A",
  "States": {
    "A": {
      "Type": "Task",
      "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
      "Retry": [{"ErrorEquals": ["States.ALL"]}],
      "Next": "B"
    },
    "B": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Next": "C"},
    "C": {"Type": "Succeed", "Comment": "pipesense: ignore[correctness/unreachable]"}
  }
}
"""
STEPS = """main:
  steps:
    - a: # pipesense: ignore[reliability/no-timeout]
        call: http.get
        args: {url: x}
        next: b
    - b:
        try: {call: http.post}
        retry: ${http.default_retry}
"""
PIECES = (*pieces.PIECES, "B", '"Next": "B"', "retry: x\n", "\t")


def said(files: dict[str, str]) -> list[tuple[str, int, str]]:
    made = workspace(files)
    made.index_all()
    return [(each.rule, each.span.start, each.message) for path in files for each in made.findings(f"{ROOT}/{path}")]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("name", "text"), [("a.asl.json", ASL), ("a.workflows.yaml", STEPS)])
def test_edits_give_the_same_as_a_fresh_look(name: str, text: str, seed: int) -> None:
    chance = random.Random(f"{name} {seed}")
    made = workspace({})
    path = f"{ROOT}/{name}"
    made.open(path, text)
    for _ in range(60):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 0, 0, 1, 5)))
        piece = chance.choice(PIECES) if chance.random() < 0.7 else ""
        buffer = made.text(path)
        assert buffer is not None
        made.change(path, buffer.lines.position(start), buffer.lines.position(end), piece, PositionEncoding.UTF32)
        text = text[:start] + piece + text[end:]
        made.analyse(path)
        made.features.outline(path)
        made.features.complete(path, min(len(text), start + 1))
    settle(made)
    assert [(each.rule, each.span.start, each.message) for each in made.findings(path)] == said({name: text})
    record = made._records[path]
    assert len(record.document.units) <= 1
    assert not record.document._dropped


@pytest.mark.parametrize(("name", "text"), [("a.asl.json", ASL), ("a.workflows.yaml", STEPS)])
def test_a_key_costs_one_reading_of_its_file(name: str, text: str) -> None:
    made = workspace({"other.asl.json": ASL})
    made.index_all()
    path = f"{ROOT}/{name}"
    made.open(path, text)
    made.analyse(path)
    before = made.counters.units_parsed, made.counters.files_linked
    made.change(path, (0, 0), (0, 0), " ", PositionEncoding.UTF32)
    made.analyse(path)
    settle(made)
    assert (made.counters.units_parsed - before[0], made.counters.files_linked - before[1]) == (1, 1)
