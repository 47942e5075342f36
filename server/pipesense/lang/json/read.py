"""Reading JSON so that what somebody is typing costs no more than the rest of the text.

https://www.rfc-editor.org/rfc/rfc8259. Comments and trailing commas, which many tools
allow, are no problem here either.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Final

from pipesense.lang.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence
from pipesense.lang.yaml.read import Duplicate, Problem, YamlFile
from pipesense.text.regex import regex
from pipesense.text.span import Span

_TOKEN: Final = regex(
    r"(?P<blank>[ \t\r\n\ufeff]+|//[^\r\n]*|/\*.*?\*/)"
    r"|(?P<string>\"(?:[^\"\\\r\n]|\\.)*\")"
    r"|(?P<hole>\$\{[^{}\r\n\"]*\})"
    r"|(?P<mark>[{}\[\]:,])"
    r"|(?P<word>[^\s\"{}\[\]:,]+)"
    r"|(?P<torn>\"[^\r\n]*)",
    re.S,
)
_WORD: Final = regex(r"true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_DEPTH: Final = 200
_NODES: Final = 500_000
_LENGTH: Final = 20_000_000

TORN: Final = "This string is not closed on its line"
_ENDS: Final = "This JSON ends before all brackets are closed"


@dataclass(slots=True)
class _Open:
    """A collection whose end was not reached yet."""

    start: int
    is_mapping: bool
    nodes: list[Node] = field(default_factory=list)
    colon: bool = False
    """A colon stands behind the last key."""
    comma: bool = True
    """The next value may begin here."""


@dataclass(slots=True)
class _Reader:
    text: str
    problem: Problem | None = None
    documents: list[Node] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    count: int = 0

    def wrong(self, start: int, end: int, what: str) -> None:
        """Only the first problem is told: the others mostly follow from it."""
        if self.problem is None:
            self.problem = Problem(Span(start, max(start, end)), what)

    def read(self, start: int, end: int) -> None:
        """Every token between two offsets."""
        at = start
        while at < end:
            token = _TOKEN.match(self.text, at, end)
            if token is None:
                self.wrong(at, at + 1, "This character has no meaning in JSON")
                at += 1
                continue
            at = token.end()
            kind = token.lastgroup
            if kind == "torn":
                # Brackets and commas at the end of the line were there before the string was begun.
                at = token.start() + max(1, len(token.group().rstrip("]}, \t")))
            if kind == "mark":
                self.mark(token.group(), token.start())
            elif kind != "blank":
                self.value(kind or "", self.text[token.start() : at], token.start(), at)
            if self.count > _NODES or len(self.open) > _DEPTH:
                self.wrong(token.start(), at, "This JSON holds too much, or is nested too deeply, to be read")
                break
        if self.open:
            self.wrong(end, end, _ENDS)
            while self.open:
                self.close(end)
        elif not self.documents:
            self.wrong(start, start, "There is nothing here")

    def value(self, kind: str, written: str, start: int, end: int) -> None:
        """A string, number or word."""
        self.count += 1
        if kind == "string":
            self.add(Scalar(Span(start, end), _unescaped(written), '"'))
        elif kind == "hole":
            # CloudFormation and Terraform put a value there, quotes and all, before anybody reads the JSON.
            self.add(Scalar(Span(start, end), written, template=True))
        elif kind == "torn":
            self.wrong(start, end, TORN)
            self.add(Scalar(Span(start, end), written[1:], '"'))
        else:
            if _WORD.fullmatch(written) is None:
                self.wrong(start, end, "A text stands in double quotes in JSON")
            self.add(Scalar(Span(start, end), written))

    def add(self, node: Node) -> None:
        """A complete value or key."""
        if not self.open:
            if self.documents:
                self.wrong(*node.span, "This stands behind the end of the JSON value")
            else:
                self.documents.append(node)
            return
        top = self.open[-1]
        if top.is_mapping and len(top.nodes) % 2 == 1 and not top.colon:
            # The key before it has no value: what comes next is a key again.
            place = top.nodes[-1].span.end
            self.wrong(place, place, "This key has no value")
            top.nodes.append(Scalar(Span(place, place), ""))
        if not top.comma and not top.colon:
            self.wrong(node.span.start, node.span.start, "A comma is missing before this")
        top.nodes.append(node)
        top.colon = top.comma = False

    def mark(self, mark: str, at: int) -> None:
        """A bracket, a colon or a comma."""
        if mark in "{[":
            self.count += 1
            self.open.append(_Open(at, mark == "{"))
        elif mark in "}]":
            if not self.open:
                self.wrong(at, at + 1, "This bracket closes nothing")
            elif self.open[-1].is_mapping != (mark == "}"):
                self.misfit(mark, at)
            else:
                self.close(at + 1)
        elif not self.open:
            self.wrong(at, at + 1, "This stands outside of every bracket")
        elif mark == ":":
            top = self.open[-1]
            if not top.is_mapping or len(top.nodes) % 2 == 0 or top.colon:
                self.wrong(at, at + 1, "A colon stands behind the key of an object only")
            else:
                top.colon = True
        else:
            self.comma(at)

    def misfit(self, mark: str, at: int) -> None:
        """A bracket that closes an outer collection closes those inside it; one that closes none is passed over."""
        self.wrong(at, at + 1, "This bracket does not fit the one that it would close")
        if any(each.is_mapping == (mark == "}") for each in self.open):
            while self.open[-1].is_mapping != (mark == "}"):
                self.close(at)
            self.close(at + 1)

    def comma(self, at: int) -> None:
        """What stands before it is complete."""
        top = self.open[-1]
        if top.colon:
            self.wrong(at, at, "This key has no value")
            top.nodes.append(Scalar(Span(at, at), ""))
            top.colon = False
        elif top.comma:
            self.wrong(at, at + 1, "A value is missing before this comma")
        top.comma = True

    def close(self, end: int) -> None:
        """The innermost open collection ends."""
        top = self.open.pop()
        span = Span(top.start, end)
        if not top.is_mapping:
            self.add(Sequence(span, tuple(top.nodes), flow=True))
            return
        if len(top.nodes) % 2:
            place = top.nodes[-1].span.end
            self.wrong(place, place, "This key has no value")
            top.nodes.append(Scalar(Span(place, place), ""))
        entries = tuple(
            Entry(name.text if isinstance(name, Scalar) else None, name, value)
            for name, value in zip(top.nodes[::2], top.nodes[1::2], strict=True)
        )
        first: dict[str, Span] = {}
        for entry in entries:
            if entry.key is not None and first.setdefault(entry.key, entry.name.span) != entry.name.span:
                self.duplicates.append(Duplicate(entry.key, first[entry.key], entry.name.span))
        self.add(Mapping(span, entries, flow=True))


def read_json(text: str, within: Span | None = None) -> YamlFile:
    """Read the one JSON value of a text, or of the part of it ``within``. Never fails: see ``YamlFile.problem``.

    Spans are offsets of the whole text, those of strings with their quotes. A text that is torn gives what can be told
    of it: every key and value that is there, in the brackets that are there.
    """
    part = within or Span(0, len(text))
    if part.end - part.start > _LENGTH:
        return YamlFile(text, (), Problem(Span(0, 0), "This file is too long to be read as JSON"))
    reader = _Reader(text)
    reader.read(part.start, part.end)
    return YamlFile(text, tuple(reader.documents), reader.problem, False, tuple(reader.duplicates))


def _unescaped(written: str) -> str:
    if "\\" not in written:
        return written[1:-1]
    try:
        return str(json.loads(written, strict=False))
    except ValueError:
        return written[1:-1]
