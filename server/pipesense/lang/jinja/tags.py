"""Where Jinja's tags stand in a text (syntax of Jinja 3.1, https://jinja.palletsprojects.com/templates/)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_OPEN: Final = re.compile(r"\{[{%#]")
_INSIDE: Final = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\}\}|%\}""", re.DOTALL)
_ENDRAW: Final = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_WORD: Final = re.compile(r"\s*(\w+)")
_CLOSERS: Final = {"{{": "}}", "{%": "%}", "{#": "#}"}
_KINDS: Final = {"{{": "expression", "{%": "statement", "{#": "comment"}


class Tag(NamedTuple):
    """One tag, ``[start, end)`` in the text.

    ``kind`` is "expression" (``{{ }}``), "statement" (``{% %}``) or "comment". ``inner`` is what stands between
    the delimiters, whitespace control and outer blanks removed; ``word`` the first word of it. ``closed`` is
    False for a tag that never ends: it is then taken to end with its line.
    """

    start: int
    end: int
    kind: str
    word: str
    inner: str
    closed: bool


def tags(text: str) -> list[Tag]:
    """All tags in order. Strings inside tags may hold tags of their own; ``raw`` blocks hold none."""
    found: list[Tag] = []
    match = _OPEN.search(text)
    while match is not None:
        tag = _read(text, match.start())
        found.append(tag)
        behind = tag.end
        if tag.kind == "statement" and tag.word == "raw":
            closing = _ENDRAW.search(text, behind)
            if closing is not None:
                behind = closing.start()
        match = _OPEN.search(text, behind)
    return found


def _read(text: str, start: int) -> Tag:
    opening = text[start : start + 2]
    end = _end(text, start, opening)
    closed = end >= 0
    if not closed:
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
    inner = text[start + 2 : end - 2 if closed else end].strip("-+ \t\r\n")
    word = _WORD.match(inner)
    return Tag(start, end, _KINDS[opening], word[1] if word else "", inner, closed)


def _end(text: str, start: int, opening: str) -> int:
    closer = _CLOSERS[opening]
    if opening != "{#":
        at = start + 2
        while (match := _INSIDE.search(text, at)) is not None:
            if match[0] == closer:
                return match.end()
            at = match.end()
    # Comments know no strings; and a tag with an odd quote still ends at the first closer.
    plain = text.find(closer, start + 2)
    return plain + 2 if plain >= 0 else -1
