"""Half-open ranges of code points."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """A half-open range ``[start, end)`` of code-point offsets into some text.

    Which text is said by whoever carries the span: a segment, a file, or the virtual text of
    embedded SQL.
    """

    start: int
    end: int

    @property
    def is_empty(self) -> bool:
        return self.start >= self.end

    def shift(self, by: int) -> Span:
        """The same range, ``by`` code points further on."""
        return Span(self.start + by, self.end + by)

    def contains(self, offset: int) -> bool:
        """Whether a cursor at ``offset`` stands in or directly behind the range."""
        return self.start <= offset <= self.end

    def overlaps(self, other: Span) -> bool:
        """Whether both ranges share at least one code point (or one is empty inside the other)."""
        return self.start < other.end and other.start < self.end

    def cover(self, other: Span) -> Span:
        """The smallest range that holds both."""
        return Span(min(self.start, other.start), max(self.end, other.end))

    def of(self, text: str) -> str:
        """The characters of ``text`` in the range."""
        return text[self.start : self.end]
