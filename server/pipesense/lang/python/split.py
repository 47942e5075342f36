"""Cutting a Python file into units, by lines and brackets, without a parser.

A unit is a top-level statement with everything behind it up to the next one: comments and blank lines belong
to the statement before them, so that a unit's first character is code and typing in the gap behind a statement
touches that statement's unit alone. Comments before the first statement are a unit of their own. A large compound
statement without ``else``-like parts becomes a "header" and one "child" per statement of its body; a large statement
of that body is cut the same way once more, into "inner header" and "inner child".

On valid code the boundaries are those of ``ast``. On broken code the damage stays small: a line that can only
start a statement ends an open bracket, and a triple quote that runs into the end of the file is closed before
the first such line. While somebody types, ``resplit`` keeps old boundaries behind the edit instead of
reading to the end of the file, and says so (``settled`` False).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from pipesense.lang.cut import Cut, Recut
from pipesense.text.buffer import Splice
from pipesense.text.regex import regex

if TYPE_CHECKING:
    from pipesense.lang.python.whole import Whole

LARGE: Final = 25
"""A compound statement of more lines than this is cut into header and children."""

DEEPEST_BODY: Final = 16
_PATIENCE: Final = 64
"""So many lines that look like statements may stand in an open bracket before it counts as unclosed."""

_TRIPLE_REST: Final = {
    '"""': regex(r'[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"""', re.DOTALL),
    "'''": regex(r"[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''", re.DOTALL),
}
NEVER_IN_BRACKETS: Final = regex(
    r"(?:def|class|import|with|return|while|try|raise|del|pass|assert|global|nonlocal|break|continue)\b(?!\s*[=,)\]}.:])"
    r"|try:|async\s+(?:def|with)\b|from\s+[\w.]+\s+import\b|@[A-Za-z_][\w.]*(?:\(|\s*\n)|if\s[^\n]*:\s*\n"
)
_ASSIGNMENT: Final = regex(r"[A-Za-z_][\w.]*(?:\[[^\]\n]*\])?\s+(?:[-+|&*/]|>>|<<)?=\s")
_STATEMENT_LIKE: Final = regex(r"[A-Za-z_][\w.]*(?:=[^=]|\(|\s*(?:>>|<<))")
_IN_STRING: Final = regex(
    r"\n(?=(?:async[ ]+)?def[ ]\w+[ ]*\(|class[ ]\w+[ ]*[(:]|import[ ][\w.]+[ ]*(?:\n|$|as[ ]|,)"
    r"|from[ ][\w.]+[ ]import[ ]|@\w[\w.]*(?:\(|[ ]*\n)|with[ ][\w.]+\(|[A-Za-z_]\w*[ ]=[ ]\S)"
)
_CONTINUES: Final = regex(r"(?:elif|else|except|finally)\b(?!\s*[=.(,)])|(?:except|elif)\s*\(")
_CONTINUABLE: Final = regex(r"(?:async\s+)?(?:if|for|while|try)\b")
_DECORATED: Final = regex(r"@|(?:async|def|class)\b")
_COMPOUND_OR_DECORATOR: Final = regex(r"@|(?:async\s+)?(?:with|def|class|for|if|while)\b")
INDENTED: Final = regex(r"[ \t]+")
_BODY_STATEMENT: Final = regex(
    r"\n([ \t]+)(?=[A-Za-z_][\w.]*[ ]=[ ]|(?:with|def|class|return|import|for|if)[ ]|@\w|\w+[ ]>>)"
)


@cache
def _tokens(width: int) -> re.Pattern[str]:
    """Strings, comments, brackets, continuations, and line breaks before code indented by at most ``width``."""
    return re.compile(
        r'("""|\'\'\')'
        r'|"[^"\\\n]*(?:\\.[^"\\\n]*)*"?'
        r"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'?"
        r"|\#[^\n]*|\\\n"
        r"|([(\[{])|([)\]}])"
        rf"|(\n)(?=\f*[ \t]{{0,{width}}}[^\s#])",
        re.DOTALL,
    )


def _plain_breaks(text: str) -> str:
    """The same text, character for character, with ``\\n`` as the only line break."""
    if "\r" not in text:
        return text
    return text.replace("\\\r\n", "\\\n ").replace("\r\n", " \n").replace("\r", "\n")


def looks_like_statement(text: str, code: int) -> bool:
    """Whether what stands at an offset may be the start of a statement, though a bracket is open before it."""
    return any(pattern.match(text, code) for pattern in (NEVER_IN_BRACKETS, _ASSIGNMENT, _STATEMENT_LIKE))


@dataclass(slots=True)
class _Scan:
    """What a scan found: starts of statements, which of them hold ``else``-like parts, and how it ended."""

    starts: list[int] = field(default_factory=list)
    continued: set[int] = field(default_factory=set)
    stopped: int | None = None
    """The old boundary at which old and new agree again."""
    settled: bool = True
    dedent: bool = False
    """A line left the body that was scanned."""
    clean: bool = True
    """No bracket or string was open at the end."""
    stray: bool = False
    """A bracket was closed that was not open here: it may close one that an earlier unit left open."""


class _Scanner:
    """Walks over the statements of one indentation level from a known statement start.

    ``old`` are boundaries (in the new text, ascending) at which the scan may stop.
    """

    def __init__(self, text: str, start: int, end: int, indent: str, old: Sequence[int] = ()) -> None:
        self.text = text
        self.end = end
        self.indent = indent
        self.old = old
        self.found = _Scan([start])
        self.depth = 0
        self.opened_at = start
        self.suspect: int | None = None
        self.suspects = 0
        self.decorated = text.startswith("@", self._code(start))
        self.strings: list[int] = []
        self.pos = start

    def run(self) -> _Scan:
        token = _tokens(len(self.indent))
        text, end = self.text, self.end
        while True:
            match = token.search(text, self.pos, end)
            if match is None:
                if self.depth and self.suspect is not None:
                    self._restart(self.suspect)
                    continue
                self.found.clean = self.found.clean and not self.depth
                return self.found
            group = match.lastindex
            self.pos = match.end()
            if group is None:
                continue
            if group == 2:
                self.depth += 1
            elif group == 3:
                if self.depth:
                    self.depth -= 1
                    if not self.depth:
                        self.suspect, self.suspects = None, 0
                else:
                    self.found.stray = True
            elif group == 4:
                if self._line(match.end()):
                    return self.found
            elif self._string(match.group(1)):
                return self.found

    def _restart(self, at: int) -> None:
        self.depth, self.suspect, self.suspects = 0, None, 0
        self.pos = at
        self._begin(at, self._code(at))

    def _code(self, line: int) -> int:
        """Where the code of a line starts (form feeds reset the column)."""
        text = self.text
        while line < len(text) and text[line] in "\f\ufeff":
            line += 1
        indented = INDENTED.match(text, line)
        return indented.end() if indented else line

    def _begin(self, line: int, code: int) -> None:
        self.found.starts.append(line)
        self.decorated = self.text.startswith("@", code)

    def _is_old(self, at: int) -> bool:
        index = bisect_left(self.old, at)
        return index < len(self.old) and self.old[index] == at

    def _stop(self, at: int, settled: bool) -> bool:
        self.found.stopped, self.found.settled = at, settled
        return True

    def _line(self, line: int) -> bool:
        """A line of code starts at ``line``; True ends the scan."""
        text = self.text
        code = self._code(line)
        level = text[line:code].lstrip("\f") == self.indent
        if self.depth:
            return self._line_in_bracket(line, code, level)
        if not level:
            self.found.dedent = True
            return True
        if text[code] in ")]}":
            return False
        if _CONTINUES.match(text, code) and _CONTINUABLE.match(text, self._code(self.found.starts[-1])):
            self.found.continued.add(self.found.starts[-1])
            return False
        if self.decorated and _DECORATED.match(text, code):
            self.decorated = text[code] == "@"
            return False
        if self._is_old(line):
            return self._stop(line, True)
        self._begin(line, code)
        return False

    def _line_in_bracket(self, line: int, code: int, level: bool) -> bool:
        text = self.text
        if self._is_old(line):
            return self._stop(line, False)
        if text[code] in ")]}":
            return False
        if not level:
            # A statement of an outer level may end the bracket, and with it the body that is scanned here.
            self.found.dedent = bool(self.indent) and code == line and looks_like_statement(text, code)
            return self.found.dedent
        if NEVER_IN_BRACKETS.match(text, code):
            self._restart(line if self.suspect is None else self.suspect)
        elif _ASSIGNMENT.match(text, code) or (_STATEMENT_LIKE.match(text, code) and not self._after_comma(line)):
            if self.suspect is None:
                self.suspect = line
            self.suspects += 1
            if self.suspects > _PATIENCE:
                self._restart(self.suspect)
        return False

    def _after_comma(self, line: int) -> bool:
        before = self.text[max(0, line - 200) : line].rstrip()
        return not before or before[-1] in ",([{=+-*/%|&"

    def _string(self, quote: str) -> bool:
        """A triple quote opened right before the position; True ends the scan."""
        text, start = self.text, self.pos
        rest = _TRIPLE_REST[quote].match(text, start) if text.find(quote, start) >= 0 else None
        close = rest.end() if rest else len(text) + 1
        index = bisect_right(self.old, start)
        if index < len(self.old) and self.old[index] < close and text[self.old[index] - 1] == "\n":
            return self._stop(self.old[index], False)
        self.strings.append(start)
        if close <= self.end:
            self.pos = close
            return False
        culprit = self._culprit()
        if culprit is None:
            self.found.clean = False
            self.pos = self.end
            self.depth = 0
            return True
        self._forget(culprit)
        self._restart(culprit)
        return False

    def _culprit(self) -> int | None:
        """A string runs into the end: the first line that looks like a statement inside any triple-quoted string."""
        for index, start in enumerate(self.strings):
            quote = self.text[start - 3 : start]
            rest = _TRIPLE_REST[quote].match(self.text, start, self.end)
            line = _IN_STRING.search(self.text, start, rest.end() if rest else self.end)
            if line is not None:
                del self.strings[index:]
                return line.end()
        return None

    def _forget(self, behind: int) -> None:
        """Drop what was found at and after an offset."""
        starts = self.found.starts
        del starts[max(1, bisect_left(starts, behind)) :]
        self.found.continued.difference_update({at for at in self.found.continued if at >= behind})


def _head_end(text: str, start: int, end: int, outer: int = 0) -> tuple[int, str] | None:
    """Where the body of the compound statement in ``[start, end)`` starts, and its indentation.

    ``outer`` is how far the statement itself is indented.
    """
    depth, pos = 0, start
    token = _tokens(DEEPEST_BODY)
    while match := token.search(text, pos, end):
        pos = match.end()
        group = match.lastindex
        if group == 1:
            rest = _TRIPLE_REST[match.group(1)].match(text, pos, end)
            if rest is None:
                return None
            pos = rest.end()
        elif group == 2:
            depth += 1
        elif group == 3:
            depth = max(0, depth - 1)
        elif group == 4 and not depth and (indent := INDENTED.match(text, pos)) and len(indent.group()) > outer:
            return pos, indent.group()
    if depth and not outer and (body := _BODY_STATEMENT.search(text, start, end)):
        return body.start(1), body.group(1)
    return None


LEVELS: Final = (("statement", "header"), ("child", "inner header"), ("inner child", ""))
"""The kinds of a unit that is whole and of one that is the head of others, from the outermost level inward."""
_LEVEL: Final = {kind: level for level, kinds in enumerate(LEVELS) for kind in kinds if kind}


def _cut_group(text: str, start: int, end: int, continued: bool, level: int = 0) -> list[Cut]:
    """One statement with what follows it: whole, or as header and children."""
    kind, header = LEVELS[level]
    whole = [Cut(start, end, kind)]
    if not header or continued or text.count("\n", start, end) <= LARGE:
        return whole
    indented = INDENTED.match(text, start)
    code = indented.end() if indented else start
    if not _COMPOUND_OR_DECORATOR.match(text, code):
        return whole
    head = _head_end(text, start, end, code - start)
    if head is None or len(head[1]) > DEEPEST_BODY:
        return whole
    body, indent = head
    found = _Scanner(text, body, end, indent).run()
    if found.dedent or (level and not found.clean):
        return whole
    return [Cut(start, body, header), *_cuts(text, found, end, level + 1)]


def _cuts(text: str, found: _Scan, end: int, level: int = 0) -> list[Cut]:
    edges = [*found.starts, end]
    return [cut for a, b in pairwise(edges) for cut in _cut_group(text, a, b, a in found.continued, level)]


def split(text: str) -> list[Cut]:
    """All units of a Python file; none for an empty text."""
    if not text:
        return []
    plain = _plain_breaks(text)
    return _cuts(plain, _scan_top(plain, 0, ()), len(plain))


def first(text: str) -> tuple[list[Cut], Whole]:
    """All units of a file that is read for the first time, and its tree, which tells them faster than its text."""
    from pipesense.lang.python.by_tree import cuts_by_tree
    from pipesense.lang.python.whole import read_whole

    whole = read_whole(text)
    told = cuts_by_tree(text, whole.body) if whole.body is not None else None
    if told is None:
        return split(text), whole
    cuts, whole.told = told
    return cuts, whole


def _scan_top(text: str, start: int, old: Sequence[int]) -> _Scan:
    return _Scanner(text, start, len(text), "", old).run()


def resplit(text: str, old: Sequence[Cut], splice: Splice) -> Recut:
    """What changes in ``old`` (the cuts before ``splice``) now that the text is ``text``."""
    plain = _plain_breaks(text)
    if not old or not plain:
        return Recut(0, len(old), tuple(split(text)), True)
    at = max(0, bisect_right(old, splice.old.start, key=lambda cut: cut.start) - 1)
    return (
        _resplit_header(plain, old, splice, at)
        or _resplit_children(plain, old, splice, at, 2)
        or _resplit_children(plain, old, splice, at, 1)
        or _resplit_groups(plain, old, splice, at)
    )


def _group(old: Sequence[Cut], at: int, level: int = 1) -> tuple[int, int]:
    """The range of cuts that make up the statement, one level above ``level``, to which cut ``at`` belongs."""
    first = at
    while _LEVEL[old[first].kind] >= level:
        first -= 1
    last = at + 1
    while last < len(old) and _LEVEL[old[last].kind] >= level:
        last += 1
    return first, last


def _on_first_line(text: str, cut: Cut, offset: int) -> bool:
    """Whether ``offset`` stands in the first line of ``cut``; the text before ``offset`` is unchanged."""
    return text.find("\n", cut.start, offset) < 0


def _resplit_header(text: str, old: Sequence[Cut], splice: Splice, at: int) -> Recut | None:
    """The edit stays inside a header that goes on being one."""
    header = old[at]
    if header.kind != "header" or splice.old.start == header.start or splice.old.end >= header.end:
        return None
    body = header.end + splice.delta
    first, last = _group(old, at)
    if not _COMPOUND_OR_DECORATOR.match(text, header.start):
        return None
    end = old[last - 1].end + splice.delta
    head = _head_end(text, header.start, end)
    indent = INDENTED.match(text, body)
    if head is None or indent is None or head != (body, indent.group()):
        return None
    if text.find("\n", header.start, body) < 0 or _leaves_column(text, header.start, body):
        return None
    if text.count("\n", header.start, end) <= LARGE:
        return None
    return Recut(first, first + 1, (Cut(header.start, body, "header"),), True)


def _leaves_column(text: str, start: int, end: int) -> bool:
    """Whether a header holds more than its own statement (another statement was typed above it)."""
    found = _Scanner(text, start, end, "").run()
    return len(found.starts) > 1 or bool(found.continued) or not found.clean or found.stray


def _resplit_children(text: str, old: Sequence[Cut], splice: Splice, at: int, level: int) -> Recut | None:
    """The edit stays inside the body of a large statement; ``level`` is that of the body."""
    if _LEVEL[old[at].kind] < level:
        return None
    begin = _at_level(old, at, level)
    if _on_first_line(text, old[begin], splice.old.start):
        begin = _at_level(old, begin - 1, level)
    first, last = _group(old, at, level)
    if begin <= first:
        return None
    end = old[last - 1].end
    if splice.old.end > end or (splice.old.end == end and last < len(old)):
        return None
    end += splice.delta
    indent = INDENTED.match(text, old[begin].start)
    if indent is None or text.count("\n", old[first].start, end) <= LARGE:
        return None
    behind = [
        (cut.start + splice.delta, index)
        for index, cut in enumerate(old[begin + 1 : last], begin + 1)
        if _LEVEL[cut.kind] == level and cut.start >= splice.old.end
    ]
    starts = [start for start, _ in behind]
    found = _Scanner(text, old[begin].start, end, indent.group(), [*starts, end]).run()
    if found.dedent or (not found.clean and (last == len(old) or level > 1)):
        return None
    stop, until = end, last
    if found.stopped is not None and found.stopped != end:
        stop, until = behind[bisect_left(starts, found.stopped)]
    fresh = tuple(_cuts(text, found, stop, level))
    return Recut(begin, until, fresh, found.settled and found.clean and not found.stray)


def _at_level(old: Sequence[Cut], at: int, level: int) -> int:
    """The last cut at or before ``at`` that stands at ``level`` or further out."""
    while at > 0 and _LEVEL[old[at].kind] > level:
        at -= 1
    return at


def _resplit_groups(text: str, old: Sequence[Cut], splice: Splice, at: int) -> Recut:
    """Scan top-level statements from the one before the edit until an old start is met again."""
    begin = at - 1 if at and _on_first_line(text, old[at], splice.old.start) else at
    first, last = _group(old, begin)
    behind = [
        (cut.start + splice.delta, index)
        for index, cut in enumerate(old[at:], at)
        if not _LEVEL[cut.kind] and cut.start >= splice.old.end
    ]
    starts = [start for start, _ in behind]
    scanner = _Scanner(text, old[begin].start, len(text), "", starts)
    scanner.found.starts[0] = old[first].start
    found = scanner.run()
    stop, until = len(text), len(old)
    if found.stopped is not None:
        stop, until = behind[bisect_left(starts, found.stopped)]
    unchanged = old[last - 1].end
    if len(found.starts) > 1 and found.starts[1] == unchanged <= splice.old.start and not found.continued:
        del found.starts[0]
        first = last
    # From the middle of a statement the scan cannot see a bracket left open above.
    settled = found.settled and not found.stray and not _LEVEL[old[begin].kind]
    return Recut(first, until, tuple(_cuts(text, found, stop)), settled)
