"""Statements that are for no parser, or of which only the first words are understood."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from sqlglot import Dialect
from sqlglot.tokenizer_core import Token, TokenType

from pipesense.lang.sql.lift.commands import read_words
from pipesense.lang.sql.lift.words import OBJECTS
from pipesense.model.sql import Hole, StatementFacts
from pipesense.text.regex import regex
from pipesense.text.span import Span

_WORDS: Final = regex(r"[A-Za-z_]+")

_TAGS_ALONE: Final = "Template tags make the whole statement, so what it says is not known."
_DEFINITIONS: Final = "A template that defines something for other files; what it renders there is not judged."
_FRAGMENT: Final = "A part of a query (a CTE without WITH) that another template completes; it is not judged."
_PIPE: Final = "A query in pipe syntax (|>) is recognised; nothing in it is judged."
_MULTI_INSERT: Final = "FROM ... INSERT fills several tables; it is recognised, and nothing in it is judged."
_NO_ROWS: Final = frozenset(
    {
        *("CLUSTER", "CREATE SCHEMA", "ALTER SCHEMA", "CREATE EXTENSION", "CREATE DOMAIN", "CREATE SEQUENCE"),
        *("ALTER SEQUENCE", "ALTER FUNCTION", "ALTER AGGREGATE", "CREATE WAREHOUSE", "REINDEX", "CREATE ROLE"),
        *("CREATE USER", "ALTER USER", "ALTER ROLE", "CREATE DATABASE", "ALTER DATABASE", "ALTER WAREHOUSE", "USE"),
        *("CREATE AGGREGATE", "ALTER TYPE", "ALTER DOMAIN", "CREATE FILE", "COMMENT", "CREATE LANGUAGE"),
    }
)
"""Statements on the things around tables: a name, its owner, where it lies."""
_LANGUAGE: Final = regex(r"\bLANGUAGE\s+'?(\w+)", re.IGNORECASE)
_OF_SQL: Final = frozenset({"sql", "plpgsql"})


def unparsed(tokens: list[Token], masked: str, holes: tuple[Hole, ...], dialect: str) -> StatementFacts | None:
    """The facts of what is for no parser: blanks, template tags alone, pipe syntax."""
    if not tokens:
        if any(hole.kind == "jinja" for hole in holes):
            return recognised("macro", _DEFINITIONS, masked, holes, dialect)
        return StatementFacts("", dialect, content(masked), holes=holes)
    if "|>" in masked and any(token.token_type is TokenType.PIPE_GT for token in tokens):
        return recognised("pipe", _PIPE, masked, holes, dialect)
    if tokens[0].token_type is TokenType.FROM and any(token.token_type is TokenType.INSERT for token in tokens):
        return recognised("from", _MULTI_INSERT, masked, holes, dialect)
    if _is_template(tokens, holes):
        return recognised("template", _TAGS_ALONE, masked, holes, dialect)
    return None


def content(text: str) -> Span:
    """The range of a text without the blanks around it."""
    stripped = text.strip()
    start = text.find(stripped) if stripped else 0
    return Span(start, start + len(stripped))


def recognised(kind: str, why: str, masked: str, holes: tuple[Hole, ...], dialect: str) -> StatementFacts:
    """A statement in which nothing is judged, for a reason."""
    return StatementFacts(kind, dialect, content(masked), holes=holes, unjudged=why)


def known_by_word(
    language: Dialect, tokens: list[Token], masked: str, holes: tuple[Hole, ...], dialect: str
) -> StatementFacts:
    """A statement of which only the first words are understood."""
    words = [word.upper() for word in _WORDS.findall(masked[tokens[0].start : tokens[0].start + 200])]
    named = words[0] if words else tokens[0].text.upper()
    if named in ("CREATE", "ALTER", "DROP"):
        named = next((f"{named} {word}" for word in words[1:8] if word.lower() in OBJECTS), named)
    why = f"{named} is recognised; nothing in it is judged."
    body = _LANGUAGE.search(masked) if named == "CREATE FUNCTION" else None
    if named in _NO_ROWS:
        why = f"{named} reads and changes no rows: there is nothing in it to judge."
    elif body is not None and body[1].lower() not in _OF_SQL:
        why = f"{named} has a body in {body[1]}, which is no SQL: there is nothing in it to judge."
    said = read_words(language, tokens, masked, holes, dialect)
    facts = recognised((words[0] if words else named).lower(), "" if said.judged else why, masked, holes, dialect)
    return replace(facts, **said._asdict())


def is_fragment(tokens: list[Token], holes: tuple[Hole, ...]) -> bool:
    """Whether a template starts with a CTE without its WITH: another template puts it in its place."""
    kinds = [token.token_type for token in tokens[:3]]
    return bool(holes) and kinds[1:] == [TokenType.ALIAS, TokenType.L_PAREN]


def fragment(masked: str, holes: tuple[Hole, ...], dialect: str) -> StatementFacts:
    """The facts of such a part."""
    return recognised("template", _FRAGMENT, masked, holes, dialect)


def _is_template(tokens: list[Token], holes: tuple[Hole, ...]) -> bool:
    """Whether nothing but template tags stands there: they make the whole statement."""
    if not holes or len(tokens) > len(holes):
        return False
    return all(any(hole.span.start <= token.start and token.end < hole.span.end for hole in holes) for token in tokens)
