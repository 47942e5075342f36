"""A document is one unit: what a key means depends on all that stands around it."""

from __future__ import annotations

from collections.abc import Sequence

from pipesense.lang.cut import Cut, Recut
from pipesense.text.buffer import Splice


def split(text: str) -> list[Cut]:
    """The whole text."""
    return [Cut(0, len(text), "document")] if text else []


def first(text: str) -> tuple[list[Cut], None]:
    """All units of a text that is read for the first time; no tree is made for them."""
    return split(text), None


def resplit(text: str, old: Sequence[Cut], splice: Splice) -> Recut:
    """The whole text anew."""
    return Recut(0, len(old), tuple(split(text)), True)
