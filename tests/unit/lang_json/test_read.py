"""Reading JSON: the same values as the standard library's, with positions, and as much as there is of a torn text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipesense.lang.json.read import read_json
from pipesense.lang.yaml.nodes import Mapping, Node, Scalar, Sequence
from pipesense.lang.yaml.read import walk
from pipesense.text.span import Span

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def plain(node: Node | None) -> object:
    if isinstance(node, Mapping):
        return {entry.key: plain(entry.value) for entry in node.entries}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.value


@settings(deadline=None)
@given(VALUES, st.sampled_from([None, 1, 4]), st.booleans())
def test_reads_what_json_writes(value: object, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    file = read_json(text)
    assert (file.problem, plain(file.root)) == (None, value)
    for node in walk(file.root) if file.root is not None else ():
        assert plain(read_json(node.span.of(text)).root) == plain(node), "the span holds the whole value"


@settings(deadline=None)
@given(VALUES, st.integers(0, 200))
def test_a_torn_text_gives_its_beginning(value: object, cut: int) -> None:
    text = json.dumps(value, indent=2)
    file = read_json(text[:cut])
    if cut < len(text) and isinstance(value, (dict, list)):
        assert file.problem is not None
    for node in walk(file.root) if file.root is not None else ():
        assert 0 <= node.span.start <= node.span.end <= cut


PROBLEMS = [
    ("", "There is nothing here"),
    ('{"a": }', "This key has no value"),
    ('{"a", "b": 1}', "This key has no value"),
    ('{"a": 1 "b": 2}', "A comma is missing before this"),
    ('{"a": "b\n}', "This string is not closed on its line"),
    ('{"a": b}', "A text stands in double quotes in JSON"),
    ('{"a": 1,, "b": 2}', "A value is missing before this comma"),
    ('{"a": "b": 1}', "A colon stands behind the key of an object only"),
    ('{"a": [1}', "This bracket does not fit the one that it would close"),
    ("}", "This bracket closes nothing"),
    ("{} 1", "This stands behind the end of the JSON value"),
    ("[1", "This JSON ends before all brackets are closed"),
    ("[" * 1000, "This JSON holds too much, or is nested too deeply, to be read"),
]


@pytest.mark.parametrize(("text", "what"), PROBLEMS)
def test_says_what_is_wrong_first(text: str, what: str) -> None:
    problem = read_json(text).problem
    assert problem is not None
    assert problem.what == what


def test_what_stands_behind_a_torn_string_is_read() -> None:
    file = read_json('{"Next": "Lo,\n "End": {"Type": "Pass"}}')
    assert plain(file.root) == {"Next": "Lo", "End": {"Type": "Pass"}}


def test_comments_and_trailing_commas_are_no_problem() -> None:
    file = read_json('{"a": 1, // one\n "b": [2,], /* two */ }')
    assert (file.problem, plain(file.root)) == (None, {"a": 1, "b": [2]})


def test_a_placeholder_without_quotes_stands_for_a_value() -> None:
    file = read_json('{"TimeoutSeconds": ${Timeout}, "b": 1}')
    assert isinstance(file.root, Mapping)
    value = file.root.get("TimeoutSeconds")
    assert file.problem is None
    assert isinstance(value, Scalar)
    assert value.template


def test_a_key_that_stands_twice_is_told() -> None:
    file = read_json('{"a": 1, "a": 2}')
    assert [(each.key, each.first, each.again) for each in file.duplicates] == [("a", Span(1, 4), Span(9, 12))]


def test_reads_a_part_of_a_text() -> None:
    text = 'Definition: |\n  {"a": 1}\nOther: 1\n'
    file = read_json(text, Span(14, text.index("Other")))
    assert (file.problem, plain(file.root)) == (None, {"a": 1})
