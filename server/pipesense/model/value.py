"""Knowing a value, not knowing it, and knowing that nobody set it.

Rules about absence fire on Absent only. Absent means: every place in the workspace that could set the value
was read, and it is in none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar, Union

from pipesense.model.making import quick_to_make
from pipesense.model.where import Loc

T = TypeVar("T")
U = TypeVar("U")


class Origin(Enum):
    """Where an effective value was set; the values are the words shown to people."""

    HERE = "here"
    DEFAULT_ARGS = "default_args"
    TASK_GROUP = "task group"
    DECORATOR = "decorator"
    FACTORY = "factory"
    PIPELINE = "the pipeline itself"
    PROJECT_FILE = "project file"


@quick_to_make
@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """The value is ``value``, set at ``loc`` (None where it follows from the code but stands nowhere)."""

    value: T
    loc: Loc | None = None
    origin: Origin = Origin.HERE


@quick_to_make
@dataclass(frozen=True, slots=True)
class Absent(Generic[T]):
    """Every place that could set the value was read, and none does; ``default`` then applies."""

    default: Value[T]
    searched: tuple[str, ...] = ()
    """The places that were read, in words, for hovers."""


@quick_to_make
@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can tell the value from the workspace; ``why`` is a clause for people ("default_args is a call")."""

    why: str


Value = Union[Known[T], Absent[T], Unknown]  # noqa: UP007  (a generic alias needs Union before 3.12)


def known(value: Value[T]) -> T | None:
    """The value where it was set and is known, else None."""
    return value.value if isinstance(value, Known) else None


def effective(value: Value[T]) -> T | None:
    """The value that applies, a known default included, else None."""
    if isinstance(value, Absent):
        return effective(value.default)
    return known(value)


class Evidence(Enum):
    """How a version is known; decides between an error, a warning and silence."""

    PINNED = "pinned"
    INFERRED = "inferred"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Version:
    """The version of a system that a file runs on.

    ``number`` is the release as integers, (3, 0) for "3.0"; empty where unknown. ``source`` says in words
    where it comes from ("requirements.txt, line 3", "imports airflow.sdk").
    """

    number: tuple[int, ...] = ()
    evidence: Evidence = Evidence.UNKNOWN
    source: str = ""
    beside: tuple[tuple[str, Version], ...] = ()
    """Packages that are released apart from the system (Airflow's providers), by name, where they are pinned."""
    project: tuple[tuple[str, str], ...] = ()
    """What the project's files set for everything that runs on the system, by name ("tasks.default_retries")."""

    def __hash__(self) -> int:
        # It stands in the keys of most of what is remembered, and an Enum's hash is no fast one.
        return hash((self.number, self.source))

    def below(self, other: tuple[int, ...]) -> bool:
        """Whether the version is known to be older than ``other``; "3" is not known to be older than "3.1"."""
        common = min(len(self.number), len(other))
        return self.number[:common] < other[:common]

    def __str__(self) -> str:
        return ".".join(map(str, self.number)) or "unknown"
