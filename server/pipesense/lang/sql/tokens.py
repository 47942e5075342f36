"""What the tokens of a statement say about its layout: brackets, queries, and where their clauses start.

sqlglot's trees keep no positions for keywords and operators; this index finds them again.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import Final

from sqlglot.tokenizer_core import Token, TokenType

from pipesense.model.sql import Clause

DEPTH_LIMIT: Final = 300
"""Nesting of brackets and CASE beyond which a statement is refused; compiled parsers overflow the stack."""

TYPE_LIMIT: Final = 60
"""The same for types, which take the parser much longer."""

_MARKS: Final = {
    TokenType.FROM: Clause.FROM,
    TokenType.JOIN: Clause.FROM,
    TokenType.ON: Clause.ON,
    TokenType.USING: Clause.FROM,
    TokenType.WHERE: Clause.WHERE,
    TokenType.GROUP_BY: Clause.GROUP,
    TokenType.HAVING: Clause.HAVING,
    TokenType.QUALIFY: Clause.QUALIFY,
    TokenType.ORDER_BY: Clause.ORDER,
    TokenType.LIMIT: Clause.OTHER,
    TokenType.WINDOW: Clause.OTHER,
    TokenType.VALUES: Clause.VALUES,
    TokenType.SET: Clause.SET,
    TokenType.RETURNING: Clause.OTHER,
}
_SET_OPERATORS: Final = frozenset({TokenType.UNION, TokenType.INTERSECT, TokenType.EXCEPT})
_START: Final = attrgetter("start")
_KIND: Final = attrgetter("token_type")
_OPENING: Final = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE})
_CLOSING: Final = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END})
_NESTED_TYPES: Final = frozenset({TokenType.ARRAY, TokenType.STRUCT, TokenType.MAP, TokenType.NESTED})
_SIGNS: Final = frozenset({TokenType.NOT, TokenType.DASH, TokenType.TILDE, TokenType.PLUS})
_INTERESTING: Final = _OPENING | _CLOSING | _SET_OPERATORS | frozenset(_MARKS) | {TokenType.SELECT}


def may_nest(text: str) -> bool:
    """Whether a text holds enough of what opens something to nest too deeply: counting that is quick."""
    upper = text.upper()
    words = ("(", "[", "{", "-", "+", "~", "!", "CASE", "NOT")
    return text.count("<") > TYPE_LIMIT or sum(map(upper.count, words)) > DEPTH_LIMIT


def nesting(tokens: list[Token]) -> tuple[int, int]:
    """How deep brackets and CASE nest at most, and how deep types do (``ARRAY<STRUCT<..>>``).

    Signs in front of a value and subscripts behind it nest too.

    Chains (``a OR b OR c``, ``a + b + c``, UNION) do not count: they are read without recursion.
    """
    depth = deepest = types = deepest_types = signs = subscripts = 0
    before: TokenType | None = None
    for token in tokens:
        kind = token.token_type
        signs = signs + 1 if kind in _SIGNS else 0
        if kind in _OPENING:
            depth += 1
            if kind is TokenType.L_BRACKET:
                subscripts = subscripts + 1 if before is TokenType.R_BRACKET else 0
        elif kind in _CLOSING:
            depth -= depth > 0
        elif kind is TokenType.LT and before in _NESTED_TYPES:
            types += 1
            deepest_types = max(deepest_types, types)
        elif types and kind is TokenType.GT:
            types -= 1
        deepest = max(deepest, depth + signs, subscripts)
        before = kind
    return deepest, deepest_types


def _closes(tokens: list[Token], stack: list[tuple[int, Region]], kind: TokenType) -> bool:
    """Whether ``kind`` closes what stands on the stack; ``case`` and ``end`` may also be mere names."""
    if kind is TokenType.END:
        return bool(stack) and tokens[stack[-1][0]].token_type is TokenType.CASE
    while stack and tokens[stack[-1][0]].token_type is TokenType.CASE:
        stack.pop()
    return bool(stack)


class Region:
    """The tokens of one SELECT, or of the statement around all of them (``select`` is then -1).

    ``first`` and ``last`` are token indexes, ``last`` exclusive; ``marks`` are (clause, token index) in order.
    """

    __slots__ = ("depth", "first", "last", "marks", "select")

    def __init__(self, first: int, depth: int, select: int) -> None:
        self.first = first
        self.last = first
        self.depth = depth
        self.select = select
        self.marks: list[tuple[Clause, int]] = []

    def clause_at(self, index: int) -> Clause:
        """The clause that the token stands in."""
        found = Clause.OTHER
        for clause, at in self.marks:
            if at > index:
                break
            found = clause
        return found

    def mark(self, clause: Clause) -> int | None:
        """The index of the clause's first keyword, if it is written."""
        return next((at for found, at in self.marks if found is clause), None)

    def next_mark(self, index: int) -> int:
        """The first clause keyword behind a token, or the region's end."""
        return next((at for _, at in self.marks if at > index), self.last)


class Layout:
    """Tokens of one statement with indexes over them."""

    __slots__ = ("_changes", "_owners", "match", "regions", "starts", "tokens")

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.starts = list(map(_START, tokens))
        self.match: dict[int, int] = {}
        """Opening to closing bracket and CASE to END, and back, by token index."""
        self.regions: list[Region] = []
        self._changes: list[int] = [0]
        self._owners: list[Region] = []
        self._scan()

    def index_at(self, offset: int) -> int:
        """The token that starts at or before an offset; -1 before the first."""
        return bisect_right(self.starts, offset) - 1

    def starting_at(self, offset: int) -> int:
        """The token that starts at an offset; -1 if there is none."""
        index = bisect_right(self.starts, offset) - 1
        return index if index >= 0 and self.starts[index] == offset else -1

    def region_at(self, index: int) -> Region:
        """The innermost query that a token belongs to."""
        return self._owners[bisect_right(self._changes, index) - 1]

    def _scan(self) -> None:
        tokens = self.tokens
        current = Region(0, 0, -1)
        current.last = len(tokens)
        self.regions.append(current)
        self._owners.append(current)
        stack: list[tuple[int, Region]] = []
        outer: dict[int, Region] = {}
        kinds = map(_KIND, tokens)
        for index, kind in [each for each in enumerate(kinds) if each[1] in _INTERESTING]:
            if kind in _OPENING:
                stack.append((index, current))
            elif kind in _CLOSING:
                if not _closes(tokens, stack, kind):
                    continue
                opening, before = stack.pop()
                self.match[opening] = index
                self.match[index] = opening
                if before is not current:
                    current.last = index
                    current = before
                    self._change(index, current)
            elif kind is TokenType.SELECT:
                if current.select >= 0 and current.depth == len(stack):
                    continue
                inner = Region(index, len(stack), index)
                inner.last = len(tokens)
                outer[id(inner)] = current
                current = inner
                self.regions.append(inner)
                self._change(index, inner)
            elif kind in _SET_OPERATORS or self._ends_query(index):
                # BigQuery's "SELECT * EXCEPT (...)" is no set operation.
                if kind is TokenType.EXCEPT and self._is_star(index - 1):
                    continue
                if current.select >= 0 and current.depth == len(stack):
                    current.last = index
                    current = outer[id(current)]
                    self._change(index, current)
            elif current.depth == len(stack):
                current.marks.append((_MARKS[kind], index))

    def _ends_query(self, index: int) -> bool:
        """Whether what follows belongs to the INSERT around a query: ON CONFLICT, ON DUPLICATE KEY, RETURNING."""
        kind = self.tokens[index].token_type
        if kind is TokenType.ON and index + 1 < len(self.tokens):
            return self.tokens[index + 1].text.upper() in ("CONFLICT", "DUPLICATE")
        return kind is TokenType.RETURNING

    def _is_star(self, index: int) -> bool:
        return self.tokens[index].token_type is TokenType.STAR

    def _change(self, index: int, owner: Region) -> None:
        self._changes.append(index)
        self._owners.append(owner)
