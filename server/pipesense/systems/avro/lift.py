"""From a schema file to records with their fields, and to what a parser of Avro refuses or passes over in silence.

What is refused was held against the parser of Java (``org.apache.avro.Schema.Parser`` 1.12.0).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence
from pipesense.model.avro import AvroFault, AvroField, AvroMistake, AvroRecord, AvroSchema, AvroType
from pipesense.model.code import PatternSite
from pipesense.systems.avro.defaults import Fit, fits
from pipesense.systems.system import Lifted
from pipesense.text.regex import regex
from pipesense.text.span import Span

PRIMITIVES: Final = frozenset(("null", "boolean", "int", "long", "float", "double", "bytes", "string"))
_NAMED: Final = frozenset(("record", "error", "enum", "fixed"))
_NAME: Final = regex(r"[A-Za-z_]\w*", re.ASCII)
_FULL_NAME: Final = regex(r"\.?[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
_MEANT: Final = {
    "integer": "int",
    "bigint": "long",
    "number": "double",
    "decimal": 'bytes with "logicalType": "decimal"',
    "bool": "boolean",
    "str": "string",
    "text": "string",
    "varchar": "string",
    "char": "string",
    "binary": "bytes",
    "datetime": 'long with "logicalType": "timestamp-millis"',
    "timestamp": 'long with "logicalType": "timestamp-millis"',
    "date": 'int with "logicalType": "date"',
    "uuid": 'string with "logicalType": "uuid"',
    "object": "record",
    "list": "array",
}
"""Types of other languages, and what Avro has for them."""
LOGICAL: Final = {
    "date": ("int",),
    "time-millis": ("int",),
    "time-micros": ("long",),
    "timestamp-millis": ("long",),
    "timestamp-micros": ("long",),
    "timestamp-nanos": ("long",),
    "local-timestamp-millis": ("long",),
    "local-timestamp-micros": ("long",),
    "local-timestamp-nanos": ("long",),
    "decimal": ("bytes", "fixed"),
    "uuid": ("string", "fixed"),
    "duration": ("fixed",),
}
"""What a logical type may stand on; on anything else it is passed over."""
_DEPTH: Final = 60


def lift(file: DocumentFile) -> Lifted:
    """The records and faults of a schema; nothing of one that could not be read to its end."""
    if file.tree.problem is not None or file.tree.templated or not file.roots:
        return Lifted()
    reader = _Reader(file)
    root = reader.type_of(file.roots[0], "", 0)
    if root.kind not in ("record", "error", "enum", "fixed", "union", "array", "map"):
        return Lifted()
    # A default may be of a type that is defined further on.
    reader.judge_defaults()
    schema = AvroSchema(file.path, root.name, tuple(reader.records))
    told = {("avro schema", root.name): schema} if root.kind == "record" and root.name else {}
    return Lifted(facts=(schema, *_told_once(reader.faults)), sites=tuple(reader.sites), told=told)


def _told_once(faults: list[AvroFault]) -> Iterator[AvroFault]:
    """A habit of whoever wrote the file is one fault with several places."""
    habit = [fault for fault in faults if fault.mistake is AvroMistake.DEFAULT_BRANCH]
    yield from (fault for fault in faults if fault.mistake is not AvroMistake.DEFAULT_BRANCH)
    if habit:
        yield replace(habit[0], others=tuple(fault.loc for fault in habit[1:]))


def entry(node: Mapping, key: str) -> Entry | None:
    """What counts for a key of a JSON object."""
    return node.own(key)


def words(node: Node | None) -> str:
    """The text of a quoted scalar, "" for everything else."""
    return node.text if isinstance(node, Scalar) and node.style == '"' else ""


def text_span(node: Node) -> Span:
    """A quoted text without its quotes."""
    quoted = isinstance(node, Scalar) and node.style == '"' and len(node.span) >= 2
    return Span(node.span.start + 1, node.span.end - 1) if quoted else node.span


@dataclass(slots=True)
class _Reader:
    """Reads types from the outside to the inside; ``types`` are those that have a name."""

    file: DocumentFile
    records: list[AvroRecord] = field(default_factory=list)
    faults: list[AvroFault] = field(default_factory=list)
    sites: list[PatternSite] = field(default_factory=list)
    types: dict[str, AvroType] = field(default_factory=dict)
    fields: dict[str, tuple[AvroField, ...]] = field(default_factory=dict)
    waiting: list[tuple[Entry, AvroType, Mapping]] = field(default_factory=list)

    def type_of(self, node: Node, space: str, depth: int) -> AvroType:
        """A type as it stands there; "named" where nothing is known of it."""
        if depth > _DEPTH:
            return AvroType("named")
        if isinstance(node, Scalar):
            return self._by_name(node, space)
        if isinstance(node, Sequence):
            return self._union(node, space, depth)
        if not isinstance(node, Mapping):
            return AvroType("named")
        inner = entry(node, "type")
        if inner is None:
            return AvroType("named")
        kind = words(inner.value)
        if kind in _NAMED:
            found = self._named(node, kind, space, depth)
        elif kind in ("array", "map"):
            held = entry(node, "items" if kind == "array" else "values")
            found = AvroType(kind, parts=(self.type_of(held.value, space, depth + 1),) if held is not None else ())
        else:
            found = self.type_of(inner.value, space, depth + 1)
        logical = entry(node, "logicalType")
        if logical is not None:
            self.faults += self._logical(node, logical, found)
        return found

    def _by_name(self, node: Scalar, space: str) -> AvroType:
        name = words(node)
        if name in PRIMITIVES:
            return AvroType(name)
        full = name if "." in name or not space else f"{space}.{name}"
        known = self.types.get(full) or self.types.get(name)
        if known is not None:
            return known
        if name in _MEANT:
            self._fault(AvroMistake.NO_SUCH_TYPE, node, node, name, _MEANT[name])
        return AvroType("named", full)

    def _union(self, node: Sequence, space: str, depth: int) -> AvroType:
        parts: list[AvroType] = []
        for each in node.items:
            part = self.type_of(each, space, depth + 1)
            if any((part.kind, part.name) == (one.kind, one.name) for one in parts) and part.kind != "named":
                self._fault(AvroMistake.BRANCH_TWICE, each, node, str(part))
            parts.append(part)
        return AvroType("union", parts=tuple(parts))

    def _named(self, node: Mapping, kind: str, space: str, depth: int) -> AvroType:
        named, spaced = entry(node, "name"), entry(node, "namespace")
        name = words(named.value) if named is not None else ""
        if named is not None and name and not _FULL_NAME.fullmatch(name):
            self._fault(AvroMistake.BAD_NAME, named.value, node, name)
        inner = name.rpartition(".")[0] or (words(spaced.value) if spaced is not None else space)
        full = name if "." in name or not inner else f"{inner}.{name}"
        if kind == "enum":
            found = AvroType("enum", full, symbols=self._symbols(node), default=entry(node, "default") is not None)
        else:
            found = AvroType("fixed" if kind == "fixed" else "record", full)
        if name:
            self.types[full] = found
        listed = entry(node, "fields")
        if found.kind == "record" and listed is not None and isinstance(listed.value, Sequence):
            at = named.value if named is not None else node
            number = len(self.records)
            fields = tuple(self._fields(listed.value, inner, depth))
            self.fields[full] = fields
            self.records.insert(number, AvroRecord(full, self.file.loc(text_span(at)), fields))
        return found

    def _symbols(self, node: Mapping) -> tuple[str, ...]:
        listed, default = entry(node, "symbols"), entry(node, "default")
        found: list[str] = []
        for each in listed.value.items if listed is not None and isinstance(listed.value, Sequence) else ():
            symbol = words(each)
            if symbol in found:
                self._fault(AvroMistake.SYMBOL_TWICE, each, node, symbol)
            elif symbol and not _NAME.fullmatch(symbol):
                self._fault(AvroMistake.BAD_NAME, each, node, symbol)
            found.append(symbol)
        if default is not None and words(default.value) not in found:
            self._fault(AvroMistake.DEFAULT_SYMBOL, default.value, node, words(default.value), ", ".join(found[:6]))
        return tuple(found)

    def _fields(self, listed: Sequence, space: str, depth: int) -> Iterator[AvroField]:
        seen: set[str] = set()
        for node in listed.items:
            named = entry(node, "name") if isinstance(node, Mapping) else None
            typed = entry(node, "type") if isinstance(node, Mapping) else None
            if named is None or typed is None or not isinstance(node, Mapping):
                continue
            name = words(named.value)
            if name in seen:
                self._fault(AvroMistake.FIELD_TWICE, named.value, node, name)
            elif name and not _NAME.fullmatch(name):
                self._fault(AvroMistake.BAD_NAME, named.value, node, name)
            seen.add(name)
            found = self.type_of(typed.value, space, depth + 1)
            default, logical, others = entry(node, "default"), entry(node, "logicalType"), entry(node, "aliases")
            if default is not None:
                self.waiting.append((default, found, node))
                self.sites.append(PatternSite("schema-evolution", self.file.loc(text_span(default.name)), _DEFAULT))
            if logical is not None and words(logical.value) in LOGICAL:
                self._beside(node, typed, logical, found)
            yield AvroField(
                name,
                self.file.loc(text_span(named.value)),
                self.file.loc(node.span),
                found,
                self.file.loc(typed.value.span),
                default is not None,
                tuple(words(each) for each in others.value.items)
                if others is not None and isinstance(others.value, Sequence)
                else (),
            )

    def _beside(self, node: Mapping, typed: Entry, logical: Entry, found: AvroType) -> None:
        """A logical type that stands beside the type of a field, where nobody looks for it."""
        name = words(logical.value)
        if isinstance(typed.value, Mapping) and entry(typed.value, "logicalType") is not None:
            return
        fixed = ""
        if isinstance(typed.value, Scalar) and name != "decimal" and found.kind in LOGICAL[name]:
            fixed = f'{{"type": "{found.kind}", "logicalType": "{name}"}}'
        at, whole, place = (self.file.loc(each) for each in (text_span(logical.value), node.span, typed.value.span))
        self.faults.append(AvroFault(AvroMistake.LOGICAL_ON_FIELD, at, whole, name, str(found), fixed, place))

    def _logical(self, node: Mapping, logical: Entry, base: AvroType) -> Iterator[AvroFault]:
        name = words(logical.value)
        wanted = LOGICAL.get(name)
        if wanted is None or base.kind == "named":
            return
        at, whole = self.file.loc(text_span(logical.value)), self.file.loc(node.span)
        if base.kind not in wanted:
            yield AvroFault(AvroMistake.LOGICAL_BASE, at, whole, name, f"{base}, it stands on {' or '.join(wanted)}")
        elif name == "decimal":
            precision, scale = (_number(entry(node, key)) for key in ("precision", "scale"))
            if entry(node, "precision") is None:
                yield AvroFault(AvroMistake.LOGICAL_DECIMAL, at, whole, name, "it has no precision")
            elif precision is not None and scale is not None and scale > precision:
                why = f"its scale of {scale} is greater than its precision of {precision}"
                yield AvroFault(AvroMistake.LOGICAL_DECIMAL, at, whole, name, why)

    def judge_defaults(self) -> None:
        """Hold every default against the type of its field."""
        for default, found, node in self.waiting:
            fit = fits(default.value, self._whole(found), self)
            if fit is Fit.YES:
                continue
            shown = self.file.text[default.value.span.start : default.value.span.end]
            mistake = AvroMistake.DEFAULT_BRANCH if fit is Fit.LATER else AvroMistake.DEFAULT_TYPE
            fixed = _meant(default.value, found, self) if fit is Fit.NO else ""
            self._fault(mistake, default.value, node, shown[:40], str(found), fixed)

    def _whole(self, found: AvroType) -> AvroType:
        """A type that was named before it was defined."""
        return self.types.get(found.name, found) if found.kind == "named" else found

    def resolve(self, found: AvroType) -> AvroType:
        """The definition of a type that is named only."""
        return self._whole(found)

    def missing(self, record: AvroType, given: frozenset[str]) -> bool:
        """Whether a default of a record leaves out a field that has no default of its own."""
        fields = self.fields.get(record.name)
        return fields is not None and any(not each.has_default and each.name not in given for each in fields)

    def _fault(self, mistake: AvroMistake, at: Node, whole: Node, text: str, other: str = "", fixed: str = "") -> None:
        span = at.span if mistake in (AvroMistake.DEFAULT_TYPE, AvroMistake.DEFAULT_BRANCH) else text_span(at)
        self.faults.append(AvroFault(mistake, self.file.loc(span), self.file.loc(whole.span), text, other, fixed))


_DEFAULT: Final = "Readers with this schema take it for records that were written without the field."


def _number(found: Entry | None) -> int | None:
    value = found.value.value if found is not None and isinstance(found.value, Scalar) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _meant(node: Node, found: AvroType, reader: _Reader) -> str:
    """A default in quotes that is right without them."""
    text = words(node)
    if not text or not re.fullmatch(r"null|true|false|-?\d+(?:\.\d+)?", text):
        return ""
    bare = Scalar(text_span(node), text)
    return text if fits(bare, found, reader) is Fit.YES else ""
