"""What is known of a condition without running the template."""

from __future__ import annotations

import pytest

from pipesense.lang.jinja.conditions import learn, normalised, truth

# condition, what is known to hold ("!" before what does not), its truth
CASES = [
    ("x", "", None),
    ("x", "x", True),
    ("not x", "x", False),
    ("not  ( x )", "x", False),
    ("x and y", "x", None),
    ("x and y", "!y", False),
    ("x or y", "y", True),
    ("x or y", "!x", None),
    ("x and y or z", "!x", None),
    ("x and (y or z)", "!y, !z", False),
    ("is_incremental ( ) and y", "!is_incremental()", False),
    ("not is_incremental()", "is_incremental()", False),
    ('t == "a"', "t == 'a'", True),
    ("t == 'b'", "t=='a'", False),
    ("t == 'b'", "!t == 'a'", None),
    ("u == 'b'", "t == 'a'", None),
    ("n == 2", "n == 1", False),
    ("x in ['a or b']", "x in ['a or b']", True),
    ("loop.last", "", True),
    ("not loop.last", "", False),
    ("not outer_loop.first", "", False),
    ("not (outer_loop.last and loop.last)", "", False),
    ("loop.index > 1", "", False),
    ("loop.index0>0", "", False),
    ("loop.index == 1", "", True),
    ("true", "", True),
    ("False", "", False),
    ("falsehood", "", None),
]


@pytest.mark.parametrize(("condition", "given", "expected"), CASES)
def test_truth(condition: str, given: str, expected: bool | None) -> None:
    known: dict[str, bool] = {}
    for part in filter(None, (part.strip() for part in given.split(","))):
        learn(normalised(part.lstrip("!")), not part.startswith("!"), known)

    assert truth(normalised(condition), known) is expected


LEARNT = [
    ("x and not y", True, {"x": True, "y": False}),
    ("x or y", False, {"x": False, "y": False}),
    ("x or y", True, {}),
    ("x and y", False, {}),
    ("not (x or y)", True, {"x": False, "y": False}),
]


@pytest.mark.parametrize(("condition", "holds", "parts"), LEARNT)
def test_what_follows_from_a_decision(condition: str, holds: bool, parts: dict[str, bool]) -> None:
    known: dict[str, bool] = {}
    learn(condition, holds, known)

    assert {name: value for name, value in known.items() if len(name) == 1} == parts
