"""The cuts of a file that can be read, told by its tree.

``split`` finds boundaries in any text, token by token and once more for every level. Of a file that is read as a
whole anyway the statements tell them. Where a scan might see something else (a line inside of brackets that looks as
if a statement started there), nothing is told.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from pipesense.lang.cut import Cut
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.split import DEEPEST_BODY, INDENTED, LARGE, LEVELS, NEVER_IN_BRACKETS, looks_like_statement
from pipesense.text.line_index import line_starts
from pipesense.text.regex import regex

_COMPOUND: Final = (
    *(ast.With, ast.AsyncWith, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.For, ast.AsyncFor, ast.If, ast.While),
)
_DECORATED: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_STARTS_STATEMENT: Final = regex(r"\n([ \t]*)(?:" + NEVER_IN_BRACKETS.pattern + ")")
_AT_THE_EDGE: Final = regex(r"\n(?=[A-Za-z_@])")


Piece = tuple[list[ast.stmt], int]
"""The statements of a unit, and how many lines stand before it."""


def cuts_by_tree(text: str, body: Sequence[ast.stmt]) -> tuple[list[Cut], list[Piece]] | None:
    """What ``split`` gives for a text with the statements ``body``, and what stands in each unit.

    A statement that is cut into parts still holds its body. None where it is not certain that a scan sees the same. The
    text's lines end with ``\\n``.
    """
    if not text:
        return [], []
    found = _Cuts(text, line_starts(text))
    found.level([*body], 0, len(text), 0, 0)
    return (found.cuts, found.pieces) if found.agrees(body) else None


class _Cuts:
    """The cuts so far, and what a scan would go over: the lines that start statements, and the levels it reads."""

    def __init__(self, text: str, starts: Sequence[int]) -> None:
        self.text = text
        self.starts = starts
        self.cuts: list[Cut] = []
        self.pieces: list[Piece] = []
        self.seen: set[int] = set()
        self.levels: dict[str, list[tuple[int, int]]] = {}

    def level(self, body: Sequence[ast.stmt], start: int, end: int, level: int, before: int) -> None:
        """Cut ``[start, end)``, which holds the statements of one body and has ``before`` lines before it."""
        kind, header = LEVELS[level]
        edges: list[int] = [start]
        held: list[ast.stmt] = []
        pieces: list[Piece] = [(held, before)]
        behind = 0
        for statement in body:
            first = statement.lineno
            if isinstance(statement, _DECORATED) and statement.decorator_list:
                decorators = [each.lineno for each in statement.decorator_list]
                self.seen.update(self.starts[line - 1] for line in (first, *decorators))
                first = min(first, decorators[0])
            if first > behind:
                at = self.starts[first - 1]
                self.seen.add(at)
                if at != edges[-1]:
                    edges.append(at)
                    held = []
                    pieces.append((held, first - 1))
            held.append(statement)
            behind = statement.end_lineno or first
        edges.append(end)
        for (one, other), piece in zip(pairwise(edges), pieces, strict=True):
            held = piece[0]
            if header and len(held) == 1 and isinstance(held[0], _COMPOUND) and self._divide(piece, one, other, level):
                continue
            self.cuts.append(Cut(one, other, kind))
            self.pieces.append(piece)

    def _divide(self, piece: Piece, start: int, end: int, level: int) -> bool:
        """Cut a large statement into its head and what stands in its body; False where it stays whole."""
        statement = piece[0][0]
        if self.text.count("\n", start, end) <= LARGE or getattr(statement, "orelse", None):
            return False
        body: list[ast.stmt] = statement.body  # type: ignore[attr-defined]
        first = first_line(body[0])
        if first <= statement.lineno:
            return False
        at = self.starts[first - 1]
        indented = INDENTED.match(self.text, at)
        if indented is None or len(indented.group()) > DEEPEST_BODY:
            return False
        indent = indented.group()
        self.levels.setdefault(indent, []).append((at, end))
        self.cuts.append(Cut(start, at, LEVELS[level][1]))
        self.pieces.append(piece)
        self.level(body, at, end, level + 1, first - 1)
        return True

    def agrees(self, body: Sequence[ast.stmt]) -> bool:
        """Whether a scan would take every line for what it is."""
        text, seen = self.text, self.seen
        odd: list[int] = []
        for match in _AT_THE_EDGE.finditer(text):
            at = match.end()
            if at not in seen and looks_like_statement(text, at):
                odd.append(at)
        for match in _STARTS_STATEMENT.finditer(text) if self.levels else ():
            at = match.start() + 1
            inside = self.levels.get(match.group(1))
            if inside and at not in seen:
                place = bisect_right(inside, (at, len(text) + 1)) - 1
                if place >= 0 and at < inside[place][1]:
                    odd.append(at)
        return all(self._is_text(body, at) for at in odd)

    def _is_text(self, body: Sequence[ast.stmt], at: int) -> bool:
        """Whether a line starts inside of a string."""
        line = bisect_right(self.starts, at)
        place = bisect_right(body, line, key=first_line) - 1
        return place >= 0 and any(_holds(node, line) for node in nodes_under(body[place]))


def _holds(node: ast.AST, line: int) -> bool:
    return isinstance(node, ast.Constant | ast.JoinedStr) and node.lineno < line <= (node.end_lineno or 0)


def first_line(statement: ast.stmt) -> int:
    """Where a statement starts (from 1), its decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min(statement.lineno, decorators[0].lineno) if decorators else statement.lineno
