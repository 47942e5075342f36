"""What a YAML text is made of. Every node knows its characters; aliases stay aliases, so a bomb weighs what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from pipesense.model.making import quick_to_make
from pipesense.text.regex import regex
from pipesense.text.span import Span

_INT: Final = regex(
    r"[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+"
)
_FLOAT: Final = regex(
    r"[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_NULLS: Final = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE: Final = frozenset(("yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"))
_FALSE: Final = frozenset(("no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"))
_MERGE: Final = "<<"
_MERGES: Final = 16
"""How many merge keys are followed one through the other."""

Plain: TypeAlias = str | int | float | bool | None
"""What a scalar can be."""


@quick_to_make
@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. ``text`` is what it says, escapes and folds resolved; ``style`` one of "" ``'`` ``"`` ``|`` ``>``.

    ``tag`` is what the file says ("!Ref"), "" where it says none. ``template``: it stands for Jinja or the like.
    """

    span: Span
    text: str
    style: str = ""
    tag: str = ""
    anchor: str = ""
    template: bool = False

    @property
    def value(self) -> Plain:
        """What a safe loader of YAML 1.1 makes of it; the text of what is tagged or looks like a date."""
        text = self.text
        if self.style or self.tag or self.template:
            return text
        if text in _NULLS:
            return None
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        if text[0] in "-+.0123456789":
            if _INT.fullmatch(text):
                return _integer(text)
            if _FLOAT.fullmatch(text) and ":" not in text:
                return float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan").lower())
        return text

    @property
    def is_null(self) -> bool:
        """Whether nothing stands here."""
        return self.value is None


@quick_to_make
@dataclass(frozen=True, slots=True)
class Sequence:
    """A list. ``flow``: it is written in brackets."""

    span: Span
    items: tuple[Node, ...]
    flow: bool = False
    tag: str = ""
    anchor: str = ""


@quick_to_make
@dataclass(frozen=True, slots=True)
class Entry:
    """One key and its value. ``key`` is the text of a scalar key, None for every other."""

    key: str | None
    name: Node
    value: Node

    @property
    def span(self) -> Span:
        """From the key to the end of the value."""
        return Span(self.name.span.start, max(self.name.span.end, self.value.span.end))


@quick_to_make
@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order of the text, repeated keys and merge keys included."""

    span: Span
    entries: tuple[Entry, ...]
    flow: bool = False
    tag: str = ""
    anchor: str = ""

    def entry(self, key: str) -> Entry | None:
        """The entry that counts for a key: the last one here, else what the merge keys bring."""
        return self._entry(key, 0, set())

    def _entry(self, key: str, depth: int, asked: set[int]) -> Entry | None:
        """``asked``: the mappings that were asked already. Merges of merges name one mapping a million times."""
        merged: Entry | None = None
        for entry in reversed(self.entries):
            if entry.key == key:
                return entry
            if entry.key == _MERGE and merged is None and depth < _MERGES:
                for source in _merged(entry.value, asked):
                    merged = merged or source._entry(key, depth + 1, asked)
        return merged

    def get(self, key: str) -> Node | None:
        """The value of a key, aliases followed; None where the key is in none of the places that are read."""
        entry = self.entry(key)
        return resolved(entry.value) if entry is not None else None

    def own(self, key: str) -> Entry | None:
        """The last entry of a key that stands in this very mapping."""
        return next((entry for entry in reversed(self.entries) if entry.key == key), None)

    def keys(self) -> Iterator[str]:
        """The scalar keys that stand here, merge keys left out."""
        return (entry.key for entry in self.entries if entry.key is not None and entry.key != _MERGE)

    def pairs(self) -> Iterator[tuple[str, Node]]:
        """Every key with the value that counts, merges followed, aliases resolved; each key once."""
        seen: set[str] = set()
        for key in self._all_keys(0, set()):
            if key not in seen:
                seen.add(key)
                value = self.get(key)
                if value is not None:
                    yield key, value

    def _all_keys(self, depth: int, asked: set[int]) -> Iterator[str]:
        yield from self.keys()
        if depth < _MERGES:
            for entry in self.entries:
                if entry.key == _MERGE:
                    for source in _merged(entry.value, asked):
                        yield from source._all_keys(depth + 1, asked)


@quick_to_make
@dataclass(frozen=True, slots=True)
class Alias:
    """``*name``. ``target`` is None where no anchor before it has the name, or it stands inside it."""

    span: Span
    name: str
    target: Node | None
    anchor: str = ""
    tag: str = ""


Node: TypeAlias = Scalar | Sequence | Mapping | Alias


def _merged(value: Node, asked: set[int]) -> Iterator[Mapping]:
    """The mappings that a merge key names and nobody has asked yet."""
    value = resolved(value)
    for each in value.items if isinstance(value, Sequence) else (value,):
        source = resolved(each)
        if isinstance(source, Mapping) and id(source) not in asked:
            asked.add(id(source))
            yield source


def resolved(node: Node) -> Node:
    """What an alias stands for; the node itself where it is none or points nowhere."""
    return node.target if isinstance(node, Alias) and node.target is not None else node


def scalar(node: Node | None) -> str | None:
    """The text of a scalar that says something; None for everything else, templates and null included."""
    if node is None:
        return None
    node = resolved(node)
    if not isinstance(node, Scalar) or node.template or node.is_null:
        return None
    return node.text


def mapping(node: Node | None) -> Mapping | None:
    """The mapping that a node is or stands for."""
    found = resolved(node) if node is not None else None
    return found if isinstance(found, Mapping) else None


def items(node: Node | None) -> tuple[Node, ...]:
    """The items of a list, aliases resolved; nothing for everything else."""
    found = resolved(node) if node is not None else None
    return tuple(resolved(item) for item in found.items) if isinstance(found, Sequence) else ()


def has_template(node: Node | None) -> bool:
    """Whether a template decides the value of a scalar."""
    found = resolved(node) if node is not None else None
    return isinstance(found, Scalar) and (found.template or "{{" in found.text or "{%" in found.text)


def _integer(text: str) -> int | str:
    plain = text.replace("_", "")
    sign = -1 if plain.startswith("-") else 1
    digits = plain.lstrip("+-")
    if ":" in digits:
        total = 0
        for part in digits.split(":"):
            total = total * 60 + int(part)
        return sign * total
    if digits.startswith("0b"):
        return sign * int(digits[2:], 2)
    if digits.startswith("0x"):
        return sign * int(digits[2:], 16)
    if len(digits) > 300:
        return text  # too long to be a number that anybody counts with
    return sign * int(digits, 8 if len(digits) > 1 and digits.startswith("0") else 10)
