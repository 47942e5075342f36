"""What is known of Jinja's conditions without running them: the same words mean the same throughout one rendering."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pipesense.text.regex import regex

_WORDS: Final = regex(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[()\[\]{}]|\b(?:and|or|not)\b""")
_ALWAYS: Final = regex(r"true|True|\w*loop\.(?:last|first)|\w*loop\.index == 1|\w*loop\.index0 == 0")
_NEVER: Final = regex(r"false|False|\w*loop\.(?:index (?:>|!=) 1|index0 (?:>|!=) 0|index0)")
_EQUAL: Final = regex(r"([\w.]+) == ('[^']*'|\d+)")
_STEPS: Final = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


def normalised(condition: str) -> str:
    """A condition in one spelling of blanks and quotes."""
    plain = " ".join(condition.split()).replace('"', "'")
    plain = re.sub(r" ?([()]) ?", r"\1", re.sub(r" ?(==|!=|>=|<=|>|<) ?", r" \1 ", plain))
    return re.sub(r"\b(and|or|not)\(", r"\1 (", re.sub(r"\)(and|or)\b", r") \1", plain)).strip()


def truth(condition: str, known: Mapping[str, bool]) -> bool | None:
    """Whether a normalised condition holds where a loop is in its only round; None where nobody can tell.

    ``known`` are conditions that were decided before in the same rendering.
    """
    if condition in known:
        return known[condition]
    for word, decides in (("or", True), ("and", False)):
        parts = _parts(condition, word)
        if len(parts) > 1:
            values = [truth(part, known) for part in parts]
            if decides in values:
                return decides
            return None if None in values else not decides
    if condition.startswith("not "):
        value = truth(condition[4:].strip(), known)
        return None if value is None else not value
    if _bracketed(condition):
        return truth(condition[1:-1].strip(), known)
    if _ALWAYS.fullmatch(condition) or _NEVER.fullmatch(condition):
        return _NEVER.fullmatch(condition) is None
    equal = _EQUAL.fullmatch(condition)
    if equal is not None and any(
        holds and (other := _EQUAL.fullmatch(text)) is not None and other[1] == equal[1] and other[2] != equal[2]
        for text, holds in known.items()
    ):
        return False
    return None


def learn(condition: str, holds: bool, known: dict[str, bool]) -> None:
    """Remember in ``known`` what follows from a decision."""
    known[condition] = holds
    if condition.startswith("not "):
        learn(condition[4:].strip(), not holds, known)
    elif _bracketed(condition):
        learn(condition[1:-1].strip(), holds, known)
    else:
        for part in _parts(condition, "and" if holds else "or"):
            if part != condition:
                learn(part, holds, known)


def _parts(condition: str, word: str) -> list[str]:
    """The parts between the words outside brackets and quotes; OR binds less than AND, AND less than NOT."""
    found: list[str] = []
    depth = at = 0
    for match in _WORDS.finditer(condition):
        depth += _STEPS.get(match[0], 0)
        if depth == 0 and match[0] == "or" and word == "and":
            return [condition]
        if depth == 0 and match[0] == word:
            found.append(condition[at : match.start()].strip())
            at = match.end()
    return [*found, condition[at:].strip()]


def _bracketed(condition: str) -> bool:
    """Whether one pair of round brackets holds all of it."""
    if not condition.startswith("("):
        return False
    depth = 0
    for match in _WORDS.finditer(condition):
        depth += _STEPS.get(match[0], 0)
        if depth == 0:
            return match.end() == len(condition)
    return False
