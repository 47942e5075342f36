"""The text of an open document, kept in step with its editor."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from pipesense.text.encoding import PositionEncoding
from pipesense.text.line_index import LineIndex, line_starts
from pipesense.text.span import Span


@dataclass(frozen=True, slots=True)
class Splice:
    """What one change did: the characters of ``old`` (offsets before it) became ``new`` characters more."""

    old: Span
    inserted: int

    @property
    def delta(self) -> int:
        """By how many code points everything behind the change moved."""
        return self.inserted - (self.old.end - self.old.start)


class TextBuffer:
    """A text that changes by splices and keeps track of its lines. Offsets are code points, lines 0-based."""

    __slots__ = ("_index", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._index: LineIndex | None = None

    @property
    def lines(self) -> LineIndex:
        """The line index of the current text, made when somebody asks; valid until the next change."""
        if self._index is None:
            self._index = LineIndex(self.text)
        return self._index

    def replace(self, span: Span, new: str) -> Splice:
        """Replace the characters of ``span`` by ``new``; spans outside the text mean the nearest inside."""
        length = len(self.text)
        start = max(0, min(span.start, length))
        end = max(start, min(span.end, length))
        old_starts = self.lines.starts
        text = self.text[:start] + new + self.text[end:]
        # A "\r" before the splice and a "\n" behind it are one line break only together, so the lines
        # around it are read again too.
        first = max(0, bisect_right(old_starts, start) - 2)
        behind = bisect_right(old_starts, end) + 1
        delta = len(new) - (end - start)
        until = old_starts[behind] + delta if behind < len(old_starts) else len(text)
        fresh = line_starts(text[old_starts[first] : until], old_starts[first])
        if behind < len(old_starts):
            tail = old_starts[behind:] if delta == 0 else list(map(delta.__add__, old_starts[behind:]))
            if fresh[-1] == tail[0]:
                fresh.pop()
        else:
            tail = []
        self._index = LineIndex(text, old_starts[:first] + fresh + tail)
        self.text = text
        return Splice(Span(start, end), len(new))

    def client_replace(
        self,
        start: tuple[int, int],
        end: tuple[int, int],
        new: str,
        encoding: PositionEncoding,
    ) -> Splice:
        """Apply a client's ranged change; positions are (line, column in units of ``encoding``)."""
        lines = self.lines
        return self.replace(Span(lines.client_offset(*start, encoding), lines.client_offset(*end, encoding)), new)

    def reset(self, text: str) -> Splice:
        """Replace everything, as a client without incremental changes does."""
        splice = Splice(Span(0, len(self.text)), len(text))
        self.text = text
        self._index = None
        return splice
