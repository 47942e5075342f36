"""Places that may set something for a task, strongest first, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from typing import Final, TypeVar

from pipesense.lang.python.frames import Argument
from pipesense.model.making import quick_to_make
from pipesense.model.value import Absent, Known, Origin, Unknown, Value

T = TypeVar("T")

_WORDS: Final = attrgetter("words")


@quick_to_make
@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One place that may set something; ``words`` names it in a hover."""

    words: str
    origin: Origin
    items: Mapping[str, Argument]
    opened: Unknown | None
    unsure: frozenset[str] | None = None
    """The keys that ``opened`` is about, where it is about some only."""

    def why_unsure(self, key: str) -> Unknown | None:
        """Why this place may set ``key`` although ``items`` has no such key; None where it cannot."""
        return self.opened if self.unsure is None or key in self.unsure else None


@quick_to_make
@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """The place that sets something."""

    argument: Argument
    origin: Origin


def look_up(layers: Sequence[Layer], key: str, sets: frozenset[str] = frozenset()) -> Hit | Unknown | None:
    """The strongest place that sets ``key``; None where all places were read and none does.

    ``sets`` are keys that the task's own class may set by itself.
    """
    for layer in layers:
        argument = layer.items.get(key)
        if argument is not None:
            return Hit(argument, layer.origin)
        if layer.opened is not None and (layer.unsure is None or key in layer.unsure):
            return layer.opened
        if key in sets and layer.words == "the task" and layer.origin is not Origin.DEFAULT_ARGS:
            return Unknown(f"the operator's own class deals with {key}")
    return None


def searched(layers: Sequence[Layer]) -> tuple[str, ...]:
    """The places that were read, in words."""
    return tuple(dict.fromkeys(map(_WORDS, layers)))


def as_duration(value: Value[object]) -> Value[object]:
    """A number as so many seconds; everything else as it is."""
    if isinstance(value, Known) and isinstance(value.value, int | float):
        return Known(timedelta(seconds=value.value), value.loc, value.origin)
    return value


def narrow(value: Value[object], kind: type[T]) -> Value[T]:
    """A value of a known type; one of another type is None, and so unknown."""
    if isinstance(value, Known):
        return value if isinstance(value.value, kind) else Unknown("it is None")  # type: ignore[return-value]
    if isinstance(value, Absent):
        default = narrow(value.default, kind)
        return value if default is value.default else Absent(default, value.searched)  # type: ignore[return-value]
    return value


def told(value: Value[T]) -> Value[str]:
    """A value as a hover tells it."""
    if isinstance(value, Known):
        return Known(in_words(value.value), value.loc, value.origin)
    if isinstance(value, Absent):
        return Absent(told(value.default), value.searched)
    return value


def in_words(value: object) -> str:
    """A constant as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, timedelta):
        return str(value)
    seconds = int(value.total_seconds())
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0:
            count = seconds // size
            return f"{count} {word}{'s' * (count != 1)}"
    return f"{seconds} seconds"
