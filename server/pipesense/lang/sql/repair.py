"""What a template tag may stand for when it cannot be read as a name.

Nothing, a type, a query, a CTE, a condition, several columns.
"""

from __future__ import annotations

import re
from typing import Final

from sqlglot.tokenizer_core import Token, TokenType

from pipesense.model.sql import Hole
from pipesense.text.regex import regex
from pipesense.text.span import Span

_MACRO: Final = regex(r"\{\{-?\s*[\w.]+\s*\(")
_NOT_BREAK: Final = regex(r"[^\r\n]")
_DEPTHS: Final = {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}
_AFTER_CTES: Final = frozenset(
    {TokenType.SELECT, TokenType.INSERT, TokenType.UPDATE, TokenType.DELETE, TokenType.MERGE, TokenType.FROM}
)
_GO_ON: Final = frozenset(
    {
        *(TokenType.WHERE, TokenType.GROUP_BY, TokenType.HAVING, TokenType.QUALIFY, TokenType.ORDER_BY),
        *(TokenType.LIMIT, TokenType.UNION, TokenType.INTERSECT, TokenType.EXCEPT),
    }
)
"""What may follow behind a query's FROM."""
_OPERANDS: Final = frozenset({TokenType.VAR, TokenType.STRING, TokenType.NUMBER, TokenType.IDENTIFIER, TokenType.NULL})
_CLOSED: Final = frozenset({*_OPERANDS, TokenType.R_PAREN})
_CLOSING: Final = frozenset({TokenType.R_PAREN, TokenType.AND, TokenType.OR, TokenType.SEMICOLON})
_LISTS: Final = frozenset({TokenType.SELECT, TokenType.DISTINCT, TokenType.COMMA})
_SET_OPERATION: Final = regex(r"\b(except|intersect|union)\b", re.IGNORECASE)
_QUERY: Final = ("SELECT", "*")
_CTE: Final = ("AS(", "SELECT", "*)")


def blank(text: str) -> str:
    """Spaces instead of everything but line breaks."""
    return _NOT_BREAK.sub(" ", text)


def with_queries(text: str, holes: tuple[Hole, ...], tokens: list[Token]) -> str | None:
    """The text with ``SELECT *`` or a CTE instead of each tag that stands where only such a thing can.

    ``WITH a AS (...) {{ report() }}``, ``WITH {{ base() }}, b AS (...)``, ``{{ latest() }} WHERE x``. None where no
    tag stands so, or has too little room.
    """
    starts = {hole.span.start: hole for hole in holes}
    depth, in_with, made = 0, False, text
    for index, token in enumerate(tokens):
        kind = token.token_type
        depth += _DEPTHS.get(kind, 0)
        if depth:
            continue
        if kind is TokenType.WITH or kind in _AFTER_CTES:
            in_with = kind is TokenType.WITH
        hole = starts.get(token.start)
        if hole is None or token.end >= hole.span.end or (index and not in_with):
            continue
        before = tokens[index - 1].token_type if index else None
        behind = tokens[index + 1].token_type if index + 1 < len(tokens) else None
        words: tuple[str, ...] = ()
        is_cte = before in (TokenType.WITH, TokenType.RECURSIVE, TokenType.COMMA) and (
            behind is TokenType.COMMA or behind in _AFTER_CTES
        )
        if before in (None, TokenType.R_PAREN) and (behind is None or behind in _GO_ON):
            words = _QUERY
        elif is_cte:
            words = (token.text.rstrip("_"), *_CTE)
        spelled = _spelled(words, hole.span.of(made)) if words else None
        if spelled is not None:
            made = made[: hole.span.start] + spelled + made[hole.span.end :]
        elif is_cte:
            made = _without_cte(made, hole.span, tokens, index)
    return made if made != text else None


def _without_cte(text: str, hole: Span, tokens: list[Token], index: int) -> str:
    """The text without a tag that is too short for a CTE, and without the comma or the WITH that goes with it."""
    behind = tokens[index + 1] if index + 1 < len(tokens) else None
    other = behind if behind is not None and behind.token_type is TokenType.COMMA else tokens[index - 1]
    for start, end in ((hole.start, hole.end), (other.start, other.end + 1)):
        text = text[:start] + blank(text[start:end]) + text[end:]
    return text


def _spelled(words: tuple[str, ...], room: str) -> str | None:
    """The words spread over the lines of ``room``, as long as it; None where they do not fit."""
    left = list(words)
    lines: list[str] = []
    for line in re.split(r"(\r\n|\r|\n)", room):
        if line[:1] in ("\r", "\n"):
            lines.append(line)
            continue
        taken = ""
        while left and len(taken) + len(left[0]) <= len(line):
            taken = f"{taken}{left.pop(0)} "
        lines.append(taken[: len(line)].ljust(len(line)))
    return None if left else "".join(lines)


def with_more(text: str, holes: tuple[Hole, ...], error: Span, tokens: list[Token]) -> str | None:
    """The text where the tag before an error stands for more than a name, where only one thing can be meant.

    ``FROM t {{ live() }} AND x``: a WHERE of its own. ``{{ columns() }}`` on the line before ``t.x``: columns with
    a comma behind the last, or before a call: ``SELECT {{ columns() }}`` and ``count(*)`` below.
    ``a {{ operator }} b``: an operator; ``{{ dbt.except() }}`` before SELECT: a set operation. None for everything
    else.
    """
    index = next((i for i, token in enumerate(tokens) if token.start >= error.start), len(tokens))
    if index >= len(tokens):
        return None
    wrong = tokens[index].token_type
    if wrong in _OPERANDS and index > 1 and (hole := _alone(tokens, index - 1, holes)) is not None:
        between = text[tokens[index - 2].end : tokens[index].start]
        if tokens[index - 2].token_type in _OPERANDS and "\n" not in between:
            return text[: hole.span.start] + "+".ljust(hole.span.end - hole.span.start) + text[hole.span.end :]
    if wrong in (TokenType.AND, TokenType.OR) and (hole := _alone(tokens, index - 1, holes)) is not None:
        spelled = _spelled(("WHERE", tokens[index - 1].text.rstrip("_")), hole.span.of(text))
        return None if spelled is None else text[: hole.span.start] + spelled + text[hole.span.end :]
    if wrong is TokenType.SELECT and (hole := _alone(tokens, index - 1, holes)) is not None:
        named = _SET_OPERATION.search(hole.text)
        spelled = _spelled((named[1].upper(),), hole.span.of(text)) if named is not None else None
        return None if spelled is None else text[: hole.span.start] + spelled + text[hole.span.end :]
    if wrong is TokenType.L_PAREN and index > 2 and tokens[index - 3].token_type in _LISTS:
        hole, name = _alone(tokens, index - 2, holes), tokens[index - 2]
        if hole is not None and "\n" in text[hole.span.end : tokens[index - 1].start] and name.end > name.start:
            return text[: name.end] + "," + text[name.end + 1 :]
    if wrong is TokenType.DOT and (hole := _alone(tokens, index - 2, holes)) is not None:
        name = tokens[index - 2]
        if "\n" in text[hole.span.end : tokens[index - 1].start] and name.end > name.start:
            return text[: name.end] + "," + text[name.end + 1 :]
    return None


def without_stray(text: str, holes: tuple[Hole, ...], tokens: list[Token]) -> str | None:
    """The text without the tags that stand behind a whole condition or source, where no name can stand.

    ``WHERE day < today() {{ only_new('day') }} GROUP BY day``. The parser may tell an error far in front of them.
    """
    starts = {hole.span.start: hole for hole in holes}
    for index, token in enumerate(tokens):
        hole = starts.get(token.start)
        if hole is None or token.end >= hole.span.end or index == 0:
            continue
        behind = tokens[index + 1].token_type if index + 1 < len(tokens) else None
        if tokens[index - 1].token_type in _CLOSED and (behind is None or behind in _GO_ON or behind in _CLOSING):
            return _blanked(text, holes, hole)
    return None


def _alone(tokens: list[Token], index: int, holes: tuple[Hole, ...]) -> Hole | None:
    """The tag that a token stands for, nothing glued to it."""
    if index < 0:
        return None
    token = tokens[index]
    return next((hole for hole in holes if hole.span.start <= token.start and token.end < hole.span.end), None)


def without_hole(text: str, holes: tuple[Hole, ...], error: Span, tokens: list[Token]) -> str | None:
    """The text with the masked name at or just before an error replaced: the tag may stand for no name at all.

    Behind AS in a CAST it stands for a type; else it and its like are blanked.
    """
    index = next((i for i, token in enumerate(tokens) if token.start >= error.start), len(tokens)) - 1
    reach = tokens[index].start if index >= 0 else error.start
    for hole in reversed(holes):
        start, end = hole.span
        if start > error.start or end <= reach or text[start:end].isspace():
            continue
        before = next((i for i, token in enumerate(tokens) if token.start >= start), 0) - 1
        kind = tokens[before].token_type if before >= 0 else None
        written = text[start:end]
        if kind in (TokenType.ALIAS, TokenType.DCOLON) and not written.startswith("INT") and "\n" not in written:
            return text[:start] + "INT".ljust(end - start) + text[end:]
        return _blanked(text, holes, hole)
    return None


def _blanked(text: str, holes: tuple[Hole, ...], hole: Hole) -> str:
    """The text without a hole and all later ones that call the same macro."""
    name = _MACRO.match(hole.text)
    for other in holes:
        again = _MACRO.match(other.text)
        alike = name is not None and again is not None and name[0] == again[0] and other.span >= hole.span
        if other is hole or alike:
            start, end = other.span
            text = text[:start] + blank(text[start:end]) + text[end:]
    return text
