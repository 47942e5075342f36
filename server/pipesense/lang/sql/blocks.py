"""The statements inside procedural SQL: blocks, branches, loops, and bodies of procedures and functions.

What controls them (conditions, assignments, cursors) is not read; queries and changes of rows are statements of
their own. BigQuery's and Snowflake's scripting, PL/pgSQL, PL/SQL and MySQL's routines are alike enough for that.
T-SQL ends statements without a semicolon: ``tsql_bodies`` reads its bodies.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from pipesense.lang.sql.lexical import FLAGS, HIDING, comment_end, content_start
from pipesense.text.regex import regex
from pipesense.text.span import Span


class Inside(NamedTuple):
    """What stands inside a statement.

    ``statements`` in order, without their semicolons; ``names`` of variables and parameters, in lower case.
    ``closed``: the body has an END. ``stored``: they belong to a procedure or function, so they do not run with the
    script that defines it.
    """

    statements: tuple[Span, ...]
    names: frozenset[str]
    stored: bool
    closed: bool


_CREATE: Final = regex(
    r"(?:CREATE|ALTER)\s+(?:[\w=@`'%.]+\s+){0,5}?(?:PROCEDURE|FUNCTION|TRIGGER|EVENT|TASK)\b", re.IGNORECASE
)
_CONTROL: Final = regex(r"(?:BEGIN|IF|FOR|WHILE|LOOP|REPEAT|CASE|DECLARE|DO)\b", re.IGNORECASE)
_WORDS: Final = regex(HIDING + r"| ;(?P<end>) | \((?P<left>) | \)(?P<right>) | \b[A-Za-z_]\w*(?P<word>)", FLAGS)
_JUDGED: Final = frozenset(
    {"select", "with", "insert", "update", "delete", "merge", "create", "drop", "truncate", "replace"}
)
_LANGUAGE: Final = regex(r"\bLANGUAGE\s+'?(\w+)", re.IGNORECASE)
_READ_LANGUAGES: Final = frozenset({"sql", "plpgsql"})
_HEREDOC: Final = regex(r"\$[A-Za-z_]*\$")
_DECLARED: Final = regex(r"\s*([A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)*)")
_PARAMETERS: Final = regex(r"[(,]\s*(?:(?:IN|OUT|INOUT)\s+)?@?([A-Za-z_]\w*)\s", re.IGNORECASE)
_COMMENT: Final = regex(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_ROUTINE: Final = regex(
    r"\b(?:PROCEDURE|FUNCTION)\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:[\w\"`]+\s*\.\s*)*(\w+)\s*\(", re.IGNORECASE
)
_TRANSACTION: Final = regex(r"\s*(?:;|\Z|(?:TRAN(?:SACTION)?|WORK|ISOLATION|READ)\b)", re.IGNORECASE)


class _Word(NamedTuple):
    """A word, a bracket or a semicolon outside quotes and comments; ``text`` in lower case."""

    text: str
    start: int
    end: int


def inside(text: str) -> Inside | None:
    """The statements inside the one that ``text`` is; None for a statement that is not procedural.

    ``text`` is masked: no template tags are left in it.
    """
    head = content_start(text, 0, len(text))
    if _CREATE.match(text, head) is not None:
        return _stored(text, head)
    if _CONTROL.match(text, head) is None:
        return None
    heredoc = _HEREDOC.search(text, head, head + 200) if text[head : head + 2].lower() == "do" else None
    if heredoc is not None:
        return _in_heredoc(text, heredoc, stored=False, header="")
    return _Reader(text, head, len(text)).read(stored=False)


def _stored(text: str, head: int) -> Inside | None:
    """The body of a procedure or function, wherever it starts."""
    depth = 0
    for word in _words(text, head, len(text)):
        depth += (word.text == "(") - (word.text == ")")
        if depth == 0 and word.text == "begin":
            found = _Reader(text, word.start, len(text)).read(stored=True)
            return found._replace(names=found.names | _parameters(text[head : word.start]))
    heredoc = _HEREDOC.search(text, head)
    return _in_heredoc(text, heredoc, stored=True, header=text[head : heredoc.start()]) if heredoc else None


def _in_heredoc(text: str, opening: re.Match[str], *, stored: bool, header: str) -> Inside | None:
    end = text.find(opening[0], opening.end())
    if end < 0:
        return None
    language = _LANGUAGE.search(text, end) or _LANGUAGE.search(header)
    if language is not None and language[1].lower() not in _READ_LANGUAGES:
        return None
    found = _Reader(text, opening.end(), end).read(stored=stored)
    return found._replace(names=found.names | _parameters(header))


def _parameters(header: str) -> frozenset[str]:
    """Names of parameters, and of the routine itself: ``load.day`` is its parameter ``day``."""
    header = _COMMENT.sub(" ", header)
    routine = _ROUTINE.search(header)
    own = {routine[1].lower()} if routine is not None else set()
    return frozenset(own.union(name.lower() for name in _PARAMETERS.findall(header)))


def _words(text: str, start: int, stop: int) -> list[_Word]:
    """Words, brackets and semicolons between two offsets."""
    found: list[_Word] = []
    at = start
    while (match := _WORDS.search(text, at, stop)) is not None:
        at = match.end()
        if match.lastgroup == "comment":
            at = comment_end(text, match.start(), stop)
            if at < 0:
                break
        elif match.lastgroup in ("end", "left", "right", "word"):
            found.append(_Word(match[0].lower(), *match.span()))
    return found


class _Reader:
    """Walks over the words of a body; ``_fresh`` is true where a statement may start."""

    def __init__(self, text: str, start: int, stop: int) -> None:
        self._text = text
        self._stop = stop
        self._words = _words(text, start, stop)
        self._at = 0
        self._statements: list[Span] = []
        self._names: set[str] = set()

    def read(self, *, stored: bool) -> Inside:
        """Everything that is found."""
        while self._at < len(self._words):
            self._statement()
        closed = any(word.text == "end" for word in self._words)
        return Inside(tuple(self._statements), frozenset(self._names), stored, closed)

    def _statement(self) -> None:
        """What starts at the current word; the next one may start a statement again."""
        word = self._words[self._at]
        start = self._at
        self._at += 1
        kind = word.text
        if kind == "begin" and _TRANSACTION.match(self._text, word.end, self._stop) is None:
            return
        if kind in ("else", "loop", "repeat", "exception", ";"):
            return
        if kind in ("if", "elseif", "elsif", "elif", "when", "case"):
            self._skip_to("then")
        elif kind == "while":
            self._skip_to("do", "loop")
        elif kind == "for":
            self._for()
        elif kind == "return" and self._is("query"):
            self._at += 1
        elif kind == "declare":
            self._declare(word)
        elif kind in _JUDGED:
            self._judged(start)
        else:
            self._to_end()

    def _is(self, text: str) -> bool:
        return self._at < len(self._words) and self._words[self._at].text == text

    def _skip_to(self, *targets: str) -> None:
        """Behind the first of some words outside brackets and CASE; behind the statement where there is none."""
        depth = 0
        while self._at < len(self._words):
            text = self._words[self._at].text
            if text == ";":
                return
            self._at += 1
            if depth == 0 and text in targets:
                return
            depth += (text in ("(", "case")) - (text in (")", "end"))

    def _to_end(self) -> int:
        """Behind the statement that is being read; the offset at which its text ends."""
        depth = 0
        while self._at < len(self._words):
            word = self._words[self._at]
            if word.text == ";" and depth <= 0:
                return word.start
            depth += (word.text == "(") - (word.text == ")")
            self._at += 1
        return self._stop

    def _for(self) -> None:
        """``FOR r IN (SELECT ...) DO`` and ``FOR r IN SELECT ... LOOP``: the query is a statement."""
        if self._at < len(self._words):
            self._names.add(self._words[self._at].text)
            self._at += 1
        first = self._at
        self._skip_to("do", "loop")
        words = [word for word in self._words[first : self._at - 1] if word.text != "in"]
        bracketed = bool(words) and words[0].text == "("
        words = words[1:] if bracketed else words
        if words and words[0].text in ("select", "with") and self._at > first:
            last = self._words[self._at - 1].start
            end = words[-1].start if bracketed else last
            self._add(words[0].start, end)

    def _declare(self, word: _Word) -> None:
        """The names up to the end of the statement, and those of a section that goes on up to BEGIN."""
        self._name_at(word.end)
        self._to_end()
        while self._at + 1 < len(self._words):
            following = self._words[self._at + 1]
            if self._words[self._at].text != ";" or following.text in _STARTS:
                return
            self._name_at(following.start)
            self._at += 1
            self._to_end()

    def _name_at(self, offset: int) -> None:
        match = _DECLARED.match(self._text, offset, self._stop)
        if match is not None:
            self._names.update(name.strip().lower() for name in match[1].split(","))

    def _judged(self, start: int) -> None:
        end = self._to_end()
        words = [word.text for word in self._words[start : self._at]]
        if words[0] == "create" and _CREATE.match(self._text, self._words[start].start) is not None:
            return
        if _fills_variables(words) or words.count("end") > words.count("case"):
            return
        self._add(self._words[start].start, end)

    def _add(self, start: int, end: int) -> None:
        text = self._text[start:end].rstrip()
        if text:
            self._statements.append(Span(start, start + len(text)))


_STARTS: Final = _JUDGED | frozenset(
    {
        *("begin", "declare", "if", "for", "while", "loop", "repeat", "case", "set", "call", "execute", "let"),
        *("end", "else", "return", "exception", "open", "fetch", "close"),
    }
)
"""What may follow a declaration and is none itself."""


def _fills_variables(words: list[str]) -> bool:
    """Whether INTO names variables (``SELECT a INTO v``, ``RETURNING id INTO v``), as no parser here knows it."""
    depth = 0
    for index, word in enumerate(words):
        depth += (word == "(") - (word == ")")
        if word == "into" and depth == 0 and words[index - 1] not in ("insert", "merge", "replace"):
            return words[0] in ("select", "with") or "returning" in words
    return False
