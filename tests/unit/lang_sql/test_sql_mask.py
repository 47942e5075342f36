"""Masking: same length, same lines, and every hole with what really stands there."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipesense.lang.jinja.tags import tags
from pipesense.lang.sql.mask import mask

CASES = [
    ("SELECT {{ x }} FROM t", "SELECT j0_____ FROM t", ["{{ x }}"]),
    ("FROM {{ ref('a') }}", "FROM j0____________", ["{{ ref('a') }}"]),
    ("d = '{{ ds }}'", "d = 'j0______'", ["{{ ds }}"]),
    ("a {# b #} c", "a         c", []),
    ('{{ config(x="{{ y() }}") }}a', " " * 27 + "a", []),
    ("{% if a %}b{% else %}c{% endif %}", "          b                      ", ["c"]),
    (
        "{% if not is_incremental() %}b{% else %}c{% endif %}",
        "                                        c           ",
        ["b"],
    ),
    ("{% for a in b %}{{ a }}{% if not loop.last %},{% endif %}{% endfor %}", None, ["{{ a }}", "{% endfor %}"]),
    ("{% set x %}select 1{% endset %}a", None, ["select 1"]),
    ("{% raw %}{{ a }}{% endraw %}", "         j1_____            ", ["{{ a }}"]),
    (
        "{% raw %}{% if a %}{% endraw %}b{% raw %}{% else %}{% endraw %}c{% raw %}{% endif %}{% endraw %}",
        None,
        ["{% endraw %}c{% raw %}"],
    ),
    ("{% if not outer_loop.first %}b{% endif %}", " " * 41, ["b"]),
    ("FORMAT('{\"n\":{%s}}', a)", "FORMAT('{\"n\":{%s}}', a)", []),
    (":x_{{ a }}", "p2________", [":x_{{ a }}"]),
    ("{{\n  ref('a')\n}}", "j0\n          \n  ", ["{{\n  ref('a')\n}}"]),
    ("join{{ a }}", "join j0____", ["{{ a }}"]),
    ("else{{\n}}", "else j\n  ", ["{{\n}}"]),
    ("a = %s and b = %(x)s", "a = p1 and b = p2___", ["%s", "%(x)s"]),
    ("a = :x and b::int = c", "a = p1 and b::int = c", [":x"]),
    ("v:a.b, arr[1:2], '12:30', x[:y]", "v:a.b, arr[1:2], '12:30', x[p1]", [":y"]),
    ("values (:1, :2), a=:3", "values (p1, p2), a=p3", [":1", ":2", ":3"]),
    ("t '12:30', 12:30, v:0, x[1:2], a::1", "t '12:30', 12:30, v:0, x[1:2], a::1", []),
    ("a = :'x'", "a =  'x'", [":"]),
    ("from {table} where a = '{day}'", "from p1_____ where a = '{day}'", ["{table}", "{day}"]),
    ("{'a': 1}", "{'a': 1}", []),
    ("a = ${x}", "a = p1__", ["${x}"]),
    ("a = @x", "a = @x", []),
    ("a = $x, b = $1", "a = p1, b = $1", ["$x"]),
    ("FROM v$session, $a$ $x $a$", "FROM v$session, $a$ $x $a$", []),
    ("-- {x} %s :y\n'%s'", "-- {x} %s :y\n'%s'", []),
    ("$$ :x %s $$", "$$ :x %s $$", []),
]


@pytest.mark.parametrize(("text", "expected", "holes"), CASES, ids=[case[0] for case in CASES])
def test_masks(text: str, expected: str | None, holes: list[str]) -> None:
    masked = next(mask(text))

    if expected is not None:
        assert masked.text == expected
    assert [hole.text for hole in masked.holes] == holes
    assert not masked.unsure


def test_the_full_refresh_takes_the_other_branch() -> None:
    text = "SELECT 1 {% if is_incremental() %}WHERE a{% endif %}"

    assert "WHERE a" in next(mask(text)).text
    assert "WHERE a" not in next(mask(text, incremental=False)).text


@pytest.mark.parametrize("text", ["{{ a", "{% if a %} b", "a {% endif %}", "{# a", "{% if a %}{% endfor %}{% endif %}"])
def test_tags_that_do_not_close_or_nest_are_said(text: str) -> None:
    assert next(mask(text)).unsure


def test_tags_hold_strings_that_hold_tags() -> None:
    text = "a {{ f(\"}} {{ b }}\", '%}') }} c {%- if '}}' -%}"

    assert [(tag.kind, tag.word, tag.start, tag.end) for tag in tags(text)] == [
        ("expression", "f", 2, 29),
        ("statement", "if", 32, 47),
    ]


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("{{ config(meta={'a': {'b': false}}) }} c", ["config(meta={'a': {'b': false}})"]),
        ("{% set a = {'b': {}} %}{{ a }}", ["set a = {'b': {}}", "a"]),
        ("{%- set a = {1: {2: 3}}%}", ["set a = {1: {2: 3}}"]),
        ("{{ f({'a': {'b': {}}})}}", ["f({'a': {'b': {}}})"]),
        ("{{ config({'a': 1 }} select {{ b }}", ["config({'a': 1", "b"]),
    ],
)
def test_braces_inside_a_tag_close_before_the_tag_does(text: str, inner: list[str]) -> None:
    assert [tag.inner for tag in tags(text)] == inner


_PIECES = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        " if ",
        "else",
        "endif",
        "raw",
        "endraw",
        "'",
        '"',
        "\n",
        "\r\n",
        "a",
        ":x",
        "%s",
        "😀",
        "--",
        "/*",
    ]
)


@settings(deadline=None)
@given(st.lists(_PIECES, max_size=30).map("".join))
def test_length_and_lines_stay_whatever_is_typed(text: str) -> None:
    masked = next(mask(text))

    assert len(masked.text) == len(text)
    assert [i for i, c in enumerate(masked.text) if c in "\r\n"] == [i for i, c in enumerate(text) if c in "\r\n"]
    for hole in masked.holes:
        assert hole.span.of(text) == hole.text
