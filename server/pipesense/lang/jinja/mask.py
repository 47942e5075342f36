"""Hiding Jinja from a parser: same length, same lines, one possible rendering.

Of an ``if`` one branch is kept, of a loop one round, and the bodies of macros, ``set`` and ``call`` blocks go.
What is hidden is said: a rule that reasons about something missing must know what it cannot see.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipesense.lang.jinja.tags import Tag, tags
from pipesense.model.sql import Hole
from pipesense.text.span import Span

_NOT_BREAK: Final = re.compile(r"[^\r\n]")
_SILENT: Final = frozenset({"config", "log", "print", "return", "do", "exceptions"})
_BODIES: Final = frozenset({"macro", "test", "data_test", "materialization", "call", "docs"})
_INSERTS: Final = frozenset({"include", "import", "extends"})
_INCREMENTAL: Final = re.compile(r"^(not\s+)?\(?\s*is_incremental\s*\(\s*\)\s*\)?(\s+and\b.*)?$", re.DOTALL)
_NEVER: Final = re.compile(r"\bnot\s+\w*loop\.(?:last|first)\b|\bloop\.index0?\s*(?:>|!=)|^(?:false|False)$")


@dataclass(frozen=True, slots=True)
class JinjaMask:
    """``text`` without Jinja, as long as the original and with the same line breaks.

    ``holes`` are the tags that stand for text nobody knows here, and the branches left out. ``unsure``: the
    tags do not nest, so what was kept is a guess.
    """

    text: str
    holes: tuple[Hole, ...]
    unsure: bool


@dataclass(slots=True)
class _Frame:
    word: str
    tag_end: int
    kept: bool
    taken: bool


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


def mask_jinja(text: str, *, incremental: bool = True, apart: re.Pattern[str] | None = None) -> JinjaMask:
    """Mask all Jinja of ``text``.

    ``incremental`` chooses what ``is_incremental()`` means; of every other condition the first branch is kept.
    A tag directly behind text that ``apart`` matches at its end is kept apart from it by a blank.
    """
    if "{{" not in text and "{%" not in text and "{#" not in text:
        return JinjaMask(text, (), False)
    found = tags(text)
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
    masked = "".join(parts)
    dead, unsure = _dead_ranges(found, len(text), incremental)
    for span in dead:
        masked = masked[: span.start] + blank(span.of(text)) + masked[span.end :]
        holes = [hole for hole in holes if not span.overlaps(hole.span)]
        if re.search(r"\w", span.of(text)) is not None:
            holes.append(Hole(span, span.of(text), "jinja"))
    holes.sort(key=lambda hole: hole.span)
    return JinjaMask(masked, tuple(holes), unsure or any(not tag.closed for tag in found))


def _stands_for_text(tag: Tag) -> bool:
    return tag.kind == "expression" and tag.word not in _SILENT


def _keeps_first(condition: str, incremental: bool) -> bool:
    match = _INCREMENTAL.match(condition)
    if match is not None:
        return incremental != bool(match[1])
    return _NEVER.search(condition) is None


def _dead_ranges(found: list[Tag], length: int, incremental: bool) -> tuple[list[Span], bool]:
    """The ranges between tags that this rendering leaves out, and whether the tags failed to nest."""
    frames: list[_Frame] = []
    dead: list[Span] = []
    unsure = False
    for tag in found:
        if tag.kind != "statement":
            continue
        word, top = tag.word, frames[-1] if frames else None
        if word == "if":
            keep = _keeps_first(tag.inner[2:].strip(), incremental)
            frames.append(_Frame("if", tag.end, keep, keep))
        elif word == "for":
            frames.append(_Frame("for", tag.end, True, True))
        elif word in _BODIES or (word == "set" and "=" not in tag.inner):
            frames.append(_Frame(word, tag.end, False, True))
        elif word in ("elif", "else") and top is not None and top.word in ("if", "for"):
            if not top.kept:
                dead.append(Span(top.tag_end, tag.start))
            top.kept = not top.taken and (word == "else" or _keeps_first(tag.inner[4:].strip(), incremental))
            top.taken = top.taken or top.kept
            top.tag_end = tag.end
        elif word.startswith("end") and (word[3:] in _BODIES or word[3:] in ("if", "for", "set")):
            if top is None or top.word != word[3:]:
                unsure = True
                continue
            frames.pop()
            if not top.kept:
                dead.append(Span(top.tag_end, tag.start))
    for frame in frames:
        # Half-typed: the body of an unclosed block is kept, but nobody knows whether it belongs there.
        unsure = True
        if not frame.kept and frame.word in _BODIES:
            dead.append(Span(frame.tag_end, length))
    return dead, unsure
