"""Parsing a whole file at once, for units of which none was parsed yet.

Hundreds of small texts take the interpreter twice as long as one text that holds them all, and a file that nobody
edits is parsed once only. Each unit gets the statements that stand in its lines. Where that is not certain (the file
cannot be read, or was cut differently from how the interpreter reads it) nothing is given, and each unit is parsed by
itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Final

from pipesense.lang.cut import Cut
from pipesense.lang.python.by_tree import Piece, first_line
from pipesense.lang.python.syntax import HEADERS, ParsedUnit, parse_text

_CHILDREN: Final = {"header": ("child", "inner header"), "inner header": ("inner child",)}
"""Which units make up the body of a header; those of an inner header stand among them."""

Numbered = tuple[int, Cut, int, int]
"""A unit's number and cut, its first line (from 1), and the first line behind it."""


class Whole:
    """A file as ``ast`` reads it, until its units have their statements.

    ``body`` is None where it cannot be read as a whole. ``told``: what stands in each unit, where the tree told the
    cuts. ``pieces``: what belongs to each unit, by its number; None until somebody asked, empty where every unit is to
    be parsed by itself.
    """

    __slots__ = ("body", "pieces", "told")

    def __init__(self, body: list[ast.stmt] | None) -> None:
        self.body = body
        self.told: list[Piece] | None = None
        self.pieces: dict[int, Piece] | None = None

    def share(self, text: str, ids: Sequence[int], cuts: Sequence[Cut]) -> dict[int, Piece]:
        """Give each unit its statements, once."""
        if self.pieces is None and self.told is not None and len(self.told) == len(ids):
            for (body, _), cut in zip(self.told, cuts, strict=True):
                if cut.kind in HEADERS:
                    # A unit's own walk ends where the next unit begins; the Module puts the statements together again.
                    body[0].body = []  # type: ignore[attr-defined]
            self.pieces = dict(zip(ids, self.told, strict=True))
            self.body = self.told = None
        if self.pieces is None:
            self.pieces = (_pieces(text, self.body, ids, cuts) or {}) if self.body is not None else {}
            self.body = None
        return self.pieces


def read_whole(text: str) -> Whole:
    """A file read as a whole. Never raises."""
    # Other line breaks and a byte order mark are counted differently inside a unit and in a file.
    if "\r" in text or "\f" in text or text.startswith("\ufeff"):
        return Whole(None)
    try:
        return Whole(parse_text(text))
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        return Whole(None)


def parse_whole(text: str, ids: Sequence[int], cuts: Sequence[Cut]) -> list[ParsedUnit] | None:
    """The parsed units of a file by its cuts, as ``parse_unit`` gives them; None where they are to be parsed alone."""
    pieces = read_whole(text).share(text, ids, cuts)
    if not pieces:
        return None
    return [
        ParsedUnit(number, cut.kind, text[cut.start : cut.end], pieces[number][0], None, pieces[number][1])
        for number, cut in zip(ids, cuts, strict=True)
    ]


def _pieces(text: str, body: list[ast.stmt], ids: Sequence[int], cuts: Sequence[Cut]) -> dict[int, Piece] | None:
    numbered: list[Numbered] = []
    line = 1
    for number, cut in zip(ids, cuts, strict=True):
        if cut.start and text[cut.start - 1] != "\n":
            return None
        behind = line + text.count("\n", cut.start, cut.end)
        numbered.append((number, cut, line, behind if text.endswith("\n", cut.start, cut.end) else behind + 1))
        line = behind
    bodies: dict[int, list[ast.stmt]] = {}
    if not _share(body, numbered, ("statement", "header"), bodies):
        return None
    return {number: (bodies[number], first - 1) for number, _, first, _ in numbered}


def _share(
    body: list[ast.stmt], units: Sequence[Numbered], kinds: tuple[str, ...], bodies: dict[int, list[ast.stmt]]
) -> bool:
    """Give each unit the statements of its lines; False where one belongs to no unit, or to more than one."""
    at = 0
    for (number, cut, _, behind), inside in _levels(units, kinds):
        end = inside[-1][3] if inside else behind
        found: list[ast.stmt] = []
        while at < len(body) and first_line(body[at]) < end:
            found.append(body[at])
            at += 1
        if found and (found[-1].end_lineno or 0) >= end:
            return False
        bodies[number] = found
        if cut.kind in HEADERS:
            inner = getattr(found[0], "body", None) if len(found) == 1 else None
            if not inner or first_line(inner[0]) < behind or not _share(inner, inside, _CHILDREN[cut.kind], bodies):
                return False
            # A unit's own walk ends where the next unit begins; the Module puts the statements together again.
            found[0].body = []  # type: ignore[attr-defined]
    return at == len(body)


def _levels(units: Sequence[Numbered], kinds: tuple[str, ...]) -> Iterator[tuple[Numbered, Sequence[Numbered]]]:
    """The units of some kinds, each with those that stand in its body."""
    at = 0
    while at < len(units):
        end = at + 1
        while end < len(units) and units[end][1].kind not in kinds:
            end += 1
        yield units[at], units[at + 1 : end]
        at = end
