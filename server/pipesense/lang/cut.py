"""How a file is cut into units: the contract between every language's splitter and the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pipesense.text.buffer import Splice

if TYPE_CHECKING:
    from pipesense.lang.python.whole import Whole


class Cut(NamedTuple):
    """One unit of a file, ``[start, end)`` in offsets of the file. The cuts of a file tile its text.

    ``kind`` is "statement" for a unit that stands alone; a large compound statement becomes one "header"
    followed by its "child" units. A child that is large itself becomes an "inner header" with "inner child" units.
    """

    start: int
    end: int
    kind: str


class Recut(NamedTuple):
    """The old cuts ``[first:last]`` are replaced by ``fresh`` (offsets in the new text); later cuts only move.

    ``settled`` is False when old boundaries were kept although a full split might differ (an unclosed quote
    while somebody types): the engine then splits the whole text again once it is at rest.
    """

    first: int
    last: int
    fresh: tuple[Cut, ...]
    settled: bool


class Splitter(Protocol):
    """What a language offers for cutting its files."""

    def split(self, text: str) -> list[Cut]:
        """All units of a text."""

    def first(self, text: str) -> tuple[list[Cut], Whole | None]:
        """All units of a text that is read for the first time, and the tree that told them, where one did."""

    def resplit(self, text: str, old: Sequence[Cut], splice: Splice) -> Recut:
        """What changes in ``old`` after ``splice`` made the text into ``text``."""
