"""From the text of an embedded language back to the file that holds it.

SQL in a Python literal is read as a *virtual text*: escapes are what they mean, adjacent literals are
joined, holes are masked. A source map says for each stretch of the virtual text where it came from, so
that a finding lands on the exact characters of the file and an edit never touches what it did not see.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum

from pipesense.text.span import Span


class PieceKind(Enum):
    """How a stretch of virtual text relates to its source."""

    VERBATIM = "verbatim"
    """The same characters, one for one."""
    ESCAPE = "escape"
    """Characters spelled otherwise in the source (``\\n``, ``%%``, ``{{``): one unit that cannot be cut."""
    MASKED = "masked"
    """A hole (template tag, placeholder, f-string field) that stands for a value nobody knows here."""


@dataclass(frozen=True, slots=True)
class Piece:
    """``virtual`` (offsets into the virtual text) was made from ``source`` (offsets into the source)."""

    virtual: Span
    source: Span
    kind: PieceKind


@dataclass(frozen=True, slots=True)
class SourceMap:
    """The pieces of one virtual text, in order, without gaps in the virtual text."""

    pieces: tuple[Piece, ...]

    @staticmethod
    def identity(length: int) -> SourceMap:
        """The map of a text that stands in its file as it is."""
        span = Span(0, length)
        return SourceMap((Piece(span, span, PieceKind.VERBATIM),) if length else ())

    def _piece_at(self, offset: int) -> Piece | None:
        at = bisect_right(self.pieces, offset, key=lambda piece: piece.virtual.start) - 1
        return self.pieces[at] if 0 <= at < len(self.pieces) else None

    def to_source(self, span: Span) -> Span:
        """The range of the source that the characters of ``span`` were made from.

        A range that starts or ends inside an escape or a hole grows to hold it whole.
        """
        if not self.pieces:
            return Span(0, 0)
        start = self._start(span.start)
        if span.is_empty:
            return Span(start, start)
        return Span(start, max(start, self._end(span.end)))

    def _start(self, offset: int) -> int:
        piece = self._piece_at(offset)
        if piece is None:
            return self.pieces[0].source.start
        if offset >= piece.virtual.end:
            return piece.source.end
        if piece.kind is PieceKind.VERBATIM:
            return piece.source.start + offset - piece.virtual.start
        return piece.source.start

    def _end(self, offset: int) -> int:
        piece = self._piece_at(offset - 1)
        if piece is None:
            return self.pieces[0].source.start
        if piece.kind is PieceKind.VERBATIM:
            return piece.source.start + min(offset, piece.virtual.end) - piece.virtual.start
        return piece.source.end

    def to_virtual(self, offset: int) -> int | None:
        """The virtual offset of a source offset, or None where the source holds none of the text."""
        behind: int | None = None
        for piece in self.pieces:
            verbatim = piece.kind is PieceKind.VERBATIM
            if piece.source.start <= offset < piece.source.end:
                return piece.virtual.start + (offset - piece.source.start if verbatim else 0)
            if offset == piece.source.end:
                behind = piece.virtual.end if verbatim else piece.virtual.start
        return behind

    def is_verbatim(self, span: Span) -> bool:
        """Whether the characters of ``span`` stand in the source one for one, side by side.

        Only such a range may be edited, and only outside holes may a finding point.
        """
        if span.is_empty:
            piece = self._piece_at(max(0, span.start - 1)) if span.start else self._piece_at(0)
            return piece is not None and piece.kind is PieceKind.VERBATIM
        at = span.start
        last: Piece | None = None
        while at < span.end:
            piece = self._piece_at(at)
            if piece is None or piece.kind is not PieceKind.VERBATIM or at >= piece.virtual.end:
                return False
            if last is not None and last.source.end != piece.source.start:
                return False
            at, last = piece.virtual.end, piece
        return True

    def touches_mask(self, span: Span) -> bool:
        """Whether any character of ``span`` stands for a hole."""
        return any(piece.kind is PieceKind.MASKED and piece.virtual.overlaps(span) for piece in self.pieces)
