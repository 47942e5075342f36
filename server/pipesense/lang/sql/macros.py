"""The queries inside definitions of templates: what a macro or a test renders, and what a block keeps for later."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from pipesense.lang.jinja.tags import Tag, tags
from pipesense.lang.jinja.template import OPENERS
from pipesense.lang.sql.mask import mask
from pipesense.lang.sql.split import split
from pipesense.model.sql import StatementFacts
from pipesense.text.regex import regex
from pipesense.text.span import Span

_BODIES: Final = frozenset({"macro", "test", "data_test", "call", "set", "materialization"})
_OTHERS: Final = frozenset({"docs", "raw"})
_NOT_BREAK: Final = regex(r"[^\r\n]")
_COMMENT: Final = regex(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_STATEMENT: Final = regex(
    r"(?:SELECT|WITH|INSERT|UPDATE|DELETE|MERGE|CREATE|ALTER|DROP|TRUNCATE|GRANT|COPY)\b(?!\s*\()", re.IGNORECASE
)
_PARTS: Final = "A template that defines something for other files; only the queries and changes inside it are judged."
_NO_SQL: Final = "A template that defines something and holds no SQL of its own: there is nothing in it to judge."


def with_definitions(facts: StatementFacts, text: str) -> StatementFacts:
    """The facts of a template of definitions with the statements inside it, each to be judged on its own.

    A body that is only a part of a query (an expression, a condition) is none of them.
    """
    found: list[Span] = []
    parts = False
    for body in _bodies(text):
        statements, rest = _statements(body.of(text))
        found += [each.shift(body.start) for each in statements]
        parts = parts or rest
    if found:
        outermost: list[Span] = []
        for span in sorted(found, key=lambda each: (each.start, -each.end)):
            if not outermost or span.start >= outermost[-1].end:
                outermost.append(span)
        return replace(facts, inner=tuple(outermost), stored=True, unjudged=_PARTS)
    return facts if parts else replace(facts, unjudged=_NO_SQL)


def _bodies(text: str) -> list[Span]:
    """What stands between the tags of each block."""
    found: list[Span] = []
    open_tags: list[Tag] = []
    for tag in tags(text):
        if tag.kind != "statement" or not tag.closed:
            continue
        if tag.word.startswith("end"):
            word = tag.word.removeprefix("end")
            while open_tags and any(each.word == word for each in open_tags):
                opening = open_tags.pop()
                if opening.word == word:
                    if word in _BODIES:
                        found.append(Span(opening.end, tag.start))
                    break
        elif tag.word in _OTHERS or (tag.word in _BODIES and (tag.word != "set" or _keeps(tag))):
            open_tags.append(tag)
    return found


def _statements(body: str) -> tuple[list[Span], bool]:
    """The whole statements of a body, and whether it holds other SQL."""
    found: list[Span] = []
    rest = False
    for cut in split(body):
        text = body[cut.start : cut.end]
        masked = next(mask(text), None)
        if masked is None:
            continue
        shown = masked.text
        for hole in masked.holes:
            shown = shown[: hole.span.start] + _NOT_BREAK.sub(" ", hole.span.of(shown)) + shown[hole.span.end :]
        shown = _COMMENT.sub(lambda match: _NOT_BREAK.sub(" ", match[0]), shown)
        start = len(shown) - len(shown.lstrip())
        if start == len(shown):
            continue
        if _STATEMENT.match(shown, start) is None:
            rest = rest or re.search(r"\w", shown) is not None
            continue
        start = _behind_blocks(text, start)
        end = len(text.rstrip().rstrip(";").rstrip())
        found.append(Span(cut.start + start, cut.start + end))
    return found, rest


def _behind_blocks(text: str, stop: int) -> int:
    """Where a statement starts whose first word stands at ``stop``: behind the blocks that end before it."""
    at, depth = stop, 0
    for tag in tags(text[:stop]):
        if depth == 0 and tag.word in OPENERS:
            at = min(at, tag.start)
        depth += (tag.word in OPENERS or _keeps(tag)) - tag.word.startswith("end")
        if depth == 0:
            at = stop
    return at


def _keeps(tag: Tag) -> bool:
    """Whether a tag opens a block that gives its text to a variable."""
    return tag.word == "set" and "=" not in tag.inner
