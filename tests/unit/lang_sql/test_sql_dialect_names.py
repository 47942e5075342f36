"""The dialects that settings may name are those that the parser has."""

from __future__ import annotations

from sqlglot.dialects.dialect import Dialects

from pipesense.lang.sql.dialect import NAMES


def test_the_names_are_the_parsers() -> None:
    assert {each.value for each in Dialects if each.value} == NAMES
