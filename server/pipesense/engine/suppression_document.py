"""Silencing findings in YAML and JSON: a comment, or the Comment that a state of a state machine may carry.

A comment on a line of its own speaks of the key behind it with all that is in it, a Comment of the mapping around it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.engine.document import Document
from pipesense.engine.suppression import Comment, Reach, Suppression, suppressions
from pipesense.lang.documents.edit import Editor
from pipesense.lang.documents.read import comment_spans, mappings_around, read_document
from pipesense.lang.json.read import read_json
from pipesense.lang.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence, scalar
from pipesense.lang.yaml.read import YamlFile, walk
from pipesense.text.edit import TextEdit
from pipesense.text.span import Span

_MARK: Final = "pipesense:"
_STATES: Final = frozenset(("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"))
"""The types of mappings that may carry a Comment; other things have a Type, too."""
_FIELDS: Final = ("Comment", "comment")


def document_suppressions(document: Document) -> list[Suppression]:
    """All directives in a document."""
    text, lines = document.text, document.buffer.lines
    if _MARK not in text:
        return []
    tree = _tree(document)
    entries = sorted(_entries(tree), key=lambda entry: entry.span.start)

    def following(line: int) -> range:
        behind = lines.starts[line + 1] if line + 1 < len(lines.starts) else len(text)
        entry = next((each for each in entries if each.span.start >= behind), None)
        if entry is None:
            return range(line + 1, line + 2)
        return range(line + 1, lines.position(max(entry.span.start, entry.span.end - 1))[0] + 1)

    spoken = [
        Comment(span, not text[lines.starts[lines.position(span.start)[0]] : span.start].strip("\ufeff \t"))
        for span in comment_spans(document.language, text)
        if _MARK in span.of(text)
    ]
    found = suppressions(text, lines, spoken, following)
    for node, value in _said(tree):
        first, last = lines.position(node.span.start)[0], lines.position(max(node.span.end - 1, node.span.start))[0]
        inside = Comment(value.span, own_line=True)
        for each in suppressions(text, lines, [inside], following):
            start = _name_line(document, entries, node, first)
            covered = None if each.reach is Reach.FILE else range(start, last + 1)
            found.append(Suppression(each.ids, each.reach, covered, each.span, each.comment, each.own_line))
    return found


def _name_line(document: Document, entries: list[Entry], node: Mapping, first: int) -> int:
    """The key of a mapping may stand on the line above it."""
    entry = next((each for each in entries if each.value is node), None)
    return document.buffer.lines.position(entry.span.start)[0] if entry is not None else first


def _tree(document: Document) -> YamlFile:
    unit = document.units[0] if document.units else None
    return unit.tree if unit is not None and unit.tree is not None else read_document(document.language, document.text)


def _roots(tree: YamlFile) -> Iterator[Node]:
    """The documents, and what stands as JSON in a text of one."""
    for root in tree.documents:
        yield root
        for node in walk(root):
            if isinstance(node, Scalar) and node.style in ("|", ">") and '"StartAt"' in node.text:
                begin = tree.text.find("\n", node.span.start) + 1
                inner = read_json(tree.text, Span(begin, node.span.end)).root if begin else None
                if isinstance(inner, Mapping):
                    yield inner


def _entries(tree: YamlFile) -> Iterator[Entry]:
    for root in _roots(tree):
        for node in walk(root):
            if isinstance(node, Mapping):
                yield from node.entries


def _said(tree: YamlFile) -> Iterator[tuple[Mapping, Scalar]]:
    """The mappings whose Comment speaks to PipeSense."""
    for root in _roots(tree):
        for node in walk(root):
            if isinstance(node, Mapping):
                for entry in node.entries:
                    if entry.key in _FIELDS and isinstance(entry.value, Scalar) and _MARK in entry.value.text:
                        yield node, entry.value


def silencing_edit(document: Document, span: Span, rule: str) -> tuple[TextEdit, ...]:
    """The edit that silences a finding at a place; none where there is no room for it."""
    text = document.text
    if document.language == "yaml":
        edit = _comment(document, span, rule)
        if edit is not None:
            return (edit,)
    tree = _tree(document)
    said = f"pipesense: ignore[{rule}]"
    for root in _roots(tree):
        around = mappings_around(root, span.start)
        # A finding at the name of a state is about the state, which stands behind its name.
        around += _named(around[-1:], span)
        for node in reversed(around):
            if scalar(node.get("Type")) not in _STATES and node.own("StartAt") is None:
                continue
            entry = node.own("Comment")
            if entry is not None:
                if not isinstance(entry.value, Scalar) or entry.value.style != '"':
                    return ()
                at = entry.value.span.end - 1
                return (TextEdit(Span(at, at), f"{' ' if entry.value.text else ''}{said}"),)
            own = YamlFile(text, (root,))
            edit = Editor(own, is_json=text[node.span.start] == "{").add(node, {"Comment": said}, node.entries[0])
            return (edit,) if edit is not None else ()
    return ()


def _named(around: list[Mapping], span: Span) -> Iterator[Mapping]:
    for node in around:
        for entry in node.entries:
            if entry.name.span.start <= span.start < entry.name.span.end and isinstance(entry.value, Mapping):
                yield entry.value


def _comment(document: Document, span: Span, rule: str) -> TextEdit | None:
    """A comment at the end of the line; above the line where its end is part of a text."""
    text, lines = document.text, document.buffer.lines
    line = lines.position(span.start)[0]
    row = lines.line_text(line)
    start, end = lines.starts[line], lines.starts[line] + len(row)
    for root in _tree(document).documents:
        for node in walk(root):
            if not isinstance(node, (Scalar, Sequence, Mapping)) or not node.span.start < end < node.span.end:
                continue
            if isinstance(node, Scalar):
                return None
    if any(comment.start < end <= comment.end for comment in comment_spans("yaml", text)):
        blank = row[: len(row) - len(row.lstrip())]
        return TextEdit(Span(start, start), f"{blank}# pipesense: ignore[{rule}]\n")
    return TextEdit(Span(end, end), f"  # pipesense: ignore[{rule}]")
