"""How a rule looks around. Every question is recorded, so that the rule runs again when an answer changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from pipesense.model.data import Access, DatasetName, QualityCheck, Relation
from pipesense.model.flow import Pipeline, Task
from pipesense.model.sql import Script, Statement
from pipesense.model.value import Value, Version
from pipesense.model.where import Loc
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import FileRole
from pipesense.text.span import Span


@dataclass(frozen=True, slots=True)
class TaskRun:
    """A task of some pipeline of the workspace runs the code in question.

    ``before`` is what other SQL of the same task, run before that code, does to datasets.
    """

    pipeline: Pipeline
    task: Task
    before: tuple[Access, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetUse:
    """Somebody in the workspace touches a dataset; ``by`` says who ("task load in DAG orders")."""

    access: Access
    by: str


class Context(Protocol):
    """What a rule may ask."""

    @property
    def role(self) -> FileRole:
        """What the file in question is there for."""

    @property
    def dialect(self) -> str:
        """The SQL dialect of the statement in question, "" where it is unknown; UNIT rules only."""

    def finding(
        self,
        variant: str,
        *,
        at: Loc | Span,
        related: Iterable[Related] = (),
        subject: object = None,
        **args: object,
    ) -> Finding:
        """A finding of the rule in question; ``at`` a Span for UNIT rules (relative to the statement).

        ``subject`` is what the fix is called with; the fact in question unless another is given.

        Raises:
            KeyError: the rule has no such variant, or an argument that its message needs is not given.
        """

    def option(self, name: str) -> object:
        """The configured value of an option of the rule in question."""

    def version(self, system: str) -> Version:
        """The version of a system that the file in question runs on."""

    def relation(self, dataset: DatasetName) -> Value[Relation]:
        """The shape of a dataset where the workspace defines exactly one that fits its name."""

    def checks_on(self, dataset: DatasetName) -> tuple[QualityCheck, ...]:
        """Quality checks on the dataset anywhere in the workspace."""

    def uses_of(self, dataset: DatasetName) -> tuple[DatasetUse, ...]:
        """Who reads and writes the dataset anywhere in the workspace."""

    def runs_of(self, script: Script) -> tuple[TaskRun, ...]:
        """The tasks that run a SQL script (a file, or the SQL in a string)."""

    def statement(self, loc: Loc) -> Statement | None:
        """The SQL statement whose unit ``loc`` names, in this or another file."""

    def dataset_declared(self, dataset: DatasetName, fact: str) -> object:
        """What the configuration declares about a dataset ("append_only", "unique_key"), or None."""

    def text(self, loc: Loc) -> str:
        """The characters at a place."""
