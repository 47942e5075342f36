"""Edits placed by the positions of nodes: comments, quotes, flow style and indentation of the rest stay as they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping as Dict
from collections.abc import Sequence as List
from typing import Final, TypeAlias, Union

from pipesense.lang.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence
from pipesense.lang.yaml.read import YamlFile, walk
from pipesense.text.edit import TextEdit
from pipesense.text.regex import regex
from pipesense.text.span import Span

Value: TypeAlias = Union[str, int, float, bool, "List[Value]", "Dict[str, Value]", "Raw", None]
"""What can be written."""

_PLAIN: Final = regex(r"[A-Za-z_/<][\w ./<>=()+*-]*(?<! )")
_WORDS: Final = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
_COMMENT: Final = regex(r"[ \t]+#[^\r\n]*|[ \t]+(?=\r|\n|$)")


class Raw(str):
    """Text that is written as it stands."""

    __slots__ = ()


class Writer:
    """Writes values in the manner of one file: its step of indentation, its lists, its quotes, its line ends."""

    def __init__(self, file: YamlFile) -> None:
        self.text = file.text
        steps: Counter[int] = Counter()
        dashes: Counter[int] = Counter()
        quotes: Counter[str] = Counter()
        for document in file.documents:
            for node in walk(document):
                if isinstance(node, Scalar) and node.style in ("'", '"'):
                    quotes[node.style] += 1
                elif isinstance(node, Mapping) and not node.flow:
                    self._count(node, steps, dashes)
        self.step: int = steps.most_common(1)[0][0] if steps else 2
        """Blanks that a nested mapping stands further right."""
        self.dash: int = dashes.most_common(1)[0][0] if dashes else self.step
        """Blanks that a list stands further right than its key; 0 is allowed and common."""
        self.quote: str = "'" if quotes["'"] > quotes['"'] else '"'
        self.newline: str = "\r\n" if "\r\n" in file.text else "\n"

    def _count(self, node: Mapping, steps: Counter[int], dashes: Counter[int]) -> None:
        for entry in node.entries:
            value = entry.value
            if isinstance(value, (Mapping, Sequence)) and not value.flow and value.span.start > entry.name.span.end:
                by = self.column(value.span.start) - self.column(entry.name.span.start)
                if isinstance(value, Mapping) and by > 0:
                    steps[by] += 1
                elif isinstance(value, Sequence) and by >= 0:
                    dashes[by] += 1

    def column(self, offset: int) -> int:
        """The column of an offset, 0-based."""
        return offset - (max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset)) + 1)

    def scalar(self, value: str | int | float | bool | None) -> str:
        """One value on one line, quoted where it would be read as something else."""
        if isinstance(value, Raw):
            return str(value)
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, float)):
            return str(value)
        if _PLAIN.fullmatch(value) and value.lower() not in _WORDS and Scalar(Span(0, 0), value).value == value:
            return value
        if any(ord(character) < 32 for character in value):
            escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
            return f'"{escaped}"'
        if self.quote == "'" or '"' in value or "\\" in value:
            return "'" + value.replace("'", "''") + "'"
        return f'"{value}"'

    def flow(self, value: Value) -> str:
        """A value in one line."""
        if isinstance(value, (str, int, float, bool)) or value is None:
            return self.scalar(value)
        if isinstance(value, Dict):
            return "{" + ", ".join(f"{self.scalar(key)}: {self.flow(each)}" for key, each in value.items()) + "}"
        return "[" + ", ".join(self.flow(each) for each in value) + "]"

    def entry(self, key: str, value: Value, column: int) -> str:
        """``key: value`` as it stands at a column, without the blanks before its first line."""
        return f"{self.scalar(key)}:{self.value(value, column)}"

    def value(self, value: Value, column: int) -> str:
        """What stands behind the colon of a key at a column."""
        if isinstance(value, Dict) and value:
            pad = self.newline + " " * (column + self.step)
            return "".join(pad + self.entry(key, each, column + self.step) for key, each in value.items())
        if isinstance(value, (list, tuple)) and value:
            pad = self.newline + " " * (column + self.dash)
            return "".join(pad + self.item(each, column + self.dash) for each in value)
        return " " + self.flow(value)

    def item(self, value: Value, column: int) -> str:
        """``- value`` as it stands at a column."""
        if isinstance(value, Dict) and value:
            lines = [self.entry(key, each, column + 2) for key, each in value.items()]
            return "- " + (self.newline + " " * (column + 2)).join(lines)
        return f"- {self.flow(value)}"


def end_of_line(text: str, offset: int) -> int:
    """Behind the comment and the blanks that follow an offset on its line; the offset itself where more follows."""
    match = _COMMENT.match(text, offset)
    return match.end() if match is not None else offset


def add_entry(file: YamlFile, node: Mapping, key: str, value: Value, *, after: Entry | None = None) -> TextEdit | None:
    """Add a key to a mapping, behind ``after`` or at its end; None where it cannot be placed without a doubt."""
    writer = Writer(file)
    entries = node.entries
    if node.flow:
        at = (after or entries[-1]).span.end if entries else node.span.start + 1
        text = f"{writer.scalar(key)}: {writer.flow(value)}"
        return TextEdit(Span(at, at), f", {text}" if entries else text)
    if not entries:
        return None
    column = writer.column(entries[0].name.span.start)
    behind = _behind(file.text, (after or entries[-1]).span.end)
    if behind is None:
        return None
    return TextEdit(Span(behind, behind), writer.newline + " " * column + writer.entry(key, value, column))


def add_item(file: YamlFile, node: Sequence, value: Value) -> TextEdit | None:
    """Add an item to the end of a list."""
    writer = Writer(file)
    if node.flow:
        at = node.items[-1].span.end if node.items else node.span.start + 1
        return TextEdit(Span(at, at), (", " if node.items else "") + writer.flow(value))
    if not node.items:
        return None
    behind = _behind(file.text, node.items[-1].span.end)
    if behind is None:
        return None
    column = writer.column(node.span.start)
    return TextEdit(Span(behind, behind), writer.newline + " " * column + writer.item(value, column))


def set_value(file: YamlFile, entry: Entry, value: Value) -> TextEdit | None:
    """Replace the value of a key by one that stands on its line; an absent value is filled in."""
    writer = Writer(file)
    old = entry.value
    if isinstance(old, Scalar) and old.style in ("|", ">"):
        return None
    if old.span.is_empty:
        colon = file.text.find(":", entry.name.span.end)
        if colon < 0:
            return None
        column = writer.column(entry.name.span.start)
        return TextEdit(Span(colon + 1, colon + 1), writer.value(value, column))
    if isinstance(old, (Mapping, Sequence)) and not old.flow:
        return None
    return TextEdit(old.span, writer.flow(value))


def rename_key(entry: Entry, key: str) -> TextEdit:
    """Another name for a key, in the quotes that it has."""
    name = entry.name
    style = name.style if isinstance(name, Scalar) else ""
    return TextEdit(name.span, f"{style}{key}{style}")


def remove_entry(file: YamlFile, node: Mapping, entry: Entry) -> TextEdit | None:
    """Take a key out with its lines; None where a comment would go with it or nothing would be left."""
    return _remove(file, node, node.entries, entry, entry.span)


def remove_item(file: YamlFile, node: Sequence, item: Node) -> TextEdit | None:
    """Take an item out of a list with its lines."""
    span = item.span
    if not node.flow:
        dash = file.text.rfind("-", 0, span.start if not span.is_empty else span.start + 1)
        span = Span(dash, max(span.end, dash + 1))
    return _remove(file, node, node.items, item, span)


def _remove(
    file: YamlFile, node: Mapping | Sequence, all_: Iterable[Entry | Node], one: Entry | Node, span: Span
) -> TextEdit | None:
    text = file.text
    others = list(all_)
    at = next((number for number, each in enumerate(others) if each is one), -1)
    if at < 0 or len(others) == 1 or "#" in span.of(text):
        return None
    if node.flow:
        if at + 1 < len(others):
            return TextEdit(Span(span.start, others[at + 1].span.start), "")
        return TextEdit(Span(others[at - 1].span.end, span.end), "")
    end = end_of_line(text, span.end)
    if text[span.end : end].strip():
        return None
    line_start = max(text.rfind("\n", 0, span.start), text.rfind("\r", 0, span.start)) + 1
    if text[line_start : span.start].strip():
        # The first key of an item stands behind its dash: the next key comes up to where this one stood.
        if at + 1 >= len(others) or text[end : others[at + 1].span.start].strip():
            return None
        return TextEdit(Span(span.start, others[at + 1].span.start), "")
    if text.startswith("\r\n", end):
        end += 2
    elif end < len(text):
        end += 1
    elif line_start:
        return TextEdit(Span(line_start - 1, len(text)), "")
    return TextEdit(Span(line_start, end), "")


def _behind(text: str, offset: int) -> int | None:
    """Where a new line can begin behind a value; None where something else follows on its line."""
    end = end_of_line(text, offset)
    return end if end >= len(text) or text[end] in "\r\n" else None
