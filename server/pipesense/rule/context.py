"""How a rule looks around. Every question is recorded, so that the rule runs again when an answer changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from pipesense.model.columns import Binding, Columns, Missing, SqlType
from pipesense.model.data import Access, DatasetName, QualityCheck, Relation
from pipesense.model.flow import Pipeline, Task
from pipesense.model.layers import Layered
from pipesense.model.quality import CheckPlan
from pipesense.model.sql import Block, ColumnUse, Expr, Script, Source, Statement
from pipesense.model.value import Value, Version
from pipesense.model.where import Loc
from pipesense.rule.dbt import DbtView
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import FileRole
from pipesense.text.span import Span


@dataclass(frozen=True, slots=True)
class TaskRun:
    """A task of some pipeline of the workspace runs the code in question.

    ``before`` and ``after`` are what other SQL of the same task, run before or after that code, does to datasets.
    """

    pipeline: Pipeline
    task: Task
    before: tuple[Access, ...] = ()
    after: tuple[Access, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetUse:
    """Somebody in the workspace touches a dataset; ``by`` says who ("task load in DAG orders").

    ``task`` and ``pipeline`` are the names of the task and its pipeline, "" where nobody knows a task that does it.
    """

    access: Access
    by: str
    task: str = ""
    pipeline: str = ""


class Context(Protocol):
    """What a rule may ask."""

    @property
    def role(self) -> FileRole:
        """What the file in question is there for."""

    @property
    def dialect(self) -> str:
        """The SQL dialect of the statement in question, "" where it is unknown; UNIT rules only."""

    @property
    def dbt(self) -> DbtView:
        """The dbt project that holds the file in question."""

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
        """The shape of a dataset where the workspace defines exactly one that surely has its name.

        The columns are all there, those that come from the query of a view or a CTAS too, unless ``opened``
        says otherwise. For a table that a statement names, ``relation_of`` knows more.
        """

    def relation_of(self, parts: tuple[str, ...], statement: Statement) -> Value[Relation]:
        """The relation that a statement means by a table's name (``Source.parts``, ``Write.target``).

        What earlier statements of the same script created or altered comes first. Unknown where no file creates
        it, several do in different ways, a template makes the name, or the names agree in their last part only.
        """

    def outputs(self, statement: Statement, block: Block | None = None) -> Columns:
        """The columns that a SELECT of the statement gives; without ``block`` the statement's own query.

        Stars are expanded (EXCEPT, REPLACE, RENAME, USING, NATURAL), CTEs, subqueries, tables and views of the
        workspace followed. Ask ``closed`` (or ``opened``) before you reason about what is missing, how many
        columns there are, or their order. ``OutColumn.item`` leads back to ``Block.outputs``; ``keys`` is the
        grain of the result.
        """

    def columns_of(self, source: Source, statement: Statement) -> Columns:
        """The columns of a source (``Block.sources``, ``Join.source``, ``Merge.source``) of the statement.

        ``keys`` is the grain: ``columns.has_key(frozenset({"order_id"}))`` says that no two rows share an order_id.
        Columns of the outer side of a join are nullable. A CTE, a subquery and a table are all asked the same way.
        """

    def columns_of_table(self, parts: tuple[str, ...], statement: Statement) -> Columns:
        """The same for a table by its name, as the target of an INSERT (``Write.target``) is given."""

    def bind(self, use: ColumnUse, statement: Statement) -> Binding:
        """What a column's name (``StatementFacts.columns``) means where it stands.

        Found(column, source): the column with its type and origins, and the source that it comes from, which may
        be one of an enclosing query; ``source`` is None for an output's own name. A table of which not every column
        is known has the column because the query reads it there: it is Found, of unknown type. Missing: no source
        that could define it does, and the columns of all of them are known; only then may a rule say that it does
        not exist. Unknown: anything else, with the reason.
        """

    def missing(self, statement: Statement) -> tuple[tuple[ColumnUse, Missing], ...]:
        """The columns of a statement that are Missing (see ``bind``), in order; cheaper than to bind each."""

    def type_of(self, expr: Expr, statement: Statement) -> SqlType:
        """The type of an expression of the statement: literals, casts, columns through the catalogue, arithmetic,
        common functions. ``family`` is Family.UNKNOWN where nobody can tell.
        """

    def nullable(self, expr: Expr, statement: Statement) -> bool | None:
        """Whether an expression may be NULL: True, False, or None where nobody can tell."""

    def readers_of(self, parts: tuple[str, ...], column: str, statement: Statement) -> tuple[str, ...]:
        """The other files that surely read a column of the table that a statement calls by that name.

        Paths in their order. Files that are migrations or tests do not count: they tell what was.
        """

    def restored_by(self, parts: tuple[str, ...], column: str, statement: Statement) -> tuple[str, ...]:
        """The other files that add the column to that table, or make the table with it."""

    def owns(self, role: str, table: tuple[str, ...]) -> bool:
        """Whether some script makes the role the owner of a table of that name (ALTER TABLE ... OWNER TO)."""

    def model_of(self, statement: Statement) -> str:
        """The dbt model whose query this is, "" where it is none."""

    def place_of(self, dataset: DatasetName, column: str = "") -> Loc | None:
        """Where a relation of the workspace, or a column of it, is defined; for the related places of a finding.

        Ask only when you report something: the answer changes whenever somebody types in the definition.
        """

    def check_plan(self, dataset: DatasetName) -> CheckPlan:
        """The checks that a dataset deserves and does not have yet."""

    def checks_in(self, statement: Statement) -> tuple[QualityCheck, ...]:
        """The checks of data that a statement is: an assertion, or a query that its file or a comment calls a check."""

    def checks_on(self, dataset: DatasetName) -> tuple[QualityCheck, ...]:
        """Quality checks on the dataset anywhere in the workspace."""

    def uses_of(self, dataset: DatasetName) -> tuple[DatasetUse, ...]:
        """Who reads and writes the dataset anywhere in the workspace."""

    def runs_of(self, script: Script) -> tuple[TaskRun, ...]:
        """The tasks that run a SQL script (a file, or the SQL in a string)."""

    def statement(self, loc: Loc) -> Statement | None:
        """The SQL statement whose unit ``loc`` names, in this or another file."""

    def statements_in(self, loc: Loc) -> tuple[Statement, ...]:
        """The statements of the SQL in a string, by the number that the string's script has in its file."""

    def tested(self, what: str) -> bool:
        """Whether some test speaks of a file (the last part of its name), runs it a second time ("orders twice"), or
        loads them all ("every DAG").
        """

    def imported_elsewhere(self, name: str) -> bool:
        """Whether a file with pipelines imports something of that name from another one."""

    def dataset_declared(self, dataset: DatasetName, fact: str) -> object:
        """What the configuration declares about a dataset ("append_only", "unique_key"), or None."""

    def layer(self, dataset: DatasetName) -> Layered | None:
        """The layer of the medallion architecture that a dataset lies in, by its name or the setting ``layers``."""

    @property
    def layered(self) -> bool:
        """Whether there is a layer between raw data and what is made for use, outside of dbt."""

    def told(self, kind: str, name: str) -> tuple[object, ...]:
        """What the workspace's documents tell under a kind and a name ("avro schema"), this file's own included."""

    def text(self, loc: Loc) -> str:
        """The characters at a place."""
