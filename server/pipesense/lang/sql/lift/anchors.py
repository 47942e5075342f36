"""Where operators, calls, casts and paths stand: what the tree does not say, read from the tokens."""

from __future__ import annotations

from typing import Final

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.lift.shapes import OPERATOR_WORDS, spellings
from pipesense.lang.sql.lift.state import NOWHERE, State, cover
from pipesense.text.regex import regex
from pipesense.text.span import Span

_QUOTED: Final = regex(r"('(?:[^']|'')*')")
_BLANKS: Final = regex(r"\s+")
_TIGHT: Final = regex(r"\s*([(),\[\]<>])\s*")
_FEW: Final = 6
"""No more tokens stand between a call's bracket and its first argument."""
_ARROWS: Final = frozenset({TokenType.ARROW, TokenType.DARROW, TokenType.HASH_ARROW, TokenType.DHASH_ARROW})
_JSON_STEPS: Final = _ARROWS | {TokenType.COLON, TokenType.DOT, TokenType.L_BRACKET}


def type_text(text: str) -> str:
    """A type as the dialect writes it, in upper case, with single blanks; the values of an ENUM as they stand."""
    if "'" in text:
        pieces = _QUOTED.split(text)
        return "".join(piece if piece[:1] == "'" else type_text(piece) for piece in pieces)
    return _TIGHT.sub(r"\1", _BLANKS.sub(" ", text.strip())).upper()


def operator_between(state: State, left: Span, right: Span) -> Span:
    """The operator's own tokens between the operands."""
    tokens = state.layout.tokens
    if left.end >= 0:
        index = state.index_behind(left.end)
    elif right.end >= 0:
        index = max(0, state.index_before(right.start) - 2)
    else:
        return NOWHERE
    stop = min(index + 6, len(tokens))
    while index < stop and tokens[index].text.upper() not in OPERATOR_WORDS:
        index += 1
    if index >= stop or (right.end >= 0 and tokens[index].start >= right.start):
        return NOWHERE
    last = index
    word = tokens[index].text.upper()
    if word in ("NOT", "IS", "!", "GLOBAL") and index + 1 < len(tokens):
        following = tokens[index + 1].text.upper()
        if following in OPERATOR_WORDS or following == "DISTINCT":
            last = index + 1
        if last + 1 < len(tokens) and tokens[last + 1].text.upper() == "DISTINCT":
            last += 1
        if tokens[last].text.upper() == "DISTINCT":
            last += 1
    return state.token_span(index, last)


def call_span(state: State, node: exp.Expr, span: Span, name_end: int) -> Span:
    """A call reaches to its closing bracket; one without a position stands around its arguments."""
    if name_end >= 0:
        closing = state.layout.match.get(state.index_behind(name_end))
        return cover(span, state.token_span(closing)) if closing is not None else span
    if span.end < 0:
        index = state.word_ahead(*spellings(node.__class__))
        if index < 0:
            return NOWHERE
        closing = state.layout.match.get(index + 1)
        return state.token_span(index, closing if closing is not None and closing > index else None)
    names = spellings(node.__class__)
    before = state.index_before(span.start)
    if state.kind_of(before + 1) is TokenType.L_PAREN and is_word(state, before, *names):
        return cover(state.token_span(before), span)
    closing = state.layout.match.get(before)
    if closing is None or state.layout.tokens[closing].end + 1 < span.end:
        return _named_call(state, span, before, names)
    if state.kind_of(before) is TokenType.L_PAREN and before > 0:
        return state.token_span(before - 1, closing)
    return state.token_span(before, closing) if state.kind_of(before) is TokenType.L_BRACKET else span


def _named_call(state: State, span: Span, before: int, names: frozenset[str]) -> Span:
    """The call around arguments that words stand before (``EXTRACT(YEAR FROM x)``) or brackets behind (``LISTAGG(x)
    WITHIN GROUP (ORDER BY y)``).
    """
    for opening in range(before, max(before - _FEW, 0), -1):
        if state.kind_of(opening) is TokenType.L_PAREN:
            closing = state.layout.match.get(opening)
            if closing is None or not is_word(state, opening - 1, *names):
                return span
            whole = state.token_span(opening - 1, closing)
            return whole if whole.end >= span.end else through_within(state, cover(whole, span))
    return span


def indexed(state: State, base: Span) -> Span:
    """``base[...]``, whatever is written in the brackets."""
    behind = state.index_behind(base.end) if base.end >= 0 else -1
    closing = state.layout.match.get(behind) if state.kind_of(behind) is TokenType.L_BRACKET else None
    return cover(base, state.token_span(closing)) if closing is not None else base


def case_span(state: State, first: int, inner: Span) -> Span:
    """From CASE to END around what stands between; ``first`` is where CASE was expected."""
    places = [first] if first >= 0 else []
    if inner.end >= 0:
        before = state.index_before(inner.start)
        places += range(before, max(before - _FEW, -1), -1)
    for at in places:
        last = state.layout.match.get(at) if state.kind_of(at) is TokenType.CASE else None
        if last is not None and last > at:
            whole = state.token_span(at, last)
            if inner.end < 0 or (whole.start <= inner.start and inner.end <= whole.end):
                return whole
    return NOWHERE


def through_within(state: State, span: Span) -> Span:
    """The range to the bracket that closes WITHIN GROUP (ORDER BY ...)."""
    behind = state.index_behind(span.end)
    return cover(span, state.token_span(behind)) if state.kind_of(behind) is TokenType.R_PAREN else span


def through_bracket(state: State, span: Span) -> Span:
    """The range to the end of the closing bracket behind it: ``a[1]``."""
    closing = state.index_behind(span.end)
    opening = state.layout.match.get(closing)
    if opening is not None and state.layout.tokens[opening].start >= span.start:
        return Span(span.start, state.layout.tokens[closing].end + 1)
    return span


def cast_type(state: State, arg: Span) -> tuple[str, Span]:
    """``x::type``, ``CAST(x AS type)`` or ``type 'x'``: the type's words and the range of the whole."""
    layout, tokens = state.layout, state.layout.tokens
    behind = state.index_behind(arg.end)
    kind = state.kind_of(behind)
    if kind is TokenType.DCOLON and behind + 1 < len(tokens):
        last = behind + 1
        if tokens[last].text.upper() in ("TIMESTAMP", "TIME") and is_word(state, last + 1, "WITH", "WITHOUT"):
            last += 3
        while state.kind_of(last + 1) in (TokenType.L_PAREN, TokenType.L_BRACKET):
            last = layout.match.get(last + 1, last + 1)
        last = min(last, len(tokens) - 1)
        written = state.token_span(behind + 1, last)
        return type_text(written.of(state.text)), cover(arg, written)
    before = state.index_before(arg.start)
    if state.kind_of(before) is TokenType.L_PAREN and before > 0:
        closing = layout.match.get(before)
        if closing is not None:
            first = behind + 1 if kind in (TokenType.ALIAS, TokenType.COMMA) else behind
            text = state.text[tokens[first].start : tokens[closing].start] if first < closing else ""
            if not text and not is_word(state, before - 1, "CAST", "TRY_CAST", "SAFE_CAST", "CONVERT"):
                # A function that is named like the type: DATE(x).
                text = tokens[before - 1].text
            return type_text(text), state.token_span(before - 1, closing)
    if kind is TokenType.R_PAREN and state.kind_of(before) is TokenType.COMMA:
        found = enclosing_call(state, before - 1, "CONVERT", "TRY_CONVERT")
        if found is not None:
            return type_text(found[0].of(state.text)), found[1]
    if before >= 0 and tokens[before].end + 1 <= arg.start and tokens[before].text.isidentifier():
        return type_text(tokens[before].text), cover(state.token_span(before), arg)
    return "", arg


def enclosing_call(state: State, last: int, *names: str) -> tuple[Span, Span] | None:
    """The first argument of a call, which ends with the token ``last``, and the whole call; None for another call."""
    opening = last
    while opening > 0 and state.kind_of(opening) is not TokenType.L_PAREN:
        closed = state.layout.match.get(opening, opening)
        opening = min(closed, opening) - 1
    if opening >= last or not is_word(state, opening - 1, *names):
        # ``DECIMAL(10, 2)`` ends with a bracket of its own.
        return None
    closing = state.layout.match.get(opening)
    return None if closing is None else (state.token_span(opening + 1, last), state.token_span(opening - 1, closing))


def is_word(state: State, index: int, *words: str) -> bool:
    """Whether a token is one of the words, given in upper case."""
    tokens = state.layout.tokens
    return index < len(tokens) and tokens[index].text.upper() in words


def json_path(state: State, span: Span) -> Span:
    """The range with the path behind it: ``:a.b[0]``, ``-> 'a'``."""
    index = state.index_behind(span.end)
    while (kind := state.kind_of(index)) in _JSON_STEPS:
        closing = state.layout.match.get(index) if kind is TokenType.L_BRACKET else index + 1
        if closing is None or closing >= len(state.layout.tokens):
            break
        span = cover(span, state.token_span(index, closing))
        index = closing + 1
        if kind in _ARROWS:
            break
    return span
