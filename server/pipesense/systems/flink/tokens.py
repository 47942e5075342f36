"""The words of Flink SQL, cut by the rules of its own lexer.

Strings are in single quotes, doubled inside; names in backticks; hints are comments that start with ``/*+``
(https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/dev/table/sql/queries/hints/).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pipesense.text.regex import regex
from pipesense.text.span import Span


class Kind(Enum):
    """What a token is."""

    WORD = "word"
    NAME = "name"
    STRING = "string"
    NUMBER = "number"
    MARK = "mark"


@dataclass(frozen=True, slots=True)
class Token:
    """``text`` as written; ``word`` in upper case for a bare word, "" for everything else."""

    kind: Kind
    text: str
    word: str
    span: Span

    @property
    def value(self) -> str:
        """What a name or a string says, without its quotes."""
        if self.kind is Kind.STRING:
            return self.text[1:-1].replace("''", "'")
        return self.text[1:-1].replace("``", "`") if self.kind is Kind.NAME else self.text


_TOKEN: Final = regex(
    r"""
      (?P<hint>/\*\+.*?\*/)
    | (?P<comment>--[^\r\n]*|/\*.*?\*/)
    | (?P<string>'(?:[^']|'')*')
    | (?P<name>`(?:[^`]|``)*`|"(?:[^"]|"")*")
    | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<word>[^\W\d][\w$]*)
    | (?P<mark>=>|<=|!=|\|\||[^\s\w])
    """,
    re.VERBOSE | re.DOTALL,
)


def tokenise(text: str) -> tuple[list[Token], list[Token]]:
    """The tokens of a statement without its ``;``, and its hints (each with the whole comment as its text)."""
    tokens: list[Token] = []
    hints: list[Token] = []
    for match in _TOKEN.finditer(text):
        group = match.lastgroup
        if group == "comment":
            continue
        span = Span(*match.span())
        if group == "hint":
            hints.append(Token(Kind.MARK, match[0], "", span))
        else:
            tokens.append(Token(Kind(group), match[0], match[0].upper() if group == "word" else "", span))
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    return tokens, hints


class Cursor:
    """Reading tokens one after another."""

    def __init__(self, tokens: list[Token], at: int = 0) -> None:
        self.tokens = tokens
        self.at = at

    @property
    def token(self) -> Token | None:
        """The token to be read next."""
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    @property
    def end(self) -> int:
        """Where the last token that was read ends."""
        return self.tokens[self.at - 1].span.end if self.at else 0

    def sees(self, *words: str) -> bool:
        """Whether these words or marks come next."""
        following = self.tokens[self.at : self.at + len(words)]
        return len(following) == len(words) and all(
            token.word == word or token.text == word for token, word in zip(following, words, strict=True)
        )

    def take(self, *words: str) -> bool:
        """Pass over these words if they come next."""
        if not self.sees(*words):
            return False
        self.at += len(words)
        return True

    def path(self) -> tuple[tuple[str, ...], Span] | None:
        """A name of several parts, if one comes next."""
        parts: list[str] = []
        first = self.token
        while (token := self.token) is not None and token.kind in (Kind.WORD, Kind.NAME):
            parts.append(token.value)
            self.at += 1
            if not self.take("."):
                break
        return (tuple(parts), Span(first.span.start, self.end)) if parts and first is not None else None

    def bracket(self) -> int | None:
        """The index of the token that closes the round bracket which comes next; None if none opens or closes."""
        return closing(self.tokens, self.at) if self.sees("(") else None


def closing(tokens: list[Token], opening: int) -> int | None:
    """The index of the round bracket that closes the one at an index."""
    depth = 0
    for index in range(opening, len(tokens)):
        if tokens[index].text == "(":
            depth += 1
        elif tokens[index].text == ")":
            depth -= 1
            if depth == 0:
                return index
    return None
