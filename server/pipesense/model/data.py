"""Datasets, who touches them, and what checks them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from pipesense.model.columns import Family
from pipesense.model.making import quick_to_make
from pipesense.model.shape import QueryShape
from pipesense.model.stream import Stream
from pipesense.model.value import Unknown, Value
from pipesense.model.where import Loc


class Confidence(Enum):
    """How surely two names mean one dataset; only the first two may carry a warning."""

    EXACT = 3
    TWO_PARTS = 2
    UNIQUE_ONE_PART = 1
    NONE = 0


LOCAL: Final = "file"
"""The platform of files of the machine that runs the code."""


@quick_to_make
@dataclass(frozen=True, slots=True)
class DatasetName:
    """A table, topic or path, from the outermost part to the innermost; names are folded to lower case.

    ``platform`` is the technology where it is known ("postgres", "s3"). A name written with fewer parts than
    another may still mean the same dataset: missing parts are wildcards.
    """

    parts: tuple[str, ...]
    platform: str | None = None

    def match(self, other: DatasetName) -> Confidence:
        """How surely ``other`` means the same dataset."""
        if self.platform and other.platform and self.platform != other.platform:
            return Confidence.NONE
        common = min(len(self.parts), len(other.parts))
        if common == 0 or self.parts[-common:] != other.parts[-common:]:
            return Confidence.NONE
        if len(self.parts) == len(other.parts):
            return Confidence.EXACT
        return Confidence.TWO_PARTS if common > 1 else Confidence.UNIQUE_ONE_PART

    @property
    def table(self) -> str:
        """The innermost part."""
        return self.parts[-1]

    def __str__(self) -> str:
        return ".".join(self.parts)


class AccessMode(Enum):
    """What an access does to the dataset's rows."""

    READ = "reads"
    APPEND = "appends to"
    OVERWRITE = "replaces"
    OVERWRITE_PARTITION = "replaces a partition of"
    MERGE = "merges into"
    DELETE = "deletes from"
    CREATE = "creates"
    DROP = "drops"
    UPDATE = "updates"


WRITES = frozenset(
    {
        AccessMode.APPEND,
        AccessMode.OVERWRITE,
        AccessMode.OVERWRITE_PARTITION,
        AccessMode.MERGE,
        AccessMode.UPDATE,
    }
)
"""Modes that bring rows into a dataset: what a load does."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Why writing the same rows twice leaves one copy; ``how`` says it in words ("ON CONFLICT")."""

    how: str


@quick_to_make
@dataclass(frozen=True, slots=True)
class Access:
    """One read or write of a dataset by the code at ``loc`` (the dataset's name, where it is written)."""

    dataset: DatasetName
    mode: AccessMode
    guard: Value[Guard]
    loc: Loc
    streaming: bool = False
    temporary: bool = False
    """The dataset lives no longer than the session (TEMP tables, CTEs)."""
    call: str = ""
    """The call that touches it where that is code ("to_sql"), "" for SQL and what a system says by itself."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation; ``type`` is the dialect's own words, in upper case.

    ``nullable`` is None where nobody can tell. Columns that differ in their places only are equal.
    """

    name: str
    type: str
    nullable: bool | None
    loc: Loc = field(compare=False)
    comment: str = ""
    family: Family = Family.UNKNOWN
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """``columns`` hold keys of ``target``; ``target_columns`` is empty where its primary key is meant."""

    columns: tuple[str, ...]
    target: DatasetName
    target_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckConstraint:
    """A CHECK of the table's definition; it lets a row through whose condition is unknown because of a NULL.

    ``text`` is the condition as written, on one line. Where the condition is no more than a list of values or
    bounds of one column, ``values`` (literals as written) or ``minimum`` and ``maximum`` (both inclusive) say so.
    """

    text: str
    columns: tuple[str, ...]
    values: tuple[str, ...] = ()
    minimum: str = ""
    maximum: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """What one statement or file says of a table's shape.

    ``opened`` is None where every column is known (the relation is *closed*), else says why more may exist. Where
    a query makes the relation, ``query`` says what its columns are made from, ``columns`` are the names that are
    declared beside it (``CREATE VIEW v (a, b)``), and the catalogue works out the rest: ``Context.relation`` gives
    a relation with all columns. Relations that differ in places only are equal.
    """

    dataset: DatasetName
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...]
    loc: Loc = field(compare=False)
    opened: Unknown | None = None
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[CheckConstraint, ...] = ()
    kind: str = "table"
    """"table", "view", "external", "model" and "snapshot" (dbt), "seed"; "altered" for a change to a relation that
    is defined elsewhere, "dropped" for one that the script took away."""
    parts: tuple[str, ...] = ()
    """The name as written, masked parts included."""
    temporary: bool = False
    partitioned_by: tuple[str, ...] = ()
    """Columns, or calls on columns ("date(created_at)")."""
    filter_required: bool = False
    """The engine refuses a query that does not filter by the partition (BigQuery's require_partition_filter)."""
    query: QueryShape | None = None
    local: tuple[Relation, ...] = ()
    """What earlier statements of the same script defined and the query reads."""
    project: str = ""
    """The folder of the dbt project that a model or seed belongs to."""
    dropped: tuple[str, ...] = ()
    """Columns that were taken away or renamed after the definition, in lower case."""
    required: tuple[str, ...] = ()
    """Columns that ALTER TABLE makes NOT NULL, in lower case; of kind "altered" only."""
    stream: Stream | None = None
    """The stream behind it; its spans are relative to the unit of ``loc``."""
    connection: str = ""
    """The connection over which it is made, by its id; "" where none is named."""


@dataclass(frozen=True, slots=True)
class ColumnReads:
    """A file reads ``columns`` (in lower case) of the table that it calls by the name ``parts``."""

    file: str
    parts: tuple[str, ...]
    columns: frozenset[str]


class CheckKind(Enum):
    """What a quality check looks at."""

    NOT_NULL = "no nulls"
    UNIQUE = "no duplicates"
    ROW_COUNT = "row count"
    RANGE = "value range"
    VALUES = "valid values"
    REFERENCES = "references"
    RECONCILIATION = "reconciliation"
    FRESHNESS = "freshness"
    CUSTOM = "custom check"


@dataclass(frozen=True, slots=True)
class QualityCheck:
    """A check that fails its run when data is wrong.

    ``dataset`` is Unknown for a check whose subject cannot be told (a Python function that asserts).
    ``by`` names the task or test that runs it.
    """

    kinds: frozenset[CheckKind]
    dataset: Value[DatasetName]
    columns: tuple[str, ...]
    by: str
    loc: Loc
