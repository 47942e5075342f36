"""Edits of JSON in the layout that the file has: its indentation, its blanks, one line or many."""

from __future__ import annotations

import json
from collections import Counter
from typing import Final

from pipesense.lang.yaml.edit import Value
from pipesense.lang.yaml.nodes import Entry, Mapping, Node, Sequence
from pipesense.text.edit import TextEdit
from pipesense.text.span import Span

_SHORT: Final = 60
"""Characters of a list of plain values that still stands on one line."""


class Layout:
    """How a text is laid out around one place of it."""

    def __init__(self, text: str, root: Node) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.step = self._step(root)

    def _step(self, root: Node) -> str:
        """One level of indentation: the commonest one between a collection and what is in it."""
        steps: Counter[str] = Counter()
        waiting = [root]
        while waiting and steps.total() < 200:
            node = waiting.pop()
            if isinstance(node, Mapping):
                inner: tuple[Node, ...] = tuple(entry.value for entry in node.entries)
                first = node.entries[0].name.span.start if node.entries else None
            elif isinstance(node, Sequence):
                inner, first = node.items, node.items[0].span.start if node.items else None
            else:
                continue
            waiting += inner
            if first is not None and self.breaks(node.span.start, first):
                outer, here = self.margin(node.span.start), self.margin(first)
                if here.startswith(outer) and len(here) > len(outer):
                    steps[here[len(outer) :]] += 1
        return steps.most_common(1)[0][0] if steps else "  "

    def margin(self, offset: int) -> str:
        """The blanks that the line of an offset begins with."""
        start = max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset)) + 1
        end = start
        while end < len(self.text) and self.text[end] in " \t":
            end += 1
        return self.text[start:end]

    def breaks(self, start: int, end: int) -> bool:
        """Whether a line ends between two offsets."""
        return "\n" in self.text[start:end] or "\r" in self.text[start:end]

    def written(self, value: Value, margin: str, *, broken: bool) -> str:
        """A value whose own line begins with ``margin``; ``broken`` over several lines."""
        plain = isinstance(value, (list, tuple)) and all(not isinstance(each, (dict, list, tuple)) for each in value)
        flat = json.dumps(value, ensure_ascii=False)
        if not broken or not isinstance(value, (dict, list, tuple)) or not value or (plain and len(flat) <= _SHORT):
            return flat
        inner = margin + self.step
        if isinstance(value, dict):
            parts = [
                f"{json.dumps(key, ensure_ascii=False)}: {self.written(each, inner, broken=True)}"
                for key, each in value.items()
            ]
            opening, closing = "{", "}"
        else:
            parts = [self.written(each, inner, broken=True) for each in value]
            opening, closing = "[", "]"
        lines = f",{self.newline}{inner}".join(parts)
        return f"{opening}{self.newline}{inner}{lines}{self.newline}{margin}{closing}"


def add_entries(
    text: str, root: Node, node: Mapping, entries: dict[str, Value], *, after: Entry | None = None
) -> TextEdit | None:
    """Add keys to an object, behind ``after`` or at its end; None for an object that holds nothing to go by."""
    if not node.entries:
        return None
    layout = Layout(text, root)
    last = after or node.entries[-1]
    first = node.entries[0].name.span.start
    broken = layout.breaks(node.span.start, first)
    margin = layout.margin(first) if broken else ""
    glue = f",{layout.newline}{margin}" if broken else ", "
    parts = [f"{json.dumps(key)}: {layout.written(each, margin, broken=broken)}" for key, each in entries.items()]
    at = last.span.end
    return TextEdit(Span(at, at), "".join(glue + part for part in parts))


def add_item(text: str, root: Node, node: Sequence, value: Value) -> TextEdit | None:
    """Add a value to the end of a list; None for an empty one."""
    if not node.items:
        return None
    layout = Layout(text, root)
    first = node.items[0].span.start
    broken = layout.breaks(node.span.start, first)
    margin = layout.margin(first) if broken else ""
    at = node.items[-1].span.end
    glue = f",{layout.newline}{margin}" if broken else ", "
    return TextEdit(Span(at, at), glue + layout.written(value, margin, broken=broken))
