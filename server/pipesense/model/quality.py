"""Which quality checks a table deserves, in words that every form of checks can be written from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pipesense.model.data import DatasetName


class Dimension(Enum):
    """What a check is about: the six dimensions of data quality, and volume."""

    COMPLETENESS = "completeness"
    UNIQUENESS = "uniqueness"
    VALIDITY = "validity"
    CONSISTENCY = "consistency"
    TIMELINESS = "timeliness"
    ACCURACY = "accuracy"
    VOLUME = "volume"


class Sureness(Enum):
    """Where a proposal comes from: a constraint that somebody declared, a name that rarely means anything else,
    or a name that often means it.
    """

    DECLARED = "declared"
    LIKELY = "likely"
    GUESS = "guess"


class Pattern(Enum):
    """The shapes of texts that are known by name."""

    EMAIL = "an email address"
    UUID = "a UUID"
    COUNTRY = "an ISO 3166 country code"
    COUNTRY_2 = "a two-letter ISO 3166 country code"
    COUNTRY_3 = "a three-letter ISO 3166 country code"
    CURRENCY = "a three-letter ISO 4217 currency code"


@dataclass(frozen=True, slots=True)
class NotNull:
    """Every row has a value in the column."""

    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)


@dataclass(frozen=True, slots=True)
class Unique:
    """No two rows have the same values in all the columns; rows without a value are left out."""

    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InRange:
    """Values lie between the bounds, both included; "" is no bound. A missing value is not out of range."""

    column: str
    minimum: str
    maximum: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)


@dataclass(frozen=True, slots=True)
class Matches:
    """Values have a shape; a missing value has none to be wrong."""

    column: str
    pattern: Pattern

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)


@dataclass(frozen=True, slots=True)
class OneOf:
    """Values are of a list (SQL literals); a missing value is not wrong."""

    column: str
    values: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)


@dataclass(frozen=True, slots=True)
class InOrder:
    """``first`` is not behind ``second`` where both are there."""

    first: str
    second: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.first, self.second)


@dataclass(frozen=True, slots=True)
class Holds:
    """A condition on a row, as SQL, is not false."""

    condition: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """Every value is a key of the target; rows with a missing one are left out."""

    columns: tuple[str, ...]
    target: DatasetName
    target_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TotalsAgree:
    """A header's total is the sum over its detail rows: of a column, or of quantity times price.

    One of ``header`` and ``detail`` is the table in question. Keys correspond by position.
    """

    total: str
    header: DatasetName
    header_key: tuple[str, ...]
    detail: DatasetName
    detail_key: tuple[str, ...]
    factors: tuple[str, ...]
    columns: tuple[str, ...]
    """Those of the table in question."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """The newest value is not older than so many hours; for a date without time, so many whole days."""

    column: str
    hours: int
    whole_days: bool

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)


@dataclass(frozen=True, slots=True)
class Load:
    """The one statement that brings a table's rows: all rows of ``source`` that meet ``condition``, one for one.

    ``replaces``: nothing else is in the table behind it. ``condition`` is SQL as written, "" for all rows, and
    ``alias`` is the name that it uses for the source. ``copied`` pairs a column of the table with the source's.
    """

    source: DatasetName
    alias: str
    condition: str
    replaces: bool
    copied: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CountsAgree:
    """The table has as many rows as its source gives; where it also keeps older ones, at least as many."""

    load: Load

    @property
    def columns(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class SumsAgree:
    """A column adds up to what its source's adds up to."""

    column: str
    source_column: str
    load: Load

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)


@dataclass(frozen=True, slots=True)
class HasRows:
    """There are rows."""

    @property
    def columns(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class NearDayBefore:
    """The newest day has between half and twice as many rows as the day before it."""

    column: str
    whole_days: bool

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)


Ask = (
    NotNull
    | Unique
    | InRange
    | Matches
    | OneOf
    | InOrder
    | Holds
    | Exists
    | TotalsAgree
    | Fresh
    | CountsAgree
    | SumsAgree
    | HasRows
    | NearDayBefore
)


@dataclass(frozen=True, slots=True)
class ProposedCheck:
    """A check that a table deserves; ``reason`` is a clause that says why ("order_id is the primary key")."""

    dimension: Dimension
    ask: Ask
    reason: str
    sureness: Sureness
    nullable: bool = False
    """A value of its columns may be missing without being wrong."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's columns that it looks at."""
        return self.ask.columns


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why nothing, or nothing more, is asked in a dimension, as a clause."""

    dimension: Dimension
    why: str


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """The checks that a table deserves. Each dimension has a check or is left out with a reason, or both.

    ``table`` is the table's name as SQL. ``names`` are the columns' names as SQL where they must be quoted;
    ``tables`` are the names of other tables as SQL.
    """

    dataset: DatasetName
    table: str
    dialect: str
    checks: tuple[ProposedCheck, ...]
    left_out: tuple[LeftOut, ...]
    names: tuple[tuple[str, str], ...] = ()
    tables: tuple[tuple[DatasetName, str], ...] = ()
