"""One way to read a YAML or JSON file, and its comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.lang.yaml.nodes import Mapping, Node
from pipesense.lang.yaml.read import YamlFile, walk
from pipesense.text.regex import regex
from pipesense.text.span import Span

_JSON_COMMENT: Final = regex(r"\"(?:[^\"\\\n]|\\.)*\"|(?P<comment>//[^\r\n]*|/\*.*?\*/)", re.S)
_LINE: Final = regex(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_PIECE: Final = regex(
    r"(?P<quoted>'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\")|(?P<comment>(?<!\S)#[^\r\n]*)|(?P<open>['\"])", re.S
)
_BLOCK: Final = regex(r"(?:^|[ \t:-])[|>][-+0-9]{0,2}[ \t]*$")


def read_document(language: str, text: str) -> YamlFile:
    """The tree of a document ("yaml", "json"). Never fails: see ``YamlFile.problem``."""
    if language == "json":
        from pipesense.lang.json.read import read_json

        return read_json(text)
    from pipesense.lang.yaml.read import read_yaml

    return read_yaml(text)


def comment_spans(language: str, text: str) -> Iterator[Span]:
    """The comments of a document. JSON has none, but tools that read it with comments are common."""
    if language == "json":
        for found in _JSON_COMMENT.finditer(text):
            if found["comment"] is not None:
                yield Span(*found.span("comment"))
    elif "#" in text:
        yield from _yaml_comments(text)


def _yaml_comments(text: str) -> Iterator[Span]:
    at = 0
    inside: int | None = None
    while at < len(text):
        line = _LINE.match(text, at)
        if line is None or line.end() == at:
            return
        row = line.group().rstrip("\r\n")
        blank = len(row) - len(row.lstrip(" "))
        if inside is not None and (not row.strip() or blank > inside):
            at = line.end()
            continue
        inside = None
        end, code = at + len(row), row
        place = at
        while place < end:
            piece = _PIECE.search(text, place, end)
            if piece is None:
                break
            if piece["open"] is not None and _starts_a_value(text, at, piece.start()):
                # A quoted text that goes on behind the end of the line: what stands in it is no comment.
                whole = _PIECE.match(text, piece.start())
                if whole is not None and whole["quoted"] is not None:
                    place = whole.end()
                    line = _LINE.match(text, place) or line
                    end = place + len(line.group().rstrip("\r\n"))
                    code = text[place:end]
                    continue
            if piece["comment"] is not None:
                yield Span(*piece.span("comment"))
                code = text[at : piece.start()] if piece.start() > at else ""
                break
            place = piece.end()
        if _BLOCK.search(code.rstrip()) is not None:
            inside = blank
        at = max(line.end(), at + 1)


def _starts_a_value(text: str, line: int, at: int) -> bool:
    """Whether a quote opens a value, and is no apostrophe in a plain one."""
    before = text[line:at].rstrip(" \t")
    return not before or before[-1] in ":-[{,?" or before.split()[-1][:1] in "!&"


def mappings_around(root: Node, offset: int) -> list[Mapping]:
    """The mappings that hold an offset, the innermost last."""
    return [node for node in walk(root) if isinstance(node, Mapping) and node.span.start <= offset < node.span.end]
