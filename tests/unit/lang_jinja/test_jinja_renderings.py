"""Which branches of a template are shown together; every rendering is as long as the template."""

from __future__ import annotations

import pytest

from pipesense.lang.jinja.mask import mask_jinja

# a template, and what its renderings show, blanks left out
CASES = [
    ("no tags", "a", ["a"]),
    ("one branch", "a{% if x %}b{% endif %}c", ["abc"]),
    ("two branches", "{% if x %}a{% else %}b{% endif %}", ["a", "b"]),
    ("three branches", "{% if x %}a{% elif y %}b{% else %}c{% endif %}", ["a", "b", "c"]),
    ("the same condition twice", "{% if x %}a{% else %}b{% endif %}{% if x %}c{% else %}d{% endif %}", ["ac", "bd"]),
    ("a condition and its opposite", "{% if x %}a{% else %}b{% endif %}{% if not x %}c{% endif %}", ["a", "bc"]),
    ("a condition within", "{% if x and y %}a{% endif %}{% if not x %}b{% endif %}", ["a", "b"]),
    ("values of one name", "{% if t == 'a' %}a{% endif %}{% if t == 'b' %}b{% endif %}", ["a", "b"]),
    ("independent conditions", "{% if x %}a{% endif %}{% if y %}b{% endif %}", ["ab"]),
    (
        "nested in the branch left out",
        "{% if x %}a{% else %}{% if y %}b{% else %}c{% endif %}{% endif %}",
        ["a", "b", "c"],
    ),
    ("incremental first", "{% if is_incremental() %}a{% else %}b{% endif %}", ["a", "b"]),
    ("full refresh first in the text", "{% if not is_incremental() %}a{% else %}b{% endif %}", ["b", "a"]),
    ("a loop", "{% for c in cs %}{{ c }}{% if not loop.last %},{% endif %}{% endfor %}", ["j1_____"]),
    ("a separator", "{% for c in cs %}a{{ ',' if not loop.last }}{% endfor %}", ["a"]),
    ("a separator with an else", "{% for c in cs %}a{{ ', ' if not loop.last else '' }}{% endfor %}", ["a"]),
    ("text under a condition", "a{{ 'b' if x }}", ["aj0____________"]),
    ("what a loop without rounds shows", "{% for c in cs %}a{% else %}b{% endfor %}", ["a"]),
    ("a macro", "{% macro f() %}{% if x %}a{% else %}b{% endif %}{% endmacro %}c", ["c"]),
    ("set", "{% set q %}a{% endset %}{% set r = 1 %}b", ["b"]),
    ("call", "{% call f() %}a{% endcall %}b", ["b"]),
    ("comments", "{# {% if x %} #}a", ["a"]),
    ("whitespace control", "{%- if x -%}a{%+ else -%}b{%- endif +%}", ["a", "b"]),
    ("strings in tags", "{% if x == '%}{% else %}' %}a{% endif %}", ["a"]),
    ("an if that is never closed", "a{% if x %}b", ["ab"]),
    ("a macro that is never closed", "a{% macro f() %}b", ["a"]),
    ("at most four", "{% if a %}1{% elif b %}2{% elif c %}3{% elif d %}4{% else %}5{% endif %}", ["1", "2", "3", "4"]),
]


@pytest.mark.parametrize(("text", "shown"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_renderings(text: str, shown: list[str]) -> None:
    text = f"\r\n😀 {text}\n"
    made = list(mask_jinja(text))

    assert ["".join(each.text.split())[1:] for each in made] == shown
    assert all(len(each.text) == len(text) for each in made)
    assert all([i for i, c in enumerate(each.text) if c in "\r\n"] == [0, 1, len(text) - 1] for each in made)


def test_what_is_fresh_is_what_no_rendering_before_shows() -> None:
    text = "a{% if x %}b{% elif y %}c{% if z %}d{% endif %}{% endif %}"
    made = list(mask_jinja(text))

    assert [[span.of(text) for span in each.fresh] for each in made] == [[], ["c{% if z %}d{% endif %}", "d"]]


HOLES = [
    ("a branch left out", "{% if x %}a{% else %}b{% endif %}", ["b"]),
    ("a list that goes on", "SELECT {% for c in cs %}a,{% endfor %}", ["{% endfor %}"]),
    ("queries that go on", "{% for c in cs %}SELECT a{% endfor %}", []),
    ("a separator is known", "{% for c in cs %}SELECT a{{ ',' if not loop.last }}{% endfor %}", []),
]


@pytest.mark.parametrize(("text", "holes"), [case[1:] for case in HOLES], ids=[case[0] for case in HOLES])
def test_what_is_hidden_is_said(text: str, holes: list[str]) -> None:
    assert [hole.text for hole in next(mask_jinja(text)).holes] == holes
