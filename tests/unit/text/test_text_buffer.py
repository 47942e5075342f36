"""A buffer after any edit script equals a fresh buffer of the same text, in every position encoding."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipesense.text.buffer import TextBuffer
from pipesense.text.encoding import PositionEncoding
from pipesense.text.line_index import line_starts
from pipesense.text.span import Span

ALPHABET = "ab \n\r\t'é漢🚰\u2028\u0085\x0c\x1c"
texts = st.text(ALPHABET, max_size=40)


@settings(deadline=None)
@given(texts, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.text(ALPHABET, max_size=6)), max_size=12))
def test_lines_stay_true_under_edits(text: str, script: list[tuple[int, int, str]]) -> None:
    buffer, expected = TextBuffer(text), text
    for start, end, new in script:
        start, end = min(start, end, len(expected)), min(max(start, end), len(expected))
        buffer.replace(Span(start, end), new)
        expected = expected[:start] + new + expected[end:]
        assert buffer.text == expected
        assert buffer.lines.starts == line_starts(expected)


@given(texts, st.integers(0, 9))
def test_lines_start_behind_what_ends_them(text: str, base: int) -> None:
    ends = (match.end() for match in re.finditer(r"\r\n|\n|\r", text))
    assert line_starts(text, base) == [base, *(end + base for end in ends)]


def client_units(line: str, encoding: PositionEncoding) -> int:
    codec = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}[encoding.value]
    return len(line.encode(codec[0], "surrogatepass")) // codec[1]


@settings(deadline=None)
@given(texts, st.data(), st.sampled_from(PositionEncoding))
def test_positions_round_trip(text: str, data: st.DataObject, encoding: PositionEncoding) -> None:
    buffer = TextBuffer(text)
    offset = data.draw(st.integers(0, len(text)))
    line, character = buffer.lines.client_position(offset, encoding)
    start = buffer.lines.starts[line]
    assert character == client_units(text[start:offset], encoding)
    if not (text[offset - 1 : offset] == "\r" and text[offset : offset + 1] == "\n"):
        assert buffer.lines.client_offset(line, character, encoding) == offset


@pytest.mark.parametrize(
    ("text", "start", "end", "new", "after"),
    [
        ("abc\ndef", (0, 0), (1, 999), "X", "X"),
        ("", (0, 0), (0, 0), "a", "a"),
        ("a\u2028b\nc", (1, 0), (1, 1), "d", "a\u2028b\nd"),
        ("a\x0cb\nc", (1, 1), (1, 1), "!", "a\x0cb\nc!"),
        ("a\r\nb", (1, 0), (1, 1), "", "a\r\n"),
        ("🚰x", (0, 2), (0, 3), "y", "🚰y"),
        ("a", (7, 0), (9, 0), "b", "ab"),
    ],
)
def test_client_edits(text: str, start: tuple[int, int], end: tuple[int, int], new: str, after: str) -> None:
    buffer = TextBuffer(text)
    buffer.client_replace(start, end, new, PositionEncoding.UTF16)
    assert buffer.text == after
