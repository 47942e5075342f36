"""Looking names up, and the difference between missing and unknown."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.model.value import Unknown
from pipesense.model.where import Loc


@dataclass(frozen=True, slots=True)
class Definition:
    """Something with a name that others may refer to; ``kind`` says what ("table", "python function")."""

    kind: str
    name: str
    loc: Loc


@dataclass(frozen=True, slots=True)
class Reference:
    """A use of a name."""

    kind: str
    name: str
    loc: Loc


@dataclass(frozen=True, slots=True)
class Namespace:
    """Everything of one kind that is defined; ``opened`` is None only when all that could define was read."""

    kind: str
    definitions: tuple[Definition, ...]
    opened: Unknown | None


@dataclass(frozen=True, slots=True)
class Found:
    """The name means these definitions."""

    definitions: tuple[Definition, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """The namespace is closed and does not hold the name; ``near`` are names spelled alike."""

    near: tuple[str, ...]


Lookup = Found | Missing | Unknown
