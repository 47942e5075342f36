"""Hiding from the parser what only Flink writes in queries, and reading it on the way.

Window table functions, ``FOR SYSTEM_TIME AS OF``, ``MATCH_RECOGNIZE``, hints, table functions behind ``TABLE``:
https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/dev/table/sql/queries/window-tvf/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.stream import TimeWindow, WindowKind
from pipesense.systems.flink.tokens import Cursor, Kind, Token, closing
from pipesense.text.regex import regex
from pipesense.text.span import Span

_WINDOWS: Final = {kind.name: kind for kind in WindowKind}
_NOT_BREAK: Final = regex(r"[^\r\n]")
_INTRODUCTIONS: Final = (
    ("EXECUTE", "STATEMENT", "SET", "BEGIN"),
    ("STATEMENT", "SET", "BEGIN"),
    ("EXECUTE", "INSERT"),
)


class QueryReader:
    """The text of a statement with everything hidden, and what stood there."""

    def __init__(self, text: str, tokens: list[Token], hints: list[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._edits: dict[int, tuple[int, str]] = {}
        self.reshaped: dict[int, str] = {}
        """What is made of a table, by where its name starts."""
        self.windows: list[TimeWindow] = []
        self.hinted: set[str] = set()
        self.state_ttl = False
        for hint in hints:
            self._hint(hint)
        self._introduction()
        self._quotes()
        self._scan()

    @property
    def plain(self) -> str:
        """The text as long as before, for the parser."""
        parts: list[str] = []
        at = 0
        for start in sorted(self._edits):
            end, written = self._edits[start]
            if start < at:
                continue
            parts += (self._text[at:start], written)
            at = end
        parts.append(self._text[at:])
        return "".join(parts)

    def blank(self, start: int, end: int) -> None:
        """Hide a stretch; line breaks stay."""
        for at in [at for at in self._edits if start <= at < end]:
            del self._edits[at]
        if end > start:
            self._edits[start] = (end, _NOT_BREAK.sub(" ", self._text[start:end]))

    def _hint(self, hint: Token) -> None:
        self.blank(*hint.span)
        upper = hint.text.upper()
        self.state_ttl = self.state_ttl or re.search(r"\bSTATE_TTL\s*\(", upper) is not None
        if re.search(r"\bOPTIONS\s*\(", upper) is not None:
            before = [token for token in self._tokens if token.span.end <= hint.span.start]
            if before and before[-1].kind in (Kind.WORD, Kind.NAME):
                self.hinted.add(before[-1].value.casefold())

    def _introduction(self) -> None:
        """``EXECUTE STATEMENT SET BEGIN`` in front of its first INSERT."""
        cursor = Cursor(self._tokens)
        for words in _INTRODUCTIONS:
            if cursor.sees(*words):
                last = len(words) - (2 if words[-1] == "INSERT" else 1)
                if len(self._tokens) > last + 1:
                    self.blank(self._tokens[0].span.start, self._tokens[last].span.end)
                return

    def _quotes(self) -> None:
        """Backticks as the double quotes that the parser knows."""
        for token in self._tokens:
            if token.kind is Kind.NAME and token.text[0] == "`" and '"' not in token.text:
                self._edits[token.span.start] = (token.span.end, f'"{token.text[1:-1]}"')

    def _scan(self) -> None:
        tokens = self._tokens
        for index, token in enumerate(tokens):
            following = tokens[index + 1].text if index + 1 < len(tokens) else ""
            word = token.word
            if word == "TABLE" and following == "(":
                self._table_function(index)
            elif word in _WINDOWS and following == "(":
                if not self._is_wrapped(index):
                    self._window_call(index, index)
            elif word == "ON" and Cursor(tokens, index).sees("ON", "CONFLICT", "DO"):
                # https://nightlies.apache.org/flink/flink-docs-master/docs/dev/table/sql/insert/ (Flink 2.3)
                self.blank(token.span.start, tokens[min(index + 3, len(tokens) - 1)].span.end)
            elif word == "MATCH_RECOGNIZE" and following == "(":
                end = closing(tokens, index + 1)
                if end is not None:
                    self._reshape_before(index, "match_recognize")
                    self.blank(token.span.start, tokens[end].span.end)

    def _is_wrapped(self, index: int) -> bool:
        """Whether ``TABLE(`` stands in front."""
        return index > 1 and self._tokens[index - 1].text == "(" and self._tokens[index - 2].word == "TABLE"

    def _table_function(self, index: int) -> None:
        """``[LATERAL] TABLE(function(...))``."""
        tokens = self._tokens
        end = closing(tokens, index + 1)
        name = index + 2
        if end is None or index + 3 >= len(tokens) or tokens[name].word in ("SELECT", "WITH", "VALUES"):
            return
        if tokens[name].word in _WINDOWS and tokens[name + 1].text == "(":
            self._window_call(name, index, end)
            return
        inner = next((at for at in range(name, end) if tokens[at].word == "TABLE"), None)
        if inner is not None and tokens[inner + 1].text != "(":
            self._keep_table(inner, index - (tokens[index - 1].word == "LATERAL"), end, "function")
        elif tokens[name].kind in (Kind.WORD, Kind.NAME):
            self.blank(tokens[index].span.start, tokens[index + 1].span.end)
            self.blank(tokens[end].span.start, tokens[end].span.end)

    def _window_call(self, name: int, first: int, last: int | None = None) -> None:
        """A window function at token ``name``; what hides it reaches from ``first`` to ``last``."""
        tokens = self._tokens
        end = closing(tokens, name + 1)
        if end is None:
            return
        arguments = list(_arguments(tokens, name + 2, end))
        call = Span(tokens[name].span.start, tokens[end].span.end)
        table = next((at for at, _ in arguments if tokens[at].word == "TABLE"), None)
        kind = _WINDOWS[tokens[name].word]
        if table is None:
            self._group_window(kind, arguments, call)
            return
        cursor = Cursor(tokens, table + 1)
        path = cursor.path()
        time = next((at for at, _ in arguments if tokens[at].word == "DESCRIPTOR"), None)
        column = Cursor(tokens, time + 2).path() if time is not None else None
        if column is not None:
            sizes = tuple(self._written(at, stop) for at, stop in arguments if tokens[at].word == "INTERVAL")
            self.windows.append(TimeWindow(kind, False, path[0] if path else (), column[0], sizes, call, column[1]))
        if path is None and tokens[table + 1].text != "(":
            return
        self._keep_table(table, first, end if last is None else last, "window")

    def _group_window(self, kind: WindowKind, arguments: list[tuple[int, int]], call: Span) -> None:
        """``TUMBLE(ts, INTERVAL ...)`` in GROUP BY; the same words may also call a function of one's own."""
        tokens = self._tokens
        if len(arguments) < 2 or tokens[arguments[1][0]].word != "INTERVAL":
            return
        first, stop = arguments[0]
        cursor = Cursor(tokens, first)
        path = cursor.path()
        if path is None or cursor.at != stop:
            return
        if kind is WindowKind.SESSION:
            # The parser takes the word for the session's own values.
            self._edits[call.start] = (call.start + 1, "_")
        sizes = tuple(self._written(at, end) for at, end in arguments[1:])
        self.windows.append(TimeWindow(kind, True, (), path[0], sizes, call, path[1]))

    def _written(self, first: int, stop: int) -> str:
        return self._text[self._tokens[first].span.start : self._tokens[stop - 1].span.end]

    def _keep_table(self, table: int, first: int, last: int, kind: str) -> None:
        """Hide everything from one token to another but the table that stands behind the word TABLE."""
        tokens = self._tokens
        cursor = Cursor(tokens, table + 1)
        path = cursor.path()
        if path is not None:
            kept = path[1]
            self.reshaped[kept.start] = kind
        else:
            end = closing(tokens, table + 1)
            if end is None:
                return
            kept = Span(tokens[table + 1].span.start, tokens[end].span.end)
        self.blank(tokens[first].span.start, kept.start)
        self.blank(kept.end, tokens[last].span.end)

    def _reshape_before(self, index: int, how: str) -> None:
        """Say what becomes of the table whose name ends before a token."""
        tokens = self._tokens
        at = index - 1
        if at < 0 or tokens[at].kind not in (Kind.WORD, Kind.NAME):
            return
        while at > 1 and tokens[at - 1].text == "." and tokens[at - 2].kind in (Kind.WORD, Kind.NAME):
            at -= 2
        self.reshaped[tokens[at].span.start] = how


def _arguments(tokens: list[Token], first: int, stop: int) -> Iterator[tuple[int, int]]:
    """The arguments of a call, behind their names where they have some (``SIZE => INTERVAL ...``)."""
    depth = 0
    start = first
    for index in range(first, stop + 1):
        text = tokens[index].text
        if index == stop or (text == "," and depth == 0):
            if index > start:
                named = index - start > 2 and tokens[start + 1].text == "=>"
                yield (start + 2 if named else start), index
            start = index + 1
        elif text == "(":
            depth += 1
        elif text == ")":
            depth -= 1
