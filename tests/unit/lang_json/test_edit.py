"""Edits of JSON: what is added is laid out like what is there."""

from __future__ import annotations

import json

import pytest

from pipesense.lang.json.edit import add_entries, add_item
from pipesense.lang.json.read import read_json
from pipesense.lang.yaml.edit import Value
from pipesense.lang.yaml.nodes import Mapping, Sequence
from pipesense.text.edit import apply_edits

ADDED: list[tuple[str, str, dict[str, Value], str | None]] = [
    ('{"a": 1}', "a", {"b": [1, {"c": None}]}, '{"a": 1, "b": [1, {"c": null}]}'),
    ('{\n  "a": 1\n}', "a", {"b": {"c": 2.0}}, '{\n  "a": 1,\n  "b": {\n    "c": 2.0\n  }\n}'),
    (
        '{\n\t"a": {\n\t\t"b": 1\n\t}\n}',
        "a",
        {"c": [{"d": "e"}]},
        '{\n\t"a": {\n\t\t"b": 1\n\t},\n\t"c": [\n\t\t{\n\t\t\t"d": "e"\n\t\t}\n\t]\n}',
    ),
    (
        '{\r\n    "a": 1,\r\n    "z": 2\r\n}',
        "a",
        {"b": {"c": 1}},
        '{\r\n    "a": 1,\r\n    "b": {\r\n        "c": 1\r\n    },\r\n    "z": 2\r\n}',
    ),
    ('{\n  "a": 1 }', "a", {"b": ["x", "y"]}, '{\n  "a": 1,\n  "b": ["x", "y"] }'),
    ("{}", "", {"b": 1}, None),
]


@pytest.mark.parametrize(("text", "after", "entries", "expected"), ADDED)
def test_adds_keys(text: str, after: str, entries: dict[str, Value], expected: str | None) -> None:
    root = read_json(text).root
    assert isinstance(root, Mapping)
    edit = add_entries(text, root, root, entries, after=root.own(after))
    made = apply_edits(text, [edit]) if edit is not None else None
    assert made == expected
    if made is not None:
        assert json.loads(made) == {**json.loads(text), **entries}


def test_a_long_list_of_words_stands_on_many_lines() -> None:
    text = '{\n  "a": 1\n}'
    root = read_json(text).root
    assert isinstance(root, Mapping)
    edit = add_entries(text, root, root, {"b": ["x" * 30, "y" * 30]})
    assert edit is not None
    assert edit.text.count("\n") == 4


@pytest.mark.parametrize(("text", "expected"), [("[1]", "[1, 2]"), ("[\n  1\n]", "[\n  1,\n  2\n]"), ("[]", None)])
def test_adds_an_item(text: str, expected: str | None) -> None:
    root = read_json(text).root
    assert isinstance(root, Sequence)
    edit = add_item(text, root, root, 2)
    assert (apply_edits(text, [edit]) if edit is not None else None) == expected
