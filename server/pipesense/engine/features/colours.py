"""How the words of SQL inside the strings of a program are coloured, at their places in the file."""

from __future__ import annotations

from pipesense.engine.document import Document
from pipesense.engine.record import FileRecord
from pipesense.lang.sql.highlight import WordKind, words
from pipesense.text.span import Span


def colours(record: FileRecord, within: Span | None = None) -> tuple[tuple[Span, WordKind], ...]:
    """The coloured words of all embedded SQL (of the part ``within`` alone), in order, without overlaps.

    A SQL file has none: editors colour it themselves.
    """
    document = record.document
    found: list[tuple[Span, WordKind]] = []
    for script in document.scripts.values():
        host = document.start_of(script.host)
        if host is None:
            continue
        for embedded in script.statements:
            for span, kind in words(embedded.unit.text, script.dialect, embedded.holes):
                place = embedded.map.to_source(span.shift(embedded.start)).shift(host)
                if within is None or (place.start < within.end and within.start < place.end):
                    found += ((part, kind) for part in _lines(document, place))
    return _apart(sorted(found, key=lambda word: word[0]))


def _lines(document: Document, span: Span) -> list[Span]:
    """A range line by line: the protocol's tokens do not cross lines."""
    text, found, start = document.text, list[Span](), span.start
    while start < span.end:
        end = text.find("\n", start, span.end)
        end = span.end if end < 0 else end
        stop = end - 1 if end > start and text[end - 1] == "\r" else end
        if stop > start:
            found.append(Span(start, stop))
        start = end + 1
    return found


def _apart(sorted_words: list[tuple[Span, WordKind]]) -> tuple[tuple[Span, WordKind], ...]:
    found: list[tuple[Span, WordKind]] = []
    for span, kind in sorted_words:
        if not found or span.start >= found[-1][0].end:
            found.append((span, kind))
    return tuple(found)
