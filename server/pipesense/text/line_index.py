"""Where lines start.

A line ends with ``\\n``, ``\\r\\n`` or ``\\r`` and nothing else, as the language server protocol defines
it. ``str.splitlines`` also breaks at form feeds, NEL, LS and PS and so counts other lines than editors do.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, count
from operator import add
from typing import Final

from pipesense.text.encoding import PositionEncoding, to_code_points, to_units
from pipesense.text.regex import regex

_LINE_BREAK: Final = regex(r"\r\n|\n|\r")


def line_starts(text: str, base: int = 0) -> list[int]:
    """Offsets (plus ``base``) at which the lines of ``text`` start; the first is ``base`` itself."""
    if "\r" not in text:
        # A line starts behind all characters before it and as many line breaks; nothing starts behind the last line.
        lengths = map(len, text.split("\n"))
        starts = list(map(add, accumulate(lengths, initial=0), count(base)))
        starts.pop()
        return starts
    return [base, *(match.end() + base for match in _LINE_BREAK.finditer(text))]


class LineIndex:
    """Converts between offsets and (line, column) pairs of one text; lines and columns are 0-based."""

    __slots__ = ("starts", "text")

    def __init__(self, text: str, starts: list[int] | None = None) -> None:
        self.text = text
        self.starts = line_starts(text) if starts is None else starts

    def line_text(self, line: int) -> str:
        """The characters of a line, without its line break."""
        start = self.starts[line]
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def position(self, offset: int) -> tuple[int, int]:
        """(line, code-point column) of an offset; offsets outside the text mean its ends."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.starts, offset) - 1
        return line, offset - self.starts[line]

    def offset(self, line: int, column: int) -> int:
        """The offset of (line, code-point column); a column past the line's end means that end."""
        if line < 0:
            return 0
        if line >= len(self.starts):
            return len(self.text)
        return self.starts[line] + min(max(column, 0), len(self.line_text(line)))

    def client_position(self, offset: int, encoding: PositionEncoding) -> tuple[int, int]:
        """(line, column in units of ``encoding``) of an offset."""
        line, column = self.position(offset)
        start = self.starts[line]
        return line, to_units(self.text[start : start + column], column, encoding)

    def client_offset(self, line: int, character: int, encoding: PositionEncoding) -> int:
        """The offset of a client's position; positions outside the text mean the nearest one inside."""
        if line < 0:
            return 0
        if line >= len(self.starts):
            return len(self.text)
        return self.starts[line] + to_code_points(self.line_text(line), character, encoding)
