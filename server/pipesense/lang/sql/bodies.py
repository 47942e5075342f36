"""Statements that hold other statements: procedures, functions, BEGIN ... END, IF ... END IF, loops."""

from __future__ import annotations

import re
from typing import Final

from pipesense.lang.sql.lexical import FLAGS, HIDING, comment_end
from pipesense.text.regex import regex

NO_BODY: Final = -2
"""The statement opened a body that never closes before the end, so its ``;`` count again."""

_TRANSACTION: Final = (
    r"BEGIN(?=\s*(?:;|\Z|(?:TRAN(?:SACTION)?|WORK|ISOLATION|READ|DEFERRED|IMMEDIATE|EXCLUSIVE|CONCURRENT)\b))"
)
_OPENS: Final = regex(
    rf"(?!{_TRANSACTION})(?:BEGIN|IF|WHILE|FOR|LOOP|REPEAT)\b"
    r"|(?:CREATE|ALTER)\s+(?:[\w=@`'%.]+\s+){0,5}?(?:PROCEDURE|PROC|FUNCTION|TRIGGER|EVENT|PACKAGE|TASK)\b",
    re.IGNORECASE,
)
_WORDS: Final = regex(
    HIDING
    + rf"""
    | ;(?P<end>)
    | \n[ \t]*GO(?:[ \t]+\d+)?[ \t]*(?=\r?\n|\Z)(?P<go>)
    | \b(?:
        {_TRANSACTION}(?P<transaction>)
      | (?:BEGIN|CASE)\b(?P<opens>)
      | END\b(?:\s+(?:IF|LOOP|WHILE|FOR|REPEAT|CASE|TRY|CATCH)\b)?(?P<closes>)
      | IF\b(?P<condition>)
      | (?:LOOP|REPEAT)\b(?P<loop>)
      | DO\b(?!\s+(?:NOTHING|UPDATE|INSTEAD|ALSO)\b)(?P<do>)
      | DECLARE\b(?P<declare>)
      )
    """,
    FLAGS | re.IGNORECASE,
)
_THEN: Final = regex(r"[^;]*?\bTHEN\b", re.IGNORECASE)
_AT_START: Final = regex(r"(?:;|\b(?:BEGIN|THEN|ELSE|DO|LOOP|AS|IS|REPEAT))\s*\Z", re.IGNORECASE)
_LOOP_START: Final = regex(r"\b(?:WHILE|FOR)\b[^;]*\Z", re.IGNORECASE)
# In upper case, and every alternative starts with a plain character: this looks at whole files at every key press.
_CLOSERS: Final = regex(r"END\b(?<!\wEND)|BEGIN\b(?<!\wBEGIN)|CASE\b(?<!\wCASE)|/\*|\*/|\{\{|\}\}|\{%|%\}")
_KEEPS: Final = regex(r"\{%[-+]?\s*(macro|call|set|test|data_test|materialization|docs)\b")
_KEPT_ENDS: Final = regex(r"\{%[-+]?\s*end(?:macro|call|set|test|data_test|materialization|docs)\b")
_STEPS: Final = {
    "END": ("block", -1),
    "/*": ("/*", 1),
    "*/": ("/*", -1),
    "{{": ("{{", 1),
    "}}": ("{{", -1),
    "{%": ("{%", 1),
    "%}": ("{%", -1),
}


def template_end(text: str, start: int, end: int, stop: int) -> int:
    """The end of the block whose first tag is ``[start, end)``, if it is one that keeps SQL for later.

    Such are macros, ``call`` and ``set`` blocks and their like: what they hold is run elsewhere, if at all, so its
    ``;`` end no statement of this script. ``end`` for every other tag, -1 if the block does not end before ``stop``.
    """
    opening = _KEEPS.match(text, start, end)
    if opening is None or (opening[1] == "set" and "=" in text[start:end]):
        return end
    depth = 1
    for tag in re.compile(rf"\{{%[-+]?\s*(end)?{opening[1]}\b([^%]*)%\}}").finditer(text, end, stop):
        if tag[1]:
            depth -= 1
            if depth == 0:
                return tag.end()
        elif "=" not in tag[2] or opening[1] != "set":
            depth += 1
    return -1


def opens_body(text: str, head: int, stop: int) -> bool:
    """Whether the statement whose first word stands at ``head`` may hold other statements."""
    return text[head] in "bBiIwWfFlLrRcCaA" and _OPENS.match(text, head, stop) is not None


def body_end(text: str, head: int, stop: int, unclosed: set[int]) -> int:
    """The end of such a statement, behind its ``;``.

    -1 if it goes on to ``stop``, ``NO_BODY`` if what it opens does not close before that. ``unclosed`` gathers
    where such things open: whoever meets one of them again need not read on to the end, so that a script full of
    them is read in one go.
    """
    opened: list[int] = []
    declared: list[int] = []
    at = head
    while (match := _WORDS.search(text, at, stop)) is not None:
        group = match.lastgroup
        start, at = match.span()
        if group == "comment":
            at = comment_end(text, start, stop)
        elif group in ("end", "go"):
            if not opened and (group == "go" or not declared):
                return at
            at = at if group == "end" else -1
        elif group in ("open", "heredoc") or (group == "template" and stop < len(text)):
            at = -1
        elif group == "opens" or _opens_control(text, head, match, group):
            opened.append(start)
            declared.clear()
        elif group == "closes":
            if not opened:
                return NO_BODY
            opened.pop()
        elif group == "declare" and not opened and start > head:
            declared.append(start)
        if at < 0 or start in unclosed:
            break
    else:
        if not opened and not declared:
            return -1
    unclosed.update(opened, declared)
    return NO_BODY


def _opens_control(text: str, head: int, match: re.Match[str], group: str | None) -> bool:
    """Whether IF, LOOP, REPEAT or DO opens something that an END with its word closes."""
    if group not in ("condition", "loop", "do"):
        return False
    before = text[max(head, match.start() - 200) : match.start()]
    first = match.start() == head or _AT_START.search(before) is not None
    if group == "condition":
        return first and _THEN.match(text, match.end(), match.end() + 2000) is not None
    return first or _LOOP_START.search(before) is not None


def depends_on_before(text: str) -> bool:
    """Whether something in the text may belong to what an earlier statement left open.

    True for a block, comment or tag that is closed but not opened here, for the end of a macro and its like, for
    the end of COPY data, and for a backslash before a quote, whose meaning depends on the quotes that follow.
    """
    if "\n\\." in text or "#}" in text or "\\'" in text or '\\"' in text or _KEPT_ENDS.search(text):
        return True
    depths = dict.fromkeys(("block", "/*", "{{", "{%"), 0)
    for match in _CLOSERS.finditer(text.upper()):
        kind, step = _STEPS.get(match[0], ("block", 1))
        depths[kind] += step
        if depths[kind] < 0:
            return True
    return False
