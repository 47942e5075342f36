"""Schemas of Avro: records with fields, and who can read what was written with which of them.

Source: Apache Avro specification 1.12, https://avro.apache.org/docs/1.12.0/specification/ (names, schema resolution).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from pipesense.model.where import Loc

_WIDER: Final = {
    "int": frozenset(("long", "float", "double")),
    "long": frozenset(("float", "double")),
    "float": frozenset(("double",)),
    "string": frozenset(("bytes",)),
    "bytes": frozenset(("string",)),
}
"""What a reader may ask for instead of the type that was written."""


@dataclass(frozen=True, slots=True)
class AvroType:
    """``kind``: a primitive's name, "record", "enum", "fixed", "array", "map", "union", or "named" for a name alone.

    ``parts``: branches of a union, what an array or a map holds. ``default``: whether an enum names a symbol for those
    that it does not know.
    """

    kind: str
    name: str = ""
    parts: tuple[AvroType, ...] = ()
    symbols: tuple[str, ...] = ()
    default: bool = False

    def __str__(self) -> str:
        if self.kind == "union":
            return f"[{', '.join(map(str, self.parts))}]"
        if self.kind in ("array", "map"):
            return f"{self.kind} of {self.parts[0]}" if self.parts else self.kind
        return self.name.rpartition(".")[2] or self.kind


def unreadable(reader: AvroType, writer: AvroType) -> str:
    """What a reader with its own type cannot make of values that were written with another; "" where nothing is known.

    Records are compared by their names only; their fields are compared one by one elsewhere.
    """
    if "named" in (reader.kind, writer.kind):
        return ""
    if writer.kind == "union":
        return next((why for why in (unreadable(reader, each) for each in writer.parts) if why), "")
    if reader.kind == "union":
        return "" if any(not unreadable(each, writer) for each in reader.parts) else str(writer)
    if reader.kind != writer.kind:
        return "" if reader.kind in _WIDER.get(writer.kind, ()) else str(writer)
    if reader.kind in ("array", "map") and reader.parts and writer.parts:
        return unreadable(reader.parts[0], writer.parts[0])
    if reader.kind == "enum" and not reader.default:
        return next((f"{writer}.{each}" for each in writer.symbols if each not in reader.symbols), "")
    if reader.kind in ("enum", "fixed", "record"):
        return "" if reader.name.rpartition(".")[2] == writer.name.rpartition(".")[2] else str(writer)
    return ""


@dataclass(frozen=True, slots=True)
class AvroField:
    """``loc`` is the name without quotes, ``whole`` the field's braces. ``others``: names it had earlier."""

    name: str
    loc: Loc
    whole: Loc
    type: AvroType
    type_loc: Loc
    has_default: bool
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AvroRecord:
    """``name`` with its namespace; ``loc`` is where the name stands."""

    name: str
    loc: Loc
    fields: tuple[AvroField, ...]


@dataclass(frozen=True, slots=True)
class AvroSchema:
    """A schema file: its outermost record's name, and all records in it."""

    path: str
    name: str
    records: tuple[AvroRecord, ...]


class AvroMistake(Enum):
    """What a parser of Avro makes of a place."""

    FIELD_TWICE = "field twice"
    SYMBOL_TWICE = "symbol twice"
    BRANCH_TWICE = "branch twice"
    BAD_NAME = "bad name"
    NO_SUCH_TYPE = "no such type"
    DEFAULT_TYPE = "default of another type"
    DEFAULT_BRANCH = "default of a later branch"
    DEFAULT_SYMBOL = "default that is no symbol"
    LOGICAL_ON_FIELD = "logical type beside its type"
    LOGICAL_BASE = "logical type of another type"
    LOGICAL_DECIMAL = "decimal without a sound precision"


@dataclass(frozen=True, slots=True)
class AvroFault:
    """``loc`` is the offending value. ``text``: it as people say it, ``other`` what it stands against.

    ``whole`` is the braces around it. ``fixed``: the text that was surely meant, for ``loc``, or for ``type_loc`` where
    that is given; "" where nobody can tell.
    """

    mistake: AvroMistake
    loc: Loc
    whole: Loc
    text: str
    other: str = ""
    fixed: str = ""
    type_loc: Loc | None = None
    others: tuple[Loc, ...] = ()
    """Further places of the file with the same mistake, where one is as good as many (``DEFAULT_BRANCH``)."""


@dataclass(frozen=True, slots=True)
class GiveAvroDefault:
    """Let a field be null, and null where it was not written."""

    field: AvroField
    system: str = "avro"
