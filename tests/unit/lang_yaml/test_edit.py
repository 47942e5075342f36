"""Edits of YAML: what is added looks like what is there, and everything else stays as it is."""

from __future__ import annotations

import pytest

from pipesense.lang.yaml import edit
from pipesense.lang.yaml.nodes import Mapping, Node, Sequence, mapping
from pipesense.lang.yaml.read import YamlFile, read_yaml
from pipesense.text.edit import TextEdit, apply_edits


def at(file: YamlFile, path: str) -> Node:
    node = file.root
    for step in path.split("/") if path else ():
        if isinstance(node, Sequence):
            node = node.items[int(step)]
        else:
            holder = mapping(node)
            assert holder is not None
            node = holder.get(step)
    assert node is not None
    return node


def done(file: YamlFile, change: TextEdit | None) -> str | None:
    return apply_edits(file.text, [change]) if change is not None else None


ADDED = [
    ("a: 1\n", "", "b", 2, "a: 1\nb: 2\n"),
    ("a: 1", "", "b", 2, "a: 1\nb: 2"),
    ("a: 1 # why\n\n# end\n", "", "b", [1, "x"], "a: 1 # why\nb:\n  - 1\n  - x\n\n# end\n"),
    ("a:\n    b: 1\nc: 2\n", "a", "d", {"e": {"f": True}}, "a:\n    b: 1\n    d:\n        e:\n            f: true\nc: 2\n"),
    ("a: {b: 1}\n", "a", "c", [1, {"d": None}], "a: {b: 1, c: [1, {d: null}]}\n"),
    ("a: {}\n", "a", "c", 1, "a: {c: 1}\n"),
    ("a:\n- b: 1\n- c: 2\n", "a/0", "d", ["x"], "a:\n- b: 1\n  d:\n  - x\n- c: 2\n"),
    ("a: 1\r\nb: 'x'\r\n", "", "c", "it: is", "a: 1\r\nb: 'x'\r\nc: 'it: is'\r\n"),
    ('a: "x"\n', "", "c", "{{ y }}", 'a: "x"\nc: "{{ y }}"\n'),
    ("a: |\n  text\n", "", "b", "yes", 'a: |\n  text\nb: "yes"\n'),
    ("a: b\n", "", "c", "12", 'a: b\nc: "12"\n'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "path", "key", "value", "expected"), ADDED)
def test_adding_a_key(text: str, path: str, key: str, value: edit.Value, expected: str) -> None:
    file = read_yaml(text)
    node = at(file, path)
    assert isinstance(node, Mapping)
    assert done(file, edit.add_entry(file, node, key, value)) == expected
    assert read_yaml(expected).problem is None


def test_adding_behind_a_key() -> None:
    file = read_yaml("a: # first\n  - 1\nc: 3\n")
    node = at(file, "")
    assert isinstance(node, Mapping)
    assert done(file, edit.add_entry(file, node, "b", 2, after=node.own("a"))) == "a: # first\n  - 1\nb: 2\nc: 3\n"


ITEMS = [
    ("a:\n  - x # one\n", "a", "w", "a:\n  - x # one\n  - w\n"),
    ("a: [x]\n", "a", {"w": 1}, "a: [x, {w: 1}]\n"),
    ("a: []\n", "a", "n", 'a: ["n"]\n'),
    ("a:\n- x:\n    y: 1\n", "a", {"z": {"w": 1}, "v": 2}, "a:\n- x:\n    y: 1\n- z:\n    w: 1\n  v: 2\n"),
]


@pytest.mark.parametrize(("text", "path", "value", "expected"), ITEMS)
def test_adding_an_item(text: str, path: str, value: edit.Value, expected: str) -> None:
    file = read_yaml(text)
    node = at(file, path)
    assert isinstance(node, Sequence)
    assert done(file, edit.add_item(file, node, value)) == expected


SET = [
    ("a: 1 # c\n", 2, "a: 2 # c\n"),
    ("a: 'x'\n", "y z", "a: y z\n"),
    ("a:\nb: 1\n", 2, "a: 2\nb: 1\n"),
    ("a: # c\nb: 1\n", 2, "a: 2 # c\nb: 1\n"),
    ("a: |\n  x\n", 2, None),
    ("a: [1]\n", [2], "a: [2]\n"),
    ("a:\n  b: 1\n", 2, None),
]


@pytest.mark.parametrize(("text", "value", "expected"), SET)
def test_setting_a_value(text: str, value: edit.Value, expected: str | None) -> None:
    file = read_yaml(text)
    node = at(file, "")
    assert isinstance(node, Mapping)
    assert done(file, edit.set_value(file, node.entries[0], value)) == expected


REMOVED = [
    ("a: 1\nb: 2\nc: 3\n", "", "b", "a: 1\nc: 3\n"),
    ("a: 1\nb:\n  - x\n", "", "b", "a: 1\n"),
    ("a: 1\nb: 2", "", "b", "a: 1"),
    ("a: 1\nb: 2 # kept\nc: 3\n", "", "b", None),
    ("x: {a: 1, b: 2, c: 3}\n", "x", "a", "x: {b: 2, c: 3}\n"),
    ("x: {a: 1, b: 2}\n", "x", "b", "x: {a: 1}\n"),
    ("- a: 1\n  b: 2\n- c\n", "0", "a", "- b: 2\n- c\n"),
    ("a: 1\n", "", "a", None),
]


@pytest.mark.parametrize(("text", "path", "key", "expected"), REMOVED)
def test_removing_a_key(text: str, path: str, key: str, expected: str | None) -> None:
    file = read_yaml(text)
    node = at(file, path)
    assert isinstance(node, Mapping)
    entry = node.own(key)
    assert entry is not None
    assert done(file, edit.remove_entry(file, node, entry)) == expected


TAKEN = [
    ("a:\n  - x\n  - y\n  - z\n", 1, "a:\n  - x\n  - z\n"),
    ("a:\n  - x: 1\n    w: 2\n  - y\n", 0, "a:\n  - y\n"),
    ("a: [x, y]\n", 1, "a: [x]\n"),
    ("a:\n  - x # says\n  - y\n", 0, None),
]


@pytest.mark.parametrize(("text", "number", "expected"), TAKEN)
def test_removing_an_item(text: str, number: int, expected: str | None) -> None:
    file = read_yaml(text)
    node = at(file, "a")
    assert isinstance(node, Sequence)
    assert done(file, edit.remove_item(file, node, node.items[number])) == expected


def test_renaming_a_key_keeps_its_quotes() -> None:
    file = read_yaml("\"tests\": [x] # c\n'b': 1\n")
    node = at(file, "")
    assert isinstance(node, Mapping)
    changes = [edit.rename_key(entry, "data_tests") for entry in node.entries[:1]]
    assert apply_edits(file.text, changes) == "\"data_tests\": [x] # c\n'b': 1\n"
