"""Reading a statement word by word, for what the parser keeps as plain text or without positions."""

from __future__ import annotations

from typing import Final

from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.lift.state import State
from pipesense.text.span import Span

_OPENING: Final = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE})
_QUOTES: Final = "\"'`[]"


class Cursor:
    """A place among a statement's tokens; ``at`` is the index of the next one."""

    def __init__(self, state: State, at: int = 0) -> None:
        self.state = state
        self.tokens = state.layout.tokens
        self.at = at

    def word(self, offset: int = 0) -> str:
        """The text of a token in upper case, "" behind the last; quoted ones too."""
        index = self.at + offset
        return self.tokens[index].text.upper() if 0 <= index < len(self.tokens) else ""

    def kind(self, offset: int = 0) -> TokenType | None:
        """The kind of a token."""
        return self.state.kind_of(self.at + offset)

    def done(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.tokens)

    def take(self, words: str) -> bool:
        """Step over some words, given in upper case, if they stand here in this order."""
        offset = 0
        wanted = words.split()
        while wanted:
            have = self.word(offset).split()
            if not have or wanted[: len(have)] != have:
                return False
            wanted = wanted[len(have) :]
            offset += 1
        self.at += offset
        return True

    def take_any(self, choices: frozenset[str]) -> str:
        """Step over one word if it is among the choices; "" if it is not."""
        word = self.word()
        if word and word in choices:
            self.at += 1
            return word
        return ""

    def skip(self) -> None:
        """Step over a token, or over brackets with what they hold."""
        closing = self.state.layout.match.get(self.at) if self.kind() in _OPENING else None
        self.at = self.at + 1 if closing is None or closing < self.at else closing + 1

    def until(self, *words: str) -> int:
        """The index of the next of some words that stands in no brackets; the number of tokens if there is none."""
        ahead = Cursor(self.state, self.at)
        while not ahead.done() and ahead.word() not in words:
            ahead.skip()
        return ahead.at

    def pieces(self, stop: int) -> list[tuple[int, int]]:
        """The stretches of tokens between commas, from here to ``stop``; the cursor moves there."""
        found: list[tuple[int, int]] = []
        first = self.at
        while self.at < stop:
            if self.kind() is TokenType.COMMA:
                found.append((first, self.at))
                first = self.at + 1
            self.skip()
        self.at = stop
        if first < stop:
            found.append((first, stop))
        return [piece for piece in found if piece[0] < piece[1]]

    def path(self) -> tuple[tuple[str, ...], Span | None]:
        """Step over a dotted name: its parts, outermost first, and its place; () where none stands here."""
        parts: list[str] = []
        first = self.at
        while not self.done() and self.kind() not in (TokenType.COMMA, TokenType.L_PAREN, TokenType.R_PAREN):
            mark = "#" * self.word().count("#") if self.kind() is TokenType.HASH else ""
            self.at += 1 if mark else 0
            if self.done():
                break
            parts += self._parts(self.at)
            parts[-1] = mark + parts[-1]
            self.at += 1
            if self.kind() is not TokenType.DOT:
                break
            self.at += 1
        if not parts or first >= self.at:
            return (), None
        return tuple(parts), self.state.token_span(first, self.at - 1)

    def _parts(self, index: int) -> list[str]:
        place = self.state.token_span(index)
        written = place.of(self.state.text)
        restored = self.state.restored(*place)
        if written[:1] == "`" and self.state.dialect in ("bigquery", "") and restored == written:
            # BigQuery writes one pair of backticks around the whole path.
            return [part for part in written.strip("`").split(".") if part]
        return [restored.strip(_QUOTES) if written[:1] in _QUOTES else restored]

    def text(self, first: int, last: int) -> str:
        """What really stands from one token to before another."""
        return self.state.restored(*self.state.token_span(first, last - 1)) if first < last else ""
