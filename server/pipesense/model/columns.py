"""Columns as SQL sees them: their types, what a relation or query gives, and what a name in a query means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Union

from pipesense.model.making import quick_to_make
from pipesense.model.value import Unknown

if TYPE_CHECKING:
    from pipesense.model.sql import Source
    from pipesense.text.span import Span


class Family(Enum):
    """What values of a type are like, whatever a dialect calls it."""

    INT = "int"
    DECIMAL = "decimal"
    FLOAT = "float"
    STRING = "string"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    """A date and a time of day, of no particular time zone."""
    TIMESTAMPTZ = "timestamptz"
    """A point in time."""
    TIME = "time"
    BYTES = "bytes"
    JSON = "json"
    ARRAY = "array"
    STRUCT = "struct"
    INTERVAL = "interval"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SqlType:
    """A type: its family, and its text in upper case where somebody wrote it ("DECIMAL(10, 2)"), else ""."""

    family: Family = Family.UNKNOWN
    text: str = ""

    @property
    def is_known(self) -> bool:
        """Whether anything is known of it."""
        return self.family is not Family.UNKNOWN or bool(self.text)

    def __str__(self) -> str:
        return self.text or self.family.value


UNKNOWN_TYPE: Final = SqlType()


@quick_to_make
@dataclass(frozen=True, slots=True, order=True)
class ColumnOrigin:
    """A column of a table that nothing in the workspace makes out of others; ``table`` as its parts, lower case."""

    table: tuple[str, ...]
    column: str

    def __str__(self) -> str:
        return ".".join((*self.table, self.column))


@quick_to_make
@dataclass(frozen=True, slots=True)
class OutColumn:
    """A column that a query or relation gives.

    ``nullable`` is None where nobody can tell. ``origins`` are the columns of tables that its values are made
    from, through every query, view and model between; ``copied`` says that it is one of them, unchanged.
    """

    name: str
    type: SqlType = UNKNOWN_TYPE
    nullable: bool | None = None
    origins: tuple[ColumnOrigin, ...] = ()
    copied: bool = False
    comment: str = ""
    item: int = -1
    """Which item of the SELECT list gives it (``Block.outputs``), -1 for a column of a table."""


@quick_to_make
@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a relation or query, in order.

    ``opened`` is None where these are all there are (the column set is *closed*), else says why more may exist or
    their order may differ; only a closed set says what is missing. An unnamed column has the name "".

    ``keys``: sets of column names (lower case) whose values no two rows share: primary keys, UNIQUE, the GROUP BY
    of the query, DISTINCT, ROW_NUMBER() = 1. An empty set means one row at most. A key is known to hold; that
    there is none says nothing.
    """

    columns: tuple[OutColumn, ...]
    opened: Unknown | None = None
    keys: tuple[frozenset[str], ...] = ()
    numbered: tuple[tuple[str, frozenset[str]], ...] = ()
    """Columns that count rows per group (ROW_NUMBER): the name, and by which columns."""
    declared: str = ""
    """The file whose CREATE TABLE lists the columns, where that is another one than what asks: a table lives on, and
    may have been altered since by hand. "" where a query or the same file tells them."""

    @property
    def closed(self) -> bool:
        """Whether every column is known."""
        return self.opened is None

    def find(self, name: str) -> OutColumn | None:
        """The first column of a name; upper and lower case are the same."""
        folded = name.casefold()
        return next((column for column in self.columns if column.name.casefold() == folded), None)

    def has_key(self, names: frozenset[str]) -> bool:
        """Whether these columns (lower case) are known to tell rows apart."""
        return any(key <= names for key in self.keys)


@quick_to_make
@dataclass(frozen=True, slots=True)
class Found:
    """The name means this column.

    ``source`` is where the query takes it from; None where the name is that of an output of the query itself
    (``alias``), as ORDER BY uses them.
    """

    column: OutColumn
    source: Source | None = None
    alias: Span | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """No source that could define the name does, and the columns of all of them are known.

    ``near`` are columns with similar names, best first. ``sources`` were searched.
    """

    near: tuple[str, ...]
    sources: tuple[Source, ...]


Binding = Union[Found, Missing, Unknown]  # noqa: UP007  (a name for a union needs Union before 3.12)
"""What a column's name means: Found, Missing, or Unknown with the reason."""
