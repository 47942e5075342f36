"""Joins without a condition, which sqlglot reads in exponential time when there are many."""

from __future__ import annotations

from operator import attrgetter
from typing import Final

from sqlglot import Dialect
from sqlglot.tokenizer_core import Token, TokenType

FEW: Final = 6
"""So many are left to the parser: what follows is then read 64 times at most."""

_WORDS: Final = frozenset(
    {
        *(TokenType.LEFT, TokenType.RIGHT, TokenType.FULL, TokenType.OUTER, TokenType.INNER),
        *(TokenType.SEMI, TokenType.ANTI, TokenType.GLOBAL, TokenType.ANY, TokenType.ALL),
    }
)
_WITHOUT: Final = frozenset({TokenType.CROSS, TokenType.NATURAL, TokenType.ASOF, TokenType.ARRAY})
"""What stands before a JOIN that takes no condition, or whose condition the parser does not look for."""

_ENDS: Final = frozenset(
    {
        *(TokenType.SELECT, TokenType.WHERE, TokenType.GROUP_BY, TokenType.HAVING, TokenType.QUALIFY),
        *(TokenType.ORDER_BY, TokenType.LIMIT, TokenType.WINDOW, TokenType.SET, TokenType.SEMICOLON),
        *(TokenType.UNION, TokenType.INTERSECT, TokenType.EXCEPT),
    }
)
_READ: Final = _ENDS | {
    *(TokenType.L_PAREN, TokenType.R_PAREN, TokenType.JOIN, TokenType.ON, TokenType.USING),
}
_KIND: Final = attrgetter("token_type")


class _From:
    """The joins of one FROM: all, and those that wait for a condition, by the index of their JOIN."""

    __slots__ = ("all", "waiting")

    def __init__(self) -> None:
        self.all: list[int] = []
        self.waiting: list[int] = []


def with_conditions(tokens: list[Token], text: str) -> list[Token]:
    """The tokens with an empty ``USING ()`` behind each of many joins that have no condition of their own.

    The parser reads all that follows such a join twice, in case its condition comes behind another join
    (``a JOIN b JOIN c ON .. ON ..``): of thirty it would never come back. An empty list says as little as none.
    """
    if text.upper().count("JOIN") <= FEW:
        return tokens
    places = sorted(_places(tokens))
    if not places:
        return tokens
    made: list[Token] = []
    at = 0
    for place in places:
        made += tokens[at:place]
        made += _empty_using(tokens[place - 1])
        at = place
    return made + tokens[at:]


_FROM_OPTIONAL: Final = frozenset({"TSQL", "Fabric", "Oracle", "BigQuery"})
"""https://learn.microsoft.com/en-us/sql/t-sql/statements/delete-transact-sql,
https://docs.oracle.com/en/database/oracle/oracle-database/23/sqlrf/DELETE.html,
https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#delete_statement"""


def with_from(tokens: list[Token], language: Dialect) -> list[Token]:
    """The tokens with FROM in front of the table of ``DELETE t WHERE ...``, in dialects that do without.

    What has its own FROM names the rows' tables there; and a FROM that is half typed is no table.
    """
    if len(tokens) < 2 or tokens[0].token_type is not TokenType.DELETE or tokens[1].token_type is TokenType.FROM:
        return tokens
    if type(language).__name__ not in _FROM_OPTIONAL or "FROM".startswith(tokens[1].text.upper()):
        return tokens
    depth = 0
    for token in tokens:
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        if depth == 0 and token.token_type in (TokenType.FROM, TokenType.USING):
            return tokens
    first = tokens[0]
    return [first, Token(TokenType.FROM, "FROM", first.line, first.col, first.start, first.end), *tokens[1:]]


def _places(tokens: list[Token]) -> list[int]:
    """Before which tokens a condition is missing."""
    found: list[int] = []
    open_froms = [_From()]
    for index, kind in [each for each in enumerate(map(_KIND, tokens)) if each[1] in _READ]:
        current = open_froms[-1]
        if kind is TokenType.L_PAREN:
            open_froms.append(_From())
        elif kind is TokenType.R_PAREN and len(open_froms) > 1:
            found += _missing(tokens, open_froms.pop())
        elif kind in _ENDS:
            found += _missing(tokens, current)
            open_froms[-1] = _From()
        elif kind is TokenType.JOIN:
            current.all.append(index)
            if tokens[_phrase(tokens, index) - 1].token_type not in _WITHOUT:
                current.waiting.append(index)
        elif kind in (TokenType.ON, TokenType.USING) and current.waiting:
            current.waiting.pop()
    for left in open_froms:
        found += _missing(tokens, left)
    return found


def _phrase(tokens: list[Token], join: int) -> int:
    """The first word of ``LEFT OUTER JOIN``."""
    while join > 0 and tokens[join - 1].token_type in _WORDS:
        join -= 1
    return join


def _missing(tokens: list[Token], done: _From) -> list[int]:
    """Where the next join starts behind each that has no condition; the last one needs none."""
    if len(done.waiting) <= FEW:
        return []
    following = dict(zip(done.all, done.all[1:], strict=False))
    places = []
    for join in done.waiting:
        if join in following:
            place = _phrase(tokens, following[join])
            places.append(place - 1 if tokens[place - 1].token_type in _WITHOUT else place)
    return places


def _empty_using(before: Token) -> list[Token]:
    """The tokens of ``USING ()``, placed at the end of another."""
    words = ((TokenType.USING, "USING"), (TokenType.L_PAREN, "("), (TokenType.R_PAREN, ")"))
    return [Token(kind, text, before.line, before.col, before.start, before.end) for kind, text in words]
