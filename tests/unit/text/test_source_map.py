"""A source map leads from virtual text to its source and says what may be edited."""

from __future__ import annotations

import pytest

from pipesense.text.source_map import Piece, PieceKind, SourceMap
from pipesense.text.span import Span

# source:  "a\n{x}b" "cd"      virtual: a⏎___bcd
MAP = SourceMap(
    (
        Piece(Span(0, 1), Span(1, 2), PieceKind.VERBATIM),
        Piece(Span(1, 2), Span(2, 4), PieceKind.ESCAPE),
        Piece(Span(2, 5), Span(4, 7), PieceKind.MASKED),
        Piece(Span(5, 6), Span(7, 8), PieceKind.VERBATIM),
        Piece(Span(6, 8), Span(11, 13), PieceKind.VERBATIM),
    )
)


@pytest.mark.parametrize(
    ("virtual", "source", "verbatim"),
    [
        (Span(0, 1), Span(1, 2), True),
        (Span(1, 2), Span(2, 4), False),
        (Span(3, 4), Span(4, 7), False),
        (Span(5, 8), Span(7, 13), False),
        (Span(6, 7), Span(11, 12), True),
        (Span(7, 8), Span(12, 13), True),
        (Span(8, 8), Span(13, 13), True),
        (Span(0, 8), Span(1, 13), False),
    ],
)
def test_ranges(virtual: Span, source: Span, verbatim: bool) -> None:
    assert MAP.to_source(virtual) == source
    assert MAP.is_verbatim(virtual) is verbatim


def test_source_offsets_lead_back() -> None:
    assert [MAP.to_virtual(offset) for offset in (1, 5, 7, 12)] == [0, 2, 5, 7]
    assert MAP.to_virtual(9) is None
    assert MAP.touches_mask(Span(0, 3)) and not MAP.touches_mask(Span(5, 8))
