"""What a rule may ask about the dbt project that a file belongs to. Every question is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pipesense.model.columns import Columns
from pipesense.model.dbt import (
    DbtEntry,
    DbtExposure,
    DbtMacro,
    DbtNode,
    DbtProject,
    DbtReference,
    DbtTable,
    Setting,
)
from pipesense.model.value import Unknown, Value, Version

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """Who has the name; several where it is given twice."""

    several: tuple[T, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """Everything that could define the name was read, and nothing does. ``near`` are names that look like it."""

    near: tuple[str, ...]


class DbtView(Protocol):
    """The project of one file, as far as it was read."""

    @property
    def project(self) -> DbtProject | None:
        """The project's own file; None where the file in question belongs to no project."""

    @property
    def packages(self) -> tuple[str, ...]:
        """The names of the packages that the project lists."""

    @property
    def complete(self) -> bool:
        """Whether every file of the project was read."""

    @property
    def version(self) -> Version:
        """The version of dbt that the project says it runs on."""

    @property
    def layered(self) -> bool:
        """Whether most models of the project lie in layers, so that rules about layers mean something."""

    @property
    def habits(self) -> frozenset[str]:
        """What many models of the project do, so that one more is no slip: "sources" (read above staging), "upward"
        (staging reads what is made from it).
        """

    def layer(self, node: DbtNode) -> int | None:
        """0 for raw, 1 for staging, 2 for what is between, 3 for marts; None for none of them."""

    def ref(self, reference: DbtReference) -> Found[DbtNode] | Missing | Unknown:
        """The node that a ``ref`` means."""

    def source(self, reference: DbtReference) -> Found[DbtTable] | Missing | Unknown:
        """The table that a ``source`` means."""

    def macro(self, name: str) -> Found[DbtMacro] | Missing | Unknown:
        """The macros of a dotted name; Found with nothing for those of dbt itself."""

    def nodes(self, name: str) -> tuple[DbtNode, ...]:
        """The models, snapshots and seeds of the project that have a name."""

    def enabled(self, node: DbtNode) -> bool | None:
        """Whether a node takes part; None where a template decides."""

    def entries(self, node: DbtNode) -> tuple[DbtEntry, ...]:
        """What the project's YAML files say of a node."""

    def beside(self, node: DbtNode) -> DbtEntry | None:
        """An entry of a model in a YAML file of the folder that holds a node's own file."""

    def setting(self, node: DbtNode, key: str) -> Value[Setting]:
        """A configured value by dbt's precedence: the file's own, its YAML entry's, the project's."""

    def reaches(self, node: DbtNode, macro: str) -> bool | None:
        """Whether the node's text or any macro that it calls calls a macro; None where that cannot be told."""

    def children(self, node: DbtNode) -> tuple[str, ...]:
        """The names of the nodes that refer to a node."""

    def exposed_by(self, node: DbtNode) -> tuple[DbtExposure, ...]:
        """The exposures that depend on a node."""

    def cycle(self, node: DbtNode) -> tuple[str, ...]:
        """The names of the nodes that refer to each other in a circle with this one, () where there is none."""

    def table_uses(self, table: DbtTable) -> tuple[str, ...]:
        """The names of the nodes that read a source's table."""

    def same_source(self, source: str, table: str) -> tuple[DbtTable, ...]:
        """Everything that is declared under the name of a source's table."""

    def columns(self, node: DbtNode) -> Columns:
        """The columns of what a node makes, as far as its query tells them."""

    def singular_tests(self, name: str) -> tuple[str, ...]:
        """The names of the tests in SQL files that read a node of that name."""
