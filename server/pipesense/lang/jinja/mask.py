"""Hiding Jinja from a parser: same length, same lines, one possible rendering at a time.

Of an ``if`` one branch is kept, of a loop one round, and the bodies of macros, ``set`` and ``call`` blocks go.
What is hidden is said: a rule that reasons about something missing must know what it cannot see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.lang.jinja.branches import Branches, Rendering
from pipesense.lang.jinja.conditions import normalised, truth
from pipesense.lang.jinja.go_template import go_actions
from pipesense.lang.jinja.tags import Tag, tags
from pipesense.model.sql import Hole
from pipesense.text.regex import regex
from pipesense.text.span import Span

_NOT_BREAK: Final = regex(r"[^\r\n]")
_SILENT: Final = frozenset({"config", "log", "print", "return", "do", "exceptions"})
_INSERTS: Final = frozenset({"include", "import", "extends"})
_INCREMENTAL: Final = "is_incremental()"
_SEPARATOR: Final = regex(r"""(?P<q>['"])[^'"]*(?P=q)\s+if\s+(?P<condition>.+?)(?:\s+else\s+(?:''|""))?""", re.DOTALL)
_QUERY: Final = regex(r"\bselect\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class JinjaMask:
    """``text`` without Jinja, as long as the original and with the same line breaks.

    ``holes`` are the tags that stand for text nobody knows here, the branches left out, and the ends of loops that
    may go on. ``unsure``: the tags do not nest, so what was kept is a guess. ``fresh``: the stretches that no
    rendering before this one shows.
    """

    text: str
    holes: tuple[Hole, ...]
    unsure: bool
    fresh: tuple[Span, ...] = ()


def blank(text: str) -> str:
    """Spaces instead of everything but line breaks."""
    return _NOT_BREAK.sub(" ", text)


def placeholder(text: str, letter: str, number: int) -> str:
    """An identifier as long as ``text``, on its first line; the rest is blank."""
    line = re.search(r"[^\r\n]+", text)
    if line is None:
        return text
    length = len(line[0])
    name = f"{letter}{number}".ljust(length, "_")[:length] if length > 1 else letter
    return text[: line.start()] + name + blank(text[line.end() :])


def _moved(hidden: str) -> str:
    """A placeholder one character later on its line, as long as before."""
    end = len(hidden.splitlines()[0])
    return f" {hidden[: end - 1]}{hidden[end:]}"


def mask_jinja(text: str, *, incremental: bool = True, apart: re.Pattern[str] | None = None) -> Iterator[JinjaMask]:
    """Mask all Jinja of ``text``: renderings that together show as many branches as a few can, the likeliest first.

    ``incremental`` chooses what ``is_incremental()`` means in the first one; of every other condition the first
    branch is kept there. A tag directly behind text that ``apart`` matches at its end is kept apart by a blank.
    """
    if "{{" not in text and "{%" not in text and "{#" not in text:
        yield JinjaMask(text, (), False)
        return
    found = go_actions(tags(text))
    masked, holes = _without_tags(text, found, apart)
    branches = Branches(found, len(text))
    unsure = branches.unsure or any(not tag.closed for tag in found)
    for rendering in branches.renderings({_INCREMENTAL: incremental}):
        yield _rendered(text, masked, holes, rendering, unsure)


def _without_tags(text: str, found: list[Tag], apart: re.Pattern[str] | None) -> tuple[str, list[Hole]]:
    """The text with every tag hidden and every branch kept."""
    parts: list[str] = []
    holes: list[Hole] = []
    at = 0
    for number, tag in enumerate(found):
        parts.append(text[at : tag.start])
        original = text[tag.start : tag.end]
        at = tag.end
        if _stands_for_text(tag):
            holes.append(Hole(Span(tag.start, tag.end), original, "jinja"))
            hidden = placeholder(original, "j", number)
            glued = apart is not None and apart.search(text, max(0, tag.start - 10), tag.start) is not None
            parts.append(_moved(hidden) if glued else hidden)
        else:
            if tag.kind == "statement" and tag.word in _INSERTS:
                holes.append(Hole(Span(tag.start, tag.end), original, "jinja"))
            parts.append(blank(original))
    parts.append(text[at:])
    return "".join(parts), holes


def _rendered(text: str, masked: str, holes: list[Hole], rendering: Rendering, unsure: bool) -> JinjaMask:
    kept = list(holes)
    # A loop that holds whole queries says nothing of the queries around it; any other may go on where it stands.
    for body, tag in rendering.rounds:
        if _QUERY.search(masked, body.start, body.end) is None:
            kept.append(Hole(tag, tag.of(text), "jinja"))
    for span in rendering.hidden:
        masked = masked[: span.start] + blank(span.of(text)) + masked[span.end :]
        kept = [hole for hole in kept if not span.overlaps(hole.span)]
        if re.search(r"\w", span.of(text)) is not None:
            kept.append(Hole(span, span.of(text), "jinja"))
    kept.sort(key=lambda hole: hole.span)
    return JinjaMask(masked, tuple(kept), unsure, rendering.fresh)


def _stands_for_text(tag: Tag) -> bool:
    if tag.kind != "expression" or tag.word in _SILENT:
        return False
    separator = _SEPARATOR.fullmatch(tag.inner)
    return separator is None or truth(normalised(separator["condition"]), {}) is not False
