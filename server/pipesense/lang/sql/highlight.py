"""What the words of a SQL text are, for colouring it where no grammar does: inside a string of a program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Final

from pipesense.model.sql import Hole
from pipesense.text.regex import regex
from pipesense.text.span import Span

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token


class WordKind(Enum):
    """A word's part in the language; the values are the protocol's token types."""

    KEYWORD = "keyword"
    FUNCTION = "function"
    STRING = "string"
    NUMBER = "number"
    COMMENT = "comment"
    TYPE = "type"
    PARAMETER = "parameter"


_COMMENT: Final = regex(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def words(text: str, dialect: str, holes: tuple[Hole, ...] = ()) -> tuple[tuple[Span, WordKind], ...]:
    """The words of one statement's text that have a colour of their own, in order; names have none.

    ``holes`` are stretches that the program fills in; those of templates are found here. A text that cannot be cut
    into words has no colours.
    """
    from sqlglot import Dialect
    from sqlglot.errors import SqlglotError

    from pipesense.lang.sql.mask import mask

    masked = next(mask(text))
    every = sorted((*masked.holes, *holes), key=lambda hole: hole.span)
    try:
        tokens = Dialect.get_or_raise(dialect).tokenize(masked.text)
    except (SqlglotError, ValueError):
        return tuple((hole.span, WordKind.PARAMETER) for hole in every)
    found: list[tuple[Span, WordKind]] = [(hole.span, WordKind.PARAMETER) for hole in every]
    taken = {offset for hole in every for offset in range(hole.span.start, hole.span.end)}
    end = 0
    for index, token in enumerate(tokens):
        found += ((span, WordKind.COMMENT) for span in _comments(masked.text, end, token.start))
        end = token.end + 1
        opens = index + 1 < len(tokens) and tokens[index + 1].token_type.name == "L_PAREN" and _may_call(tokens, index)
        kind = _kind(token.token_type.name, token.text, opens)
        if kind is not None and token.start not in taken:
            found.append((Span(token.start, end), kind))
    found += ((span, WordKind.COMMENT) for span in _comments(masked.text, end, len(masked.text)))
    return tuple(sorted(found, key=lambda word: word[0]))


def _may_call(tokens: Sequence[Token], index: int) -> bool:
    """Whether a name before a bracket is called; behind INTO, TABLE and the like it names what has these columns."""
    while index > 1 and tokens[index - 1].token_type.name == "DOT":
        index -= 2
    return index == 0 or tokens[index - 1].text.upper() not in _BEFORE_COLUMNS


def _comments(text: str, start: int, end: int) -> Iterator[Span]:
    return (Span(*match.span()) for match in _COMMENT.finditer(text, start, end))


_STRINGS: Final = frozenset({"STRING", "RAW_STRING", "HEREDOC_STRING", "NATIONAL_STRING", "UNICODE_STRING"})
_FUNCTIONS: Final = frozenset(
    {"IF", "LEFT", "RIGHT", "REPLACE", "DATE", "TIMESTAMP", "FIRST", "ROW", "FORMAT", "RANGE"}
)
_BEFORE_COLUMNS: Final = frozenset({"INTO", "TABLE", "EXISTS", "REFERENCES", "VIEW", "WITH", "AS", "ON", "USING"})
_TYPE_WORDS: Final = regex(
    r"(?:BIG|SMALL|TINY|MEDIUM)?INT(?:EGER)?|U?INT\d+|FLOAT\d*|DOUBLE|REAL|DECIMAL|NUMERIC|BOOL(?:EAN)?|BYTES|BLOB"
    r"|N?(?:VAR)?CHAR|TEXT|STRING|DATE(?:TIME)?\d*|TIME(?:STAMP(?:TZ|LTZ|NTZ)?)?|UUID|JSONB?|STRUCT|ARRAY|MAP|VARIANT"
)


def _kind(kind: str, text: str, opens: bool) -> WordKind | None:
    if kind in _STRINGS:
        return WordKind.STRING
    if kind == "NUMBER":
        return WordKind.NUMBER
    if kind in ("PARAMETER", "PLACEHOLDER"):
        return WordKind.PARAMETER
    if not text or not (text[0].isalpha() or text[0] == "_"):
        return None
    upper = text.upper()
    if kind == "VAR" or (opens and (upper in _FUNCTIONS or upper.startswith("CURRENT_"))):
        return WordKind.FUNCTION if opens else None
    if kind == "IDENTIFIER":
        return None
    if _TYPE_WORDS.fullmatch(upper):
        return WordKind.TYPE
    return WordKind.KEYWORD
