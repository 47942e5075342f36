"""Cutting a script into statements, tolerantly and without a parser.

A statement ends behind its ``;``; blanks and comments in front belong to the statement that follows, blanks
behind the last one to that one. A ``;`` counts only outside quotes, comments, ``$$`` bodies, template tags,
macros and procedural bodies. Also ends of statements: a line with GO, a line with a psql command (``\\c``), the
terminator that MySQL's DELIMITER names, the ``\\.`` that ends the data of ``COPY ... FROM stdin``. An ALTER TABLE
ends before the line with the next one.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from pipesense.lang.cut import Cut, Recut
from pipesense.lang.sql.bodies import NO_BODY, body_end, depends_on_before, opens_body, template_end
from pipesense.lang.sql.lexical import GO_LINE, PLAIN, WITH_GO, comment_end, content_start, is_blank
from pipesense.text.buffer import Splice
from pipesense.text.regex import regex

_KIND: Final = "statement"
_KEPT: Final = 2
"""How many old boundaries behind an edit may be passed over before they are kept instead."""

_COPY_DATA: Final = regex(r"COPY\b[^;]*\bFROM\s+STDIN\b[^;]*;[^\n]*\n", re.IGNORECASE)
_DATA_END: Final = regex(r"^\\\.[ \t\r]*(?:\n|\Z)", re.MULTILINE)
_ALTER: Final = regex(r"ALTER[ \t]+TABLE\b", re.IGNORECASE)
_ALTER_LINE: Final = regex(r"\n(?=[ \t]*(?:ALTER[ \t]+TABLE\b|DECLARE[ \t]+@))", re.IGNORECASE)
_MAY_HIDE: Final = regex(r"[;'\"`]|\$\w*\$|--|/\*|\{[{%#]")
_DELIMITER: Final = regex(r"DELIMITER[ \t]+(\S+)[ \t\r]*(?:\n|\Z)", re.IGNORECASE)


class _Scan(NamedTuple):
    """The ends of statements found, and whether the last thing read never closed."""

    ends: list[int]
    unclosed: bool


def split(text: str) -> list[Cut]:
    """All statements of a text; they tile it."""
    return _cuts(0, _scan(text, 0, len(text)).ends, text)


def _cuts(start: int, ends: list[int], text: str) -> list[Cut]:
    """Cuts from ``start`` to the end of the text; a blank rest joins the last statement."""
    found: list[Cut] = []
    at = start
    for end in ends:
        found.append(Cut(at, end, _KIND))
        at = end
    length = len(text)
    if at < length:
        if found and is_blank(text, at, length):
            found[-1] = Cut(found[-1].start, length, _KIND)
        else:
            found.append(Cut(at, length, _KIND))
    return found


def _scan(text: str, start: int, stop: int, stop_at: frozenset[int] = frozenset()) -> _Scan:
    """Where statements end between two offsets; ends early at one of ``stop_at``."""
    ends: list[int] = []
    at = start
    delimiter = ""
    has_go = text.find("\nGO", start, stop) >= 0 or text.find("\ngo", start, stop) >= 0
    pattern = WITH_GO if has_go else PLAIN
    blocks = text.find("{%", start, stop) >= 0
    bodies: set[int] = set()
    while True:
        end, following, unclosed = _statement_end(text, at, stop, delimiter, pattern, bodies, blocks=blocks)
        if end < 0:
            return _Scan(ends, unclosed)
        ends.append(end)
        at = end
        delimiter = following
        if end in stop_at or end >= stop:
            return _Scan(ends, unclosed)


def _statement_end(
    text: str, start: int, stop: int, delimiter: str, pattern: re.Pattern[str], bodies: set[int], *, blocks: bool
) -> tuple[int, str, bool]:
    """The end of the statement that starts here (-1: not before ``stop``), the terminator then in force, and
    whether a quote, comment or tag in it never closes. ``bodies``: see ``body_end``; ``blocks``: see ``_plain_end``.
    """
    head = content_start(text, start, stop)
    if head < stop:
        first = text[head]
        if first == "\\":
            end = _line_end(text, head)
            return (end, delimiter, False) if end <= stop else (-1, delimiter, True)
        if first in "dD" and (match := _DELIMITER.match(text, head, stop)) is not None:
            return match.end(), "" if match[1] == ";" else match[1], False
        if delimiter:
            found = _find_delimiter(text, head, stop, delimiter)
            return found, delimiter, False
        if first in "gG" and (match := GO_LINE.match(text, head, stop)) is not None:
            return match.end(), "", False
        if first in "cC" and (match := _COPY_DATA.match(text, head, stop)) is not None:
            closing = _DATA_END.search(text, match.end(), stop)
            if closing is not None:
                return closing.end(), "", False
            if stop < len(text):
                return -1, "", True
        if opens_body(text, head, stop):
            end = body_end(text, head, stop, bodies)
            if end != NO_BODY:
                return end, "", end < 0
            if stop < len(text):
                return -1, "", True
        if first in "aA" and (following := _next_alter(text, head, stop)) >= 0:
            return following, "", False
    return _plain_end(text, head, stop, pattern, blocks=blocks)


def _next_alter(text: str, head: int, stop: int) -> int:
    """Where the line begins with the next ALTER TABLE or DECLARE @x behind one that nothing ends, as in T-SQL; -1.

    Only where the text between holds nothing that could hide such a line.
    """
    if _ALTER.match(text, head, stop) is None:
        return -1
    hiding = _MAY_HIDE.search(text, head, stop)
    line = _ALTER_LINE.search(text, head, hiding.start() if hiding is not None else stop)
    return line.start() + 1 if line is not None else -1


def _line_end(text: str, start: int) -> int:
    found = text.find("\n", start)
    return len(text) if found < 0 else found + 1


def _plain_end(text: str, start: int, stop: int, pattern: re.Pattern[str], *, blocks: bool) -> tuple[int, str, bool]:
    """The end of a statement without a body; ``blocks``: a template tag may stand in the text."""
    at = start
    while at >= 0:
        at, end, unclosed = _next_end(text, at, stop, pattern, blocks=blocks)
        if end >= 0 or unclosed:
            return end, "", unclosed
    return -1, "", False


def _next_end(text: str, start: int, stop: int, pattern: re.Pattern[str], *, blocks: bool) -> tuple[int, int, bool]:
    """Where to read on (-1: nowhere), the end of the statement if it was met (else -1), and whether what was met
    never closes.
    """
    for match in pattern.finditer(text, start, stop):
        group = match.lastgroup
        if group is None and not blocks:
            # A text or a comment, of which a script has thousands.
            continue
        at = match.end()
        if group in ("end", "go"):
            return at, (_line_end(text, at) if group == "go" else at), False
        if group == "comment":
            at = comment_end(text, match.start(), stop)
            return at, -1, at < 0
        if group in ("open", "heredoc") or (group == "template" and stop < len(text)):
            return -1, -1, True
        if group is None and text.startswith("{%", match.start()):
            end = template_end(text, match.start(), at, stop)
            if end < 0 and stop < len(text):
                return -1, -1, True
            if end > at:
                return end, -1, False
    return -1, -1, False


def _find_delimiter(text: str, start: int, stop: int, delimiter: str) -> int:
    """Behind the next terminator that no quote or comment hides; -1 if there is none before ``stop``."""
    at = start
    found = text.find(delimiter, at, stop)
    while found >= 0:
        match = PLAIN.search(text, at, stop)
        while match is not None and match.end() <= found:
            at = match.end() if match.lastgroup != "comment" else comment_end(text, match.start(), stop)
            if at < 0 or at > found:
                break
            match = PLAIN.search(text, at, stop)
        if at < 0:
            return -1
        if at <= found:
            hidden = match is not None and match.start() < found and match.lastgroup in (None, "tag")
            if not hidden:
                return found + len(delimiter)
            at = match.end() if match is not None else stop
        found = text.find(delimiter, at, stop)
    return -1


def first(text: str) -> tuple[list[Cut], None]:
    """All units of a text that is read for the first time; no tree is made for them."""
    return split(text), None


def resplit(text: str, old: Sequence[Cut], splice: Splice) -> Recut:
    """What changes in ``old`` after ``splice`` made the text into ``text``.

    Reads on from the statement before the change until an old boundary is met. Where that does not happen
    soon (a quote was opened and is not closed yet), the old boundary behind the change is kept and
    ``settled`` is False. A settled result equals that of ``split``, provided that ``old`` did.
    """
    if not old or not text or "DELIMITER " in text or "delimiter " in text:
        return Recut(0, len(old), tuple(split(text)), True)
    first = max(0, bisect_right(old, max(0, splice.old.start - 1), key=_start_of) - 1)
    changed = max(first, bisect_right(old, splice.old.end, key=_start_of) - 1)
    furthest = min(changed + _KEPT, len(old) - 1)
    delta = splice.delta
    start, limit = old[first].start, old[furthest].end + delta
    at_end = furthest == len(old) - 1
    meeting = frozenset(old[at].end + delta for at in range(changed, furthest + 1))
    scan = _scan(text, start, limit, meeting)
    reached = scan.ends[-1] if scan.ends else start
    if reached in meeting:
        last = bisect_left(old, reached - delta, key=_end_of) + 1
        fresh = _tiles(start, scan.ends)
    elif at_end and not (scan.unclosed and changed < furthest):
        if is_blank(text, reached, limit) and not scan.ends and first > 0:
            first -= 1
            fresh = [Cut(old[first].start, limit, _KIND)]
        else:
            fresh = _cuts(start, scan.ends, text)
        last = len(old)
    else:
        kept = old[changed].end + delta
        fresh = _tiles(start, [end for end in scan.ends if end < kept] + [kept])
        return Recut(first, changed + 1, tuple(fresh), False)
    settled = not depends_on_before(text[fresh[0].start : fresh[-1].end]) if fresh else True
    return Recut(first, last, tuple(fresh), settled)


def _start_of(cut: Cut) -> int:
    return cut.start


def _end_of(cut: Cut) -> int:
    return cut.end


def _tiles(start: int, ends: list[int]) -> list[Cut]:
    found: list[Cut] = []
    for end in ends:
        found.append(Cut(start, end, _KIND))
        start = end
    return found
