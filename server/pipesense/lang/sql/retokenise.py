"""Tokens of a statement that differs a little from one that was read before: only what stands around the edit is new.

The plain tokenizer of sqlglot 30 takes about 230 interpreter steps for a character, a quarter of what a key costs in a
long statement. A comma outside of texts and comments leaves it in a state that does not depend on what came before, so
what stands between the comma before an edit and the one behind it can be read by itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

_START: Final = attrgetter("start")
_COMMENTS_OF: Final = attrgetter("comments")
_KEPT: Final = 4
_SHORTEST: Final = 200
"""Shorter statements, in characters, are read anew as fast."""
_LONGEST_EDIT: Final = 200
_COMMENTS: Final = ("--", "/*", "*/", "#", "//")


@dataclass(frozen=True, slots=True)
class _Read:
    """A text with its tokens. Parsers hand comments on as the very lists that tokens hold, and add to them;
    ``comments`` are those that were there.
    """

    text: str
    tokens: list[Token]
    comments: list[tuple[str, ...]]


class Retokeniser:
    """Remembers the tokens of the last statements that were read; ``spared`` counts how often that helped."""

    def __init__(self) -> None:
        self.spared = 0
        self._known: dict[str, list[_Read]] = {}

    def tokens(self, text: str, dialect: str, tokenise: Callable[[str], list[Token]]) -> list[Token]:
        """``tokenise(text)``; what it raises is raised."""
        known = self._known.setdefault(dialect, [])
        found: list[Token] | None = None
        for before in reversed(known):
            found = _spliced(before, text, tokenise)
            if found is not None:
                self.spared += 1
                break
        if found is None:
            found = tokenise(text)
        if len(text) >= _SHORTEST:
            known.append(_Read(text, list(found), _comments(found)))
            del known[:-_KEPT]
        return found


def _spliced(known: _Read, text: str, tokenise: Callable[[str], list[Token]]) -> list[Token] | None:
    """The tokens of a text that is a known one but for a short stretch; None where they have to be read anew."""
    before, its_tokens = known.text, known.tokens
    shorter = min(len(before), len(text))
    head = _longest(shorter, lambda size: before.startswith(text[:size]))
    tail = _longest(shorter - head, lambda size: before.endswith(text[len(text) - size :]))
    if max(len(before), len(text)) - head - tail > _LONGEST_EDIT:
        return None
    first = bisect_right(its_tokens, head - 1, key=_START) - 1
    while first >= 0 and not (_is_comma(its_tokens[first], before) and its_tokens[first].end < head):
        first -= 1
    last = bisect_right(its_tokens, len(before) - tail - 1, key=_START)
    while last < len(its_tokens) and not _is_comma(its_tokens[last], before):
        last += 1
    if first < 0 or last >= len(its_tokens):
        return None
    old_first, old_last = its_tokens[first], its_tokens[last]
    delta = len(text) - len(before)
    piece = text[old_first.start : old_last.end + delta + 1]
    if any(mark in piece or mark in before[old_first.start : old_last.end + 1] for mark in _COMMENTS):
        return None
    from sqlglot.errors import SqlglotError

    try:
        inner = tokenise(piece)
    except SqlglotError:  # reading the whole text says what is wrong with it
        return None
    if len(inner) < 2 or not _is_comma(inner[0], piece) or inner[-1].start != len(piece) - 1:
        return None
    if not _is_comma(inner[-1], piece):
        return None
    ahead = its_tokens[:first]
    if _comments(ahead) != known.comments[:first]:
        ahead = _moved(ahead, known.comments, 0, 0, 0, 0)
    kept = [known.comments[first], *_comments(inner)[1:-1], known.comments[last]]
    middle = _moved(inner, kept, old_first.start, old_first.line - 1, inner[0].line, old_first.col - inner[0].col)
    lines, columns = middle[-1].line - old_last.line, middle[-1].col - old_last.col
    behind = _moved(its_tokens[last + 1 :], known.comments[last + 1 :], delta, lines, old_last.line, columns)
    return [*ahead, *middle, *behind]


def _is_comma(token: Token, text: str) -> bool:
    return token.start == token.end and text[token.start] == ","


def _comments(tokens: list[Token]) -> list[tuple[str, ...]]:
    return list(map(tuple, map(_COMMENTS_OF, tokens)))


def _moved(
    tokens: list[Token], comments: list[tuple[str, ...]], by: int, lines: int, line: int, columns: int
) -> list[Token]:
    """Tokens further along, with these comments; ``columns`` only for those on ``line``."""
    return [
        type(token)(
            token.token_type,
            token.text,
            token.line + lines,
            token.col + columns if token.line == line else token.col,
            token.start + by,
            token.end + by,
            list(said),
        )
        for token, said in zip(tokens, comments, strict=False)
    ]


def _longest(most: int, holds: Callable[[int], bool]) -> int:
    """The largest size up to ``most`` for which something holds that holds for all smaller ones, and for none."""
    low, high = 0, most + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
