"""Reading a part of a large document alone, where that gives what reading the whole gives there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pipesense.lang.documents.part import Part
from pipesense.lang.documents.read import read_document
from pipesense.lang.yaml.nodes import Alias, Mapping
from pipesense.lang.yaml.read import YamlFile, walk
from pipesense.text.regex import regex
from pipesense.text.span import Span

_DEEP: Final = 150
"""Brackets, or columns, up to which no part can be too deeply nested in the whole where it is not alone."""
_ODD: Final = regex("[\t\x85\u2028\u2029\ufeff]|\r(?!\n)")
"""Characters that end a line, or do not, depending on who reads; and tabs, which are no indentation."""
_OF_DOCUMENTS: Final = regex(r"^(?:---|\.\.\.|%)", re.M)
_LINE: Final = regex(r"^( *)([^\s#])", re.M)


def alone(piece: str, language: str) -> tuple[str, int]:
    """The text of a part as it can be read alone, and how many characters stand before its own."""
    return (f"{{{piece}}}", 1) if language == "json" else (piece, 0)


def yaml_part(old: Part, text: str, region: Span, last: bool, fresh: Callable[[], int]) -> Part | None:
    """A part with its new text, where that means nothing outside of it."""
    piece = region.of(text)
    column = old.entry.name.span.start
    ends_here = region.end == len(text)
    lines = list(_LINE.finditer(piece))
    if not lines or _ODD.search(piece):
        return None
    if not (ends_here or piece.endswith("\n")) or (column == 0 and _OF_DOCUMENTS.search(piece)):
        return None
    columns = [len(each[1]) for each in lines]
    brackets = piece.count("[") + piece.count("{")
    if columns[0] != column or min(columns) < column or max(columns) > _DEEP or brackets > _DEEP:
        return None
    # What stands behind the part closes what is open in it. The next key does so without an end of its own.
    following = "" if last else text[region.end : text.find("\n", region.end) + 1]
    if not last and not following:
        return None
    read = read_document("yaml", piece + following)
    limit = len(piece) + len(following) - len(following.lstrip(" "))
    problem = read.problem
    if problem is not None and last and not ends_here:
        # A key of something outer stands behind it: only what is wrong on an earlier line surely is so in the whole.
        limit = piece.rstrip().rfind("\n")
    if problem is not None and problem.span.start > limit:
        return None
    root = read.documents[0] if len(read.documents) == 1 else None
    if not isinstance(root, Mapping) or root.flow or read.duplicates or not root.entries:
        return None
    if problem is None and len(root.entries) != (1 if last else 2):
        return None
    if problem is not None and len(root.entries) != 1:
        return None
    entry = root.entries[0]
    if entry.key is None or entry.key == "<<" or entry.name.span.start != column:
        return None
    if any(isinstance(each, Alias) or each.anchor for of in (entry.name, entry.value) for each in walk(of)):
        return None
    return Part(fresh(), piece, "yaml", 0, YamlFile(piece, (Mapping(entry.span, (entry,)),), problem, read.templated))


def json_part(old: Part, piece: str, edit: Span, fresh: Callable[[], int]) -> Part | None:
    """The same in JSON: brackets close what they close, wherever a line or a quote ends."""
    before = old.entry.value
    inside = before.span.shift(-old.lead)
    if not isinstance(before, Mapping) or not inside.start < edit.start <= edit.end < inside.end:
        return None
    text, lead = alone(piece, "json")
    if "/*" in text or text.count("{") + text.count("[") > _DEEP:
        return None
    read = read_document("json", text)
    root = read.documents[0] if len(read.documents) == 1 else None
    if not isinstance(root, Mapping) or len(root.entries) != 1 or read.duplicates or root.span != Span(0, len(text)):
        return None
    entry = root.entries[0]
    behind = len(old.text) - before.span.end
    if not isinstance(entry.value, Mapping) or len(text) - entry.value.span.end != behind:
        return None
    if entry.key != old.entry.key or entry.value.span.start != before.span.start:
        return None
    if read.problem is not None:
        # A quote that is not closed turns texts inside out up to the end of its line.
        end = entry.value.span.end
        if read.problem.span.end >= end or text[text.rfind("\n", 0, end) + 1 : end].strip() != "}":
            return None
    return Part(fresh(), text, "json", lead, read)
