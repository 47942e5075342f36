"""The statements inside procedures, functions, triggers and control flow of T-SQL, which end without a semicolon.

A statement ends where a word stands that can only start another one; which words those are depends on the statement
(``SELECT`` goes on an INSERT, ``UPDATE`` a MERGE). Queries and changes of rows are given; tables that are made or
dropped on the way are not, as they mostly stand behind an IF that asks for them.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from pipesense.lang.sql.lexical import FLAGS, HIDING, comment_end, content_start
from pipesense.text.regex import regex
from pipesense.text.span import Span

_HEAD: Final = regex(
    r"(?:CREATE(?:\s+OR\s+ALTER)?|ALTER)\s+(?P<stored>PROC(?:EDURE)?|FUNCTION|TRIGGER)\b"
    r"|(?:BEGIN(?!\s*(?:;|\Z|(?:TRAN(?:SACTION)?|DISTRIBUTED)\b))|IF|WHILE|DECLARE)\b",
    re.IGNORECASE,
)
_WORDS: Final = regex(
    HIDING
    + r"""
    | \[[^\]\n]*\](?P<name>)
    | ;(?P<end>)
    | \((?P<left>)
    | \)(?P<right>)
    | (?<![\w.@\#$])[A-Za-z_@\#][\w@\#$]*(?P<word>)
    """,
    FLAGS,
)
_NAMED_QUERY: Final = regex(r"WITH\s+(?:\[[^\]\n]*\]|\w+)\s*(?:\([^()]*\)\s*)?AS\s*\(", re.IGNORECASE)
_CURRENT: Final = regex(r"\bCURRENT\s+OF\s", re.IGNORECASE)
"""The row of a cursor, which no parser here knows."""
_ROWS: Final = frozenset({"select", "with", "insert", "update", "delete", "merge"})
_OTHER: Final = frozenset(
    {
        *("begin", "if", "while", "declare", "exec", "execute", "return", "print", "raiserror", "throw", "open"),
        *("close", "deallocate", "break", "continue", "commit", "rollback", "goto", "use", "waitfor", "grant"),
        *("revoke", "deny", "alter", "create", "drop", "truncate", "dbcc", "bulk", "checkpoint", "backup", "restore"),
    }
)
"""Words that start a statement which is not given."""
_SET_OPERATORS: Final = frozenset({"union", "all", "except", "intersect"})


class _Word(NamedTuple):
    """A word or bracket outside of quotes and comments, in lower case."""

    text: str
    start: int
    end: int


class TsqlBody(NamedTuple):
    """``statements`` in order; ``stored``: they belong to a procedure, function or trigger."""

    statements: tuple[Span, ...]
    stored: bool


def inside_tsql(text: str) -> TsqlBody | None:
    """What stands inside the statement that ``text`` is; None for one that is not procedural. ``text`` is masked."""
    head = content_start(text, 0, len(text))
    match = _HEAD.match(text, head)
    if match is None:
        return None
    words = _words(text, head)
    first = _body(words) if match["stored"] else 0
    return TsqlBody(tuple(_Cutter(text, words[first:]).cut()), bool(match["stored"])) if first >= 0 else None


def _words(text: str, start: int) -> list[_Word]:
    found: list[_Word] = []
    at = start
    while (match := _WORDS.search(text, at)) is not None:
        at = match.end()
        if match.lastgroup == "comment":
            at = comment_end(text, match.start(), len(text))
            if at < 0:
                break
        elif match.lastgroup in ("end", "left", "right", "word"):
            found.append(_Word(match[0].lower(), *match.span()))
    return found


def _body(words: list[_Word]) -> int:
    """Behind the AS of the header, or at its BEGIN; -1 where there is none."""
    depth = 0
    for at, word in enumerate(words):
        depth += (word.text == "(") - (word.text == ")")
        if depth == 0 and at > 0:
            before = words[at - 1].text
            if word.text == "begin":
                return at
            if word.text == "as" and not before.startswith("@") and before not in ("exec", "execute"):
                return at + 1
    return -1


class _Cutter:
    """Goes over the words of a body; ``_verb`` is the first word of the statement that is read, "" between two."""

    def __init__(self, text: str, words: list[_Word]) -> None:
        self._text = text
        self._words = words
        self._verb = ""
        self._start = 0
        self._has_rows = False
        self._cases = 0
        self._found: list[Span] = []

    def cut(self) -> list[Span]:
        """Every query and every change of rows."""
        depth = 0
        for at, word in enumerate(self._words):
            if word.text in ("(", ")"):
                depth = max(0, depth + (1 if word.text == "(" else -1))
            elif depth == 0:
                self._word(at, word)
        self._end(len(self._text))
        return self._found

    def _word(self, at: int, word: _Word) -> None:
        text = word.text
        before = self._words[at - 1].text if at else ""
        if text == "case":
            self._cases += 1
        elif text == "end" and self._cases:
            self._cases -= 1
        elif text in (";", "end") or (text == "else" and not self._cases):
            self._end(word.start)
        elif text == "values":
            self._has_rows = True
        elif text == "set":
            self._set(word, before)
        elif text in _ROWS:
            self._rows(at, word, before)
        elif self._ends_at(at, text, before):
            self._end(word.start)

    def _rows(self, at: int, word: _Word, before: str) -> None:
        if self._starts(at, word.text, before):
            self._end(word.start)
            self._verb, self._start, self._has_rows = word.text, word.start, False
        elif word.text == "select":
            self._has_rows = True

    def _ends_at(self, at: int, text: str, before: str) -> bool:
        """Whether the statement ends before a word that starts none of those that are given."""
        if text == "fetch":
            return before not in ("rows", "row")
        if text == "for":
            return self._following(at) in ("update", "read")  # a cursor's words
        if text in ("exec", "execute") and self._verb == "insert" and not self._has_rows:
            self._verb = ""  # its rows are those of a procedure, which nobody sees here
        return text in _OTHER

    def _set(self, word: _Word, before: str) -> None:
        """SET belongs to an UPDATE once; any other gives a variable its value, or is an option."""
        if (self._verb in ("update", "with") and not self._has_rows) or (self._verb == "merge" and before == "update"):
            self._has_rows = self._has_rows or self._verb != "merge"
        else:
            self._end(word.start)

    def _starts(self, at: int, text: str, before: str) -> bool:
        """Whether SELECT, INSERT and so on start a statement here."""
        following = self._following(at)
        if text == "with":
            return _NAMED_QUERY.match(self._text, self._words[at].start) is not None
        if text == "select":
            goes_on = before in _SET_OPERATORS or (self._verb in ("with", "insert") and not self._has_rows)
            return not goes_on
        if before in ("then", "on", "for", "bulk") or (text == "update" and following in ("(", "statistics")):
            return False
        if text == "merge" and following == "join":
            return False
        if self._verb == "with" and not self._has_rows:
            # WITH ... INSERT INTO t SELECT: the rows are still to come. The UPDATE's SET is, too.
            self._verb = text
            return False
        return True

    def _following(self, at: int) -> str:
        return self._words[at + 1].text if at + 1 < len(self._words) else ""

    def _end(self, stop: int) -> None:
        text = self._text[self._start : stop].rstrip() if self._verb else ""
        if text and _CURRENT.search(text) is None:
            self._found.append(Span(self._start, self._start + len(text)))
        self._verb, self._cases, self._has_rows = "", 0, False
