"""A part of a large document: one key with all that stands below it, in places of its own."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from pipesense.lang.documents.read import read_document
from pipesense.lang.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence
from pipesense.lang.yaml.read import YamlFile
from pipesense.text.span import Span

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Part:
    """One key with what is below it. ``text`` can be read alone; ``lead`` of its characters are not the document's."""

    id: int
    text: str
    language: str
    lead: int
    known: YamlFile | None = None
    """``text`` as it was read; None where it has to be read again."""
    _memo: dict[Hashable, Any] = field(default_factory=dict)

    @property
    def tree(self) -> YamlFile:
        """The part read alone: one mapping with one key."""
        if self.known is None:
            self.known = read_document(self.language, self.text)
        return self.known

    @property
    def entry(self) -> Entry:
        """The key and its value, in places of ``text``."""
        return cast(Mapping, self.tree.documents[0]).entries[0]

    def memo(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What was computed from this part for that key; ``compute`` may know the part and the key only."""
        if key not in self._memo:
            self._memo[key] = compute()
        return cast(T, self._memo[key])

    @property
    def size(self) -> int:
        """How many characters of the document it has."""
        return len(self.text) - 2 * self.lead

    def forget(self) -> None:
        """Drop what can be derived again."""
        self.known = None
        self._memo.clear()


class PartEntry(Entry):
    """The key of a part in the whole text. Its places are worked out when somebody asks."""

    __slots__ = ("_made", "at", "part")
    part: Part
    at: int
    _made: Entry | None

    def __init__(self, part: Part, at: int, key: str | None) -> None:
        for name, value in (("part", part), ("at", at), ("_made", None), ("key", key)):
            object.__setattr__(self, name, value)

    def _whole(self) -> Entry:
        made = self._made
        if made is None:
            made = moved_entry(self.part.entry, self.at - self.part.lead)
            object.__setattr__(self, "_made", made)
        return made

    @property
    def name(self) -> Node:
        return self._whole().name

    @property
    def value(self) -> Node:
        return self._whole().value


def part_of(entry: Entry) -> Part | None:
    """The part that an entry is."""
    return entry.part if isinstance(entry, PartEntry) else None


def unplaced(entry: Entry) -> Entry:
    """An entry of which nobody wants to know where it stands."""
    return entry.part.entry if isinstance(entry, PartEntry) else entry


class Parts:
    """Where the parts of one text stand."""

    def __init__(self, placed: list[tuple[int, Part]]) -> None:
        self._starts = [start for start, _ in placed]
        self._placed = placed
        self._bases = {part.id: start - part.lead for start, part in placed}

    def at(self, span: Span) -> tuple[Part, int] | None:
        """The part that holds a range, and what its places are short of those of the whole text."""
        found = bisect_right(self._starts, span.start) - 1
        if found < 0:
            return None
        start, part = self._placed[found]
        return (part, start - part.lead) if span.end <= start + part.size else None

    def base_of(self, unit: int) -> int | None:
        """What has to be added to places of a part to get those of the whole text."""
        return self._bases.get(unit)

    def part(self, unit: int) -> Part | None:
        """A part by its number."""
        return next((part for _, part in self._placed if part.id == unit), None)

    def __iter__(self) -> Iterator[Part]:
        return (part for _, part in self._placed)


def moved_entry(entry: Entry, by: int) -> Entry:
    """A key and its value, with all places shifted."""
    return Entry(entry.key, moved(entry.name, by), moved(entry.value, by))


def moved(node: Node, by: int) -> Node:
    """A node without aliases, with all places shifted. Parts are nested no deeper than a reader allows."""
    start, end = node.span
    span = Span(start + by, end + by)
    if isinstance(node, Scalar):
        return Scalar(span, node.text, node.style, node.tag, node.anchor, node.template)
    if isinstance(node, Mapping):
        entries = tuple(Entry(each.key, moved(each.name, by), moved(each.value, by)) for each in node.entries)
        return Mapping(span, entries, node.flow, node.tag, node.anchor)
    if isinstance(node, Sequence):
        return Sequence(span, tuple(moved(each, by) for each in node.items), node.flow, node.tag, node.anchor)
    return node
