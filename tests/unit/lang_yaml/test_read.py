"""What reading YAML keeps: positions in code points, quotes, aliases, what stood before an error."""

from __future__ import annotations

import itertools
import sys

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipesense.lang.yaml.nodes import Alias, Mapping, Node, Scalar, Sequence, has_template, items, mapping, scalar
from pipesense.lang.yaml.read import YamlFile, read_yaml, walk


def plain(node: Node | None) -> object:
    """A node as Python has it, aliases by their name."""
    if isinstance(node, Scalar):
        return (node.tag, node.text) if node.tag else node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    if isinstance(node, Mapping):
        return {entry.key: plain(entry.value) for entry in node.entries}
    return f"*{node.name}" if isinstance(node, Alias) else None


VALUES = [
    ("a: 1", {"a": 1}),
    ("a: '1'", {"a": "1"}),
    ("a: yes\nb: no\nc: on", {"a": True, "b": False, "c": True}),
    ("a: 0o7\nb: 010\nc: 1_000\nd: 1.5\ne: 1:30", {"a": "0o7", "b": 8, "c": 1000, "d": 1.5, "e": 90}),
    ("a:\nb: ~\nc: ''", {"a": None, "b": None, "c": ""}),
    ("- x\n- [a, {b: c}]", ["x", ["a", {"b": "c"}]]),
    ("a: |\n  two\n  lines\nb: >-\n  folded\n  text", {"a": "two\nlines\n", "b": "folded text"}),
    ("a: !Ref Bucket\nb: !Sub '${x}'\nc: !timedelta 5", {"a": ("!Ref", "Bucket"), "b": ("!Sub", "${x}"), "c": ("!timedelta", "5")}),
    ("a: &x 1\nb: *x", {"a": 1, "b": "*x"}),
    ("a: {{ env('X') }}\nb: 1", {"a": "{{ env('X') }}", "b": 1}),
    ("? [a, b]\n: 1", {None: 1}),
    ("", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), VALUES)
def test_values(text: str, expected: object) -> None:
    assert plain(read_yaml(text).root) == expected


def spans(file: YamlFile) -> list[str]:
    return [node.span.of(file.text) for document in file.documents for node in walk(document)]


PLACES = [
    ("a: b # why\nc: 'd'\n", ["a: b # why\nc: 'd'", "a", "b", "c", "'d'"]),
    ("é: ü\n𝛼: 𝛽\n", ["é: ü\n𝛼: 𝛽", "é", "ü", "𝛼", "𝛽"]),
    ("\ufeffa: b", ["a: b", "a", "b"]),
    ("a: b\r\nc:\r\n  - d\r\n\r\n# end\r\n", ["a: b\r\nc:\r\n  - d", "a", "b", "c", "- d", "d"]),
    ("a: |\n  text\n\n# no more\nb: 1", ["a: |\n  text\n\n# no more\nb: 1", "a", "|\n  text", "b", "1"]),
    ("a: &x\n  b: c\nd: &y [e]", ["a: &x\n  b: c\nd: &y [e]", "a", "b: c", "b", "c", "d", "[e]", "e"]),
]


@pytest.mark.parametrize(("text", "expected"), PLACES)
def test_places_are_exact(text: str, expected: list[str]) -> None:
    assert spans(read_yaml(text)) == expected


def test_merge_keys_and_aliases_are_followed_when_asked() -> None:
    root = mapping(read_yaml("base: &b {x: 1, y: 2}\none: {<<: *b, y: 3}\ntwo: *b\nmany: {<<: [*b, {z: 4}]}").root)
    assert root is not None
    one, many = mapping(root.get("one")), mapping(root.get("many"))
    assert one is not None and many is not None
    assert [scalar(one.get(key)) for key in ("x", "y", "z")] == ["1", "3", None]
    assert [(key, scalar(value)) for key, value in many.pairs()] == [("x", "1"), ("y", "2"), ("z", "4")]
    assert mapping(root.get("two")) is mapping(root.get("base"))


def test_an_alias_inside_its_own_anchor_points_nowhere() -> None:
    root = mapping(read_yaml("a: &x\n  b: *x").root)
    assert root is not None
    inner = mapping(root.get("a"))
    assert inner is not None
    assert isinstance(inner.get("b"), Alias)


PROBLEMS = [
    ("a:\n\tb: 1", "\t", "tab", False, {"a": None}),
    ("a: 1\nb: c: d", ":", "colon", False, {"a": 1, "b": "c"}),
    ("a: 1\nb: [1, 2\nc: 3", None, "does not fit", False, None),
    ("a: *gone", "*gone", "alias", False, None),
    ("a: \x07", "\x07", "character", False, None),
    ("{% if x %}\na: 1\n{% endif %}", None, "", True, None),
    ("a: {{ x }} more\n", None, "", True, None),
]


@pytest.mark.parametrize(("text", "at", "what", "templated", "kept"), PROBLEMS)
def test_problems(text: str, at: str | None, what: str, templated: bool, kept: object) -> None:
    file = read_yaml(text)
    assert file.problem is not None
    assert what in file.problem.what
    assert file.templated is templated
    if at is not None:
        assert file.problem.span.of(text) == at
    if kept is not None:
        assert plain(file.root) == kept


def test_repeated_keys_are_told() -> None:
    text = "a: 1\nb: {c: 1, c: 2}\na: 2\n"
    file = read_yaml(text)
    assert [(each.key, each.first.start, each.again.start) for each in file.duplicates] == [("c", 9, 15), ("a", 0, 21)]
    root = mapping(file.root)
    assert root is not None
    assert scalar(root.get("a")) == "2"


def test_bombs_weigh_what_they_say() -> None:
    names = "abcdefghij"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]" for before, name in itertools.pairwise(names)]
    file = read_yaml("\n".join(lines))
    assert file.is_whole
    assert sum(1 for _ in walk(file.documents[0])) < 250


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_depth_is_bounded(opening: str) -> None:
    file = read_yaml(opening * 3000)
    assert file.problem is not None


def test_templates_are_seen() -> None:
    root = mapping(read_yaml('a: "{{ var(\'x\') }}"\nb: {{ y }}\nc: z\nd: ["{{ 1 }}"]').root)
    assert root is not None
    assert [has_template(root.get(key)) for key in "abc"] == [True, True, False]
    assert [has_template(item) for item in items(root.get("d"))] == [True]


SAMPLES = st.recursive(
    st.sampled_from(["x", 1, True, None, "a b", "ü: ", "- y", "", "it's", "x # y", "two\nlines\n"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None)
@given(SAMPLES, st.booleans())
def test_reads_what_yaml_writes_with_and_without_libyaml(value: object, flow: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)
    file = read_yaml(text)
    assert file.problem is None
    assert plain(file.root) == value
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(yaml, "CSafeLoader", raising=False)
        assert read_yaml(text) == file


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{Next: Done?}", {"Next": "Done?"}),
        ("{a: x?, b: 1}", {"a": "x?", "b": 1}),
        ("[a? , b?c]", ["a?", "b?c"]),
        ("{ok?: {deep: [x:y?]}}", {"ok?": {"deep": ["x:y?"]}}),
        ("{a: two words?\n  and more?}", {"a": "two words? and more?"}),
        ("{? a : b?}", {"a": "b?"}),
    ],
)
def test_a_question_mark_belongs_to_its_word_without_libyaml(
    text: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_libyaml = read_yaml(text)
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    file = read_yaml(text)
    assert file.problem is None and plain(file.root) == value
    assert file == with_libyaml


def test_merges_of_merges_are_asked_once_each() -> None:
    levels = 40
    text = "m0: &m0 {a: 1}\n" + "".join(
        f"m{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}, *m{n - 1}], b{n}: 1}}\n" for n in range(1, levels)
    )
    root = read_yaml(text).root
    assert isinstance(root, Mapping)
    last = mapping(root.get(f"m{levels - 1}"))
    assert last is not None
    calls = 0

    def counting(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(counting)
    try:
        assert last.get("nowhere") is None
        assert len(list(last.pairs())) == 17
    finally:
        sys.setprofile(None)
    assert calls < 5_000
