"""Where Jinja's tags stand in a text (syntax of Jinja 3.1, https://jinja.palletsprojects.com/templates/)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from pipesense.text.regex import regex

_OPEN: Final = regex(r"\{[{%#]")
_INSIDE: Final = regex(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\}\}|%\}|\{[{%]|[{}]""", re.DOTALL)
_WORD: Final = regex(r"\s*(\w+)")
_STATEMENTS: Final = frozenset(
    {
        *("if", "elif", "else", "endif", "for", "endfor", "set", "endset", "macro", "endmacro", "call", "endcall"),
        *("raw", "endraw", "block", "endblock", "filter", "endfilter", "include", "import", "from", "extends", "do"),
        *("with", "endwith", "test", "endtest", "docs", "enddocs", "materialization", "endmaterialization"),
        *("snapshot", "endsnapshot", "data_test", "enddata_test", "print"),
    }
)
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
    """All tags in order. Strings inside tags may hold tags of their own.

    The tags inside a ``raw`` block count: such a file is rendered twice, and the second time they are tags. A
    ``{%`` that no statement follows and that never closes is none (``FORMAT('{"n":{%s}}', ...)``).
    """
    found: list[Tag] = []
    match = _OPEN.search(text)
    while match is not None:
        tag = _read(text, match.start())
        if tag.closed or tag.kind != "statement" or not tag.word or tag.word in _STATEMENTS:
            found.append(tag)
            match = _OPEN.search(text, tag.end)
        else:
            match = _OPEN.search(text, match.end())
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
        at, depth = start + 2, 0
        while (match := _INSIDE.search(text, at)) is not None:
            found, at = match[0], match.end()
            if found == closer and not depth:
                return at
            if found in ("{{", "{%"):
                break
            if found == "{":
                depth += 1
            elif depth and found.endswith("}"):
                # A brace closes what was opened inside the tag before the two of them can close the tag.
                depth -= 1
                at = match.start() + found.index("}") + 1
    # Comments know no strings; and a tag with an odd quote still ends at the first closer.
    plain = text.find(closer, start + 2)
    return plain + 2 if plain >= 0 else -1
