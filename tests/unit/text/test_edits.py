"""Edits are applied at once, against the text as it was."""

from __future__ import annotations

import pytest

from pipesense.text.edit import OverlappingEdits, TextEdit, apply_edits, trim
from pipesense.text.span import Span


def test_edits_do_not_see_each_other() -> None:
    edits = [TextEdit(Span(4, 5), "FOUR"), TextEdit(Span(0, 1), ""), TextEdit(Span(2, 2), "|")]
    assert apply_edits("012345", edits) == "1|23FOUR5"


def test_overlap_is_refused() -> None:
    with pytest.raises(OverlappingEdits):
        apply_edits("0123", [TextEdit(Span(0, 2), "a"), TextEdit(Span(1, 3), "b")])


def test_trim_keeps_only_what_differs() -> None:
    assert trim("retries=0, x", TextEdit(Span(0, 9), "retries=3")) == TextEdit(Span(8, 9), "3")
    assert trim("aa", TextEdit(Span(0, 2), "aaa")) == TextEdit(Span(2, 2), "a")
