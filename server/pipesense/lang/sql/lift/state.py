"""What lifting one statement collects, and how it finds places in the text."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, NamedTuple

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.hidden import NOTHING_HIDDEN, Reshaped
from pipesense.lang.sql.tokens import Layout
from pipesense.model.sql import (
    Block,
    Clause,
    ColumnUse,
    Comparison,
    Cte,
    Expr,
    Hole,
    Role,
    SetOperation,
    WindowCall,
)
from pipesense.text.span import Span

NOWHERE: Final = Span(-1, -1)
spanned: Final[Callable[[tuple[int, int]], Span]] = partial(tuple.__new__, Span)
"""A Span from its two ends, in a third of the time: the lift makes several for every token."""

_AHEAD: Final = 8


class NamedWindow(NamedTuple):
    """What ``WINDOW w AS (...)`` or the brackets behind OVER say."""

    partition: tuple[Expr, ...]
    order: tuple[Expr, ...]
    frame: exp.Expr | None


class Scope:
    """The names that columns of one query may be bound to, and the columns that wait for it to be complete."""

    __slots__ = ("at", "derived", "outputs", "pending", "sources", "windows")

    def __init__(self, derived: bool, at: int = -1) -> None:
        self.at = at
        """Where the query's keyword starts."""
        self.derived = derived
        """No name of an enclosing query can be meant inside (a CTE, a subquery in FROM, the outermost query)."""
        self.sources: dict[str, str] = {}
        self.outputs: set[str] = set()
        self.pending: list[tuple[tuple[str, ...], Span, Clause, int]] = []
        """Path, place, clause, and where the keyword of the query starts that holds the column."""
        self.windows: dict[str, NamedWindow] = {}


class State:
    """Collected facts and the reading position of one lift."""

    def __init__(self, text: str, layout: Layout, holes: tuple[Hole, ...], dialect: str = "") -> None:
        self.text = text
        self.layout = layout
        self.holes = holes
        self.dialect = dialect
        self.hole_ends = [hole.span.end for hole in holes]
        self.comparisons: list[Comparison] = []
        self.columns: list[ColumnUse] = []
        self.windows: list[WindowCall] = []
        self.blocks: list[Block] = []
        self.set_operations: list[SetOperation] = []
        self.reads: list[tuple[tuple[str, ...], Span]] = []
        self.scopes: list[Scope] = []
        self.ctes: list[Cte] = []
        self.cte_names: list[dict[str, Block | None]] = []
        self.depth = 0
        self.pos = 0
        """The end of the last leaf that was read: where a leaf without a position is looked for."""
        self.hidden: Reshaped = NOTHING_HIDDEN
        self.alias = ""
        """The alias of the output that is being lifted."""
        self.limit_outside: exp.Expr | None = None
        """The LIMIT behind the brackets of the query that is lifted next."""
        self.next_role = Role.SCALAR
        """What the next subquery is that an expression holds."""

    def hole_in(self, start: int, end: int) -> Hole | None:
        """The first hole that shares a character with a range."""
        at = bisect_right(self.hole_ends, start)
        if at < len(self.holes) and self.holes[at].span.start < end:
            return self.holes[at]
        return None

    def restored(self, start: int, end: int) -> str:
        """The characters of a range with the holes' own text instead of the mask."""
        parts: list[str] = []
        at = start
        for hole in self.holes[bisect_right(self.hole_ends, start) :]:
            if hole.span.start >= end:
                break
            parts += (self.text[at : hole.span.start], hole.text)
            at = hole.span.end
        parts.append(self.text[at:end])
        return "".join(parts)

    def ahead(self, *kinds: TokenType) -> int:
        """The index of the next token of one of the kinds, a few tokens on at most; -1 if there is none."""
        tokens = self.layout.tokens
        first = bisect_left(self.layout.starts, self.pos)
        for index in range(first, min(first + _AHEAD, len(tokens))):
            if tokens[index].token_type in kinds:
                return index
        return -1

    def word_ahead(self, *words: str) -> int:
        """The same for a token's text, given in upper case."""
        tokens = self.layout.tokens
        first = bisect_left(self.layout.starts, self.pos)
        for index in range(first, min(first + _AHEAD, len(tokens))):
            if tokens[index].text.upper() in words:
                return index
        return -1

    def token_span(self, first: int, last: int | None = None) -> Span:
        """The characters from one token to another, both included."""
        tokens = self.layout.tokens
        return spanned((tokens[first].start, tokens[first if last is None else last].end + 1))

    def index_before(self, start: int) -> int:
        """The token before the one that starts at an offset; -1 if there is none."""
        return bisect_right(self.layout.starts, start) - 2

    def index_behind(self, end: int) -> int:
        """The token behind the one that ends at an offset; the number of tokens if there is none."""
        return bisect_right(self.layout.starts, end - 1)

    def kind_of(self, index: int) -> TokenType | None:
        """The kind of a token, None outside the statement."""
        tokens = self.layout.tokens
        return tokens[index].token_type if 0 <= index < len(tokens) else None

    def in_brackets(self, span: Span) -> Span:
        """The range with the round brackets directly around it, if they stand there."""
        before = self.index_before(span.start)
        if self.kind_of(before) is TokenType.L_PAREN:
            closing = self.layout.match.get(before)
            if closing is not None and self.layout.tokens[closing].end + 1 >= span.end:
                return self.token_span(before, closing)
        return span

    def with_values(self, span: Span) -> Span:
        """The range with the word VALUES in front, if it stands there; rows begin with their own brackets."""
        if span.end < 0:
            return span
        word = self.index_before(span.start)
        return cover(span, self.token_span(word)) if self.kind_of(word) is TokenType.VALUES else span

    def covers(self, node: object) -> Span:
        """From the first to the last character that a node's names and literals take."""
        if not isinstance(node, exp.Expr):
            return NOWHERE
        if isinstance(node, exp.Identifier):
            return placed(node)
        if isinstance(node, exp.TableAlias) and not node.args.get("columns"):
            inner = node.args.get("this")
            return placed(inner) if inner.__class__ is exp.Identifier else self.covers(inner)
        return cover(*(placed(part) for part in node.walk()))

    def name_of(self, identifier: exp.Expr) -> str:
        """An identifier's name; where a hole hides it, the hole's own text."""
        if self.holes:
            place = placed(identifier)
            if place.end >= 0 and self.hole_in(*place) is not None:
                return self.restored(*place).strip('"`[]')
        return identifier.name


def placed(node: exp.Expr) -> Span:
    """The characters of a name or literal itself; ``NOWHERE`` for nodes without a position."""
    meta = node._meta
    if not meta:
        return NOWHERE
    start, end = meta.get("start"), meta.get("end")
    return NOWHERE if start is None or end is None else spanned((start, end + 1))


def cover(*spans: Span) -> Span:
    """The smallest range that holds all ranges that are known."""
    start, end = -1, -1
    for first, last in spans:
        if last >= 0:
            if start < 0 or first < start:
                start = first
            if last > end:
                end = last
    return spanned((start, end))


def cover_all(span: Span, parts: Iterable[Expr]) -> tuple[Span, bool]:
    """The smallest range that holds a range and some expressions, and whether one of these is opaque."""
    start, end = span
    if end < 0:
        start = -1
    opaque = False
    for part in parts:
        first, last = part.span
        if last >= 0:
            if start < 0 or first < start:
                start = first
            if last > end:
                end = last
        opaque = opaque or part.opaque
    return spanned((start, end)), opaque


def conjuncts(expr: Expr | None) -> tuple[Expr, ...]:
    """The parts that must all be true."""
    if expr is None:
        return ()
    if expr.op != "and":
        return (expr,)
    return tuple(part for arg in expr.args for part in conjuncts(arg))
