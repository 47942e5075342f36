"""Hiding from the SQL parser what is not SQL: Jinja tags and the placeholders of drivers and shells.

Everything keeps its length and its lines, so every offset into the masked text is true of the original.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.lang.jinja.mask import mask_jinja, placeholder
from pipesense.model.sql import Hole
from pipesense.text.regex import regex
from pipesense.text.span import Span

# What may hold a placeholder's characters without being one comes first; numbered by group behind it.
_PARAMETER: Final = regex(
    r"""
      --[^\r\n]*
    | /\*(?:[^*]|\*(?!/))*\*/
    | '(?:[^'\\]|\\.|'')*'
    | "(?:[^"\\]|\\.|"")*"
    | `[^`]*`
    | \$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$
    | (?P<shell>\$\{[^{}\r\n]*\})
    | (?P<percent>%\(\w+\)s|%s\b)
    | (?P<format>\{\w*(?:\.\w+|\[\w+\])*(?:![rsa])?(?::[^{}\s][^{}\r\n]*)?\})
    | (?P<named>:(?<![:\w\])}"]:)[A-Za-z_]\w*|:(?<=[(,=<>\s]:)\d+\b|\$(?<![\w$.\])}"]\$)[A-Za-z_]\w*(?!\$))
    | (?P<psql>:(?<![:\w\])}'"]:)(?=['"]\w+['"]))
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS: Final = {
    "shell": "format",
    "percent": "percent",
    "format": "format",
    "named": "parameter",
    "psql": "parameter",
}
_IN_QUOTES: Final = regex(r"\$\{[^{}\r\n]*\}|%\(\w+\)s|\{\w+\}")
_KEYWORD_BEFORE: Final = regex(
    r"\b(?:SELECT|FROM|JOIN|WHERE|AND|OR|ON|IN|NOT|AS|BY|HAVING|THEN|ELSE|WHEN|INTO|TABLE|UPDATE|LIMIT|UNION|ALL)\Z",
    re.IGNORECASE,
)
"""A tag glued to one of these is a word of its own."""

_HINTS: Final = regex(r"\{|%[s(]|\$[{A-Za-z_]|:[A-Za-z_'\"]|(?<=[(,=<>\s]):\d")
"""What every placeholder starts with."""
_INSIDE: Final = regex(r"\{|%\(")
"""The same for those that are looked for in quotes."""


@dataclass(frozen=True, slots=True)
class Masked:
    """``text`` is as long as the original; ``holes`` say what is hidden, in order.

    Holes inside quotes stay readable in ``text``: they change a value, not the statement. ``unsure``: the
    template's blocks do not nest, so the statement may not be what is run. ``fresh``: the stretches that no
    rendering of the template before this one shows.
    """

    text: str
    holes: tuple[Hole, ...]
    unsure: bool
    fresh: tuple[Span, ...] = ()


def mask(text: str, *, incremental: bool = True) -> Iterator[Masked]:
    """Mask Jinja, then ``${x}``, ``%s``, ``%(x)s``, ``{x}``, ``:x`` and ``:1``; ``@x`` and ``?`` belong to dialects.

    Gives the likeliest rendering of the template first, then others that show what it leaves out. ``incremental``
    is the meaning of dbt's ``is_incremental()`` in the first one.
    """
    for jinja in mask_jinja(text, incremental=incremental, apart=_KEYWORD_BEFORE):
        if _HINTS.search(jinja.text) is None:
            yield Masked(jinja.text, jinja.holes, jinja.unsure, jinja.fresh)
            continue
        holes = list(jinja.holes)
        masked = _PARAMETER.sub(_masker(holes, text), jinja.text)
        if len(holes) > len(jinja.holes):
            holes = _apart(holes)
        yield Masked(masked, tuple(holes), jinja.unsure, jinja.fresh)


def _apart(holes: list[Hole]) -> list[Hole]:
    """The holes in order; a tag inside a placeholder (``:day_{{ x }}``) belongs to that."""
    found: list[Hole] = []
    for hole in sorted(holes, key=lambda hole: (hole.span.start, -hole.span.end)):
        if not found or hole.span.start >= found[-1].span.end:
            found.append(hole)
    return found


def _masker(holes: list[Hole], original: str) -> Callable[[re.Match[str]], str]:
    def hide(match: re.Match[str]) -> str:
        group = match.lastgroup
        text = match[0]
        if group is None or group == "tag":
            if text[0] in "'\"`" and _INSIDE.search(text) is not None:
                places = (Span(*inner.span()).shift(match.start()) for inner in _IN_QUOTES.finditer(text))
                holes.extend(Hole(place, place.of(original), "format") for place in places)
            return text
        place = Span(*match.span())
        holes.append(Hole(place, place.of(original), _KINDS[group]))
        return " " if group == "psql" else placeholder(text, "p", len(holes))

    return hide
