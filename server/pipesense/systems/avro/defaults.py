"""Whether a default value can be of a type, as the parser of Java judges it when it reads a schema."""

from __future__ import annotations

from enum import Enum
from typing import Final, Protocol

from pipesense.lang.yaml.nodes import Mapping, Node, Scalar, Sequence
from pipesense.model.avro import AvroType

_INT: Final = 2**31
_LONG: Final = 2**63


class Fit(Enum):
    """``LATER``: it is of a branch of the union that is not the first, which Avro takes from 1.12 on only."""

    YES = "yes"
    LATER = "later"
    NO = "no"


class Names(Protocol):
    """What is known of types that have a name."""

    def resolve(self, found: AvroType) -> AvroType:
        """The definition of a type that is named only."""

    def missing(self, record: AvroType, given: frozenset[str]) -> bool:
        """Whether a default of a record leaves out a field that has no default of its own."""


def fits(node: Node, found: AvroType, names: Names) -> Fit:
    """Whether a value can be of a type; what is not known is not refused."""
    if found.kind == "union":
        parts = [_fits(node, names.resolve(each), names) for each in found.parts]
        if not parts or parts[0]:
            return Fit.YES
        return Fit.LATER if any(parts) else Fit.NO
    return Fit.YES if _fits(node, names.resolve(found), names) else Fit.NO


def _fits(node: Node, found: AvroType, names: Names) -> bool:
    kind = found.kind
    if kind == "union":
        return fits(node, found, names) is not Fit.NO
    if kind == "named":
        return True
    if kind == "array":
        inside = names.resolve(found.parts[0]) if found.parts else AvroType("named")
        return isinstance(node, Sequence) and all(_fits(each, inside, names) for each in node.items)
    if kind == "map":
        inside = names.resolve(found.parts[0]) if found.parts else AvroType("named")
        return isinstance(node, Mapping) and all(_fits(each.value, inside, names) for each in node.entries)
    if kind == "record":
        return isinstance(node, Mapping) and not names.missing(found, frozenset(node.keys()))
    return isinstance(node, Scalar) and _scalar_fits(node, kind)


def _scalar_fits(node: Scalar, kind: str) -> bool:
    value = node.value
    quoted = node.style == '"'
    if kind in ("string", "bytes", "enum", "fixed"):
        return quoted
    if kind in ("float", "double") and quoted:
        # The parser of Java turns such texts into numbers.
        try:
            float(node.text)
        except ValueError:
            return False
        return True
    if quoted:
        return False
    if kind == "null":
        return value is None
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return kind in ("float", "double") and node.text[:1] in "-0123456789" and node.text != ""
    if kind in ("float", "double"):
        return True
    limit = _INT if kind == "int" else _LONG
    return float(value).is_integer() and -limit <= value < limit
