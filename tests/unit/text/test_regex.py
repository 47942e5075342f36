"""Every regular expression of the product is one, though most are compiled by nobody before they are used."""

from __future__ import annotations

import importlib
import pkgutil
import re
from types import ModuleType

import pytest

import pipesense
import pipesense_rules
from pipesense.text.regex import _Regex, regex

WORDS = regex(r"(?P<first>\w+)\s(\w+)", re.IGNORECASE)


def modules(package: ModuleType) -> list[str]:
    return [each.name for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]


def test_it_is_compiled_at_its_first_use() -> None:
    late = regex("a")
    assert late.search("ba") is not None
    assert late.search.__self__ is re.compile("a")


def test_it_does_what_the_compiled_pattern_does() -> None:
    same = re.compile(WORDS.pattern, re.IGNORECASE)
    text = "one Two three"
    for method in ("search", "match", "finditer", "findall", "split"):
        assert str(getattr(WORDS, method)(text)) == str(getattr(same, method)(text)) or method == "finditer"
    assert [each.span() for each in WORDS.finditer(text)] == [each.span() for each in same.finditer(text)]
    assert WORDS.sub(r"\2", text) == same.sub(r"\2", text)
    assert (WORDS.groups, WORDS.flags, dict(WORDS.groupindex)) == (same.groups, same.flags, {"first": 1})


def test_what_a_pattern_has_not_is_told_as_ever() -> None:
    with pytest.raises(AttributeError):
        WORDS.searches  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(re.error):
        regex("(").search("")


@pytest.mark.parametrize("name", [*modules(pipesense), *modules(pipesense_rules)])
def test_all_are_patterns(name: str) -> None:
    if name.endswith("__main__"):
        return
    for value in vars(importlib.import_module(name)).values():
        if isinstance(value, _Regex):
            re.compile(value.pattern, value._flags)
