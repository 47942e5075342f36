"""What a streaming engine is told about a table beyond its columns: where rows come from, when, and how they change.

Every span is relative to the statement that holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pipesense.model.value import Value
from pipesense.text.span import Span


class Changes(Enum):
    """What kinds of changes a stream carries, or a sink accepts."""

    APPEND = "inserts only"
    UPSERT = "inserts, and updates and deletes by key"
    ALL = "inserts, updates and deletes"


@dataclass(frozen=True, slots=True)
class TableOption:
    """``'key' = 'value'``; ``span`` covers both. ``opaque``: the value holds a masked part."""

    key: str
    value: str
    span: Span
    value_span: Span
    opaque: bool = False


@dataclass(frozen=True, slots=True)
class MissingOption:
    """An option that the connector asks for: one of ``names``.

    ``example`` is a value to start from. ``instead`` is an option that stands there and may have been meant.
    """

    names: tuple[str, ...]
    example: str
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Watermark:
    """``WATERMARK FOR column AS delayed``; ``delayed`` is the expression as written."""

    column: tuple[str, ...]
    delayed: str
    span: Span


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """A column that can carry event time: its type is a timestamp of at most milliseconds.

    ``span`` is its whole definition, ``computed`` says that an expression gives it.
    """

    name: str
    type: str
    name_span: Span
    span: Span
    computed: bool = False


@dataclass(frozen=True, slots=True)
class SinkGuarantee:
    """How often a row that is written arrives: ``note`` says it, ``pattern`` is its page, ``span`` what decides it."""

    pattern: str
    note: str
    span: Span


@dataclass(frozen=True, slots=True)
class Stream:
    """What CREATE TABLE says about the stream behind a table.

    ``connector`` is "" where none is named (the catalogue then knows). ``unbounded``: reading it never ends.
    ``emits`` is what reading it gives, ``takes`` what it accepts as a sink. ``missing`` are options without which
    its first use fails. ``like`` names the table that further options and columns come from.
    """

    connector: str
    connector_span: Span | None
    options: tuple[TableOption, ...]
    options_span: Span | None
    """The brackets with all options."""
    columns_span: Span | None
    """The brackets with all columns."""
    watermark: Watermark | None
    time_columns: tuple[TimeColumn, ...]
    processing_time: tuple[str, ...]
    """Columns that hold the machine's own time."""
    missing: tuple[MissingOption, ...]
    unbounded: Value[bool]
    emits: Value[Changes]
    takes: Value[Changes]
    needs_key: bool = False
    """The connector refuses every table without a primary key."""
    key_for_updates: bool = False
    """As a sink it takes updates only with a primary key."""
    broker: bool = False
    """Rows come from a message broker: events with a time of their own."""
    like: tuple[str, ...] = ()
    misspelt: tuple[tuple[str, str], ...] = ()
    """Options that the connector does not know, each with the one that is meant by it."""
    guarantee: SinkGuarantee | None = None
    """None where nobody can tell, or nothing is sent."""

    def option(self, key: str) -> TableOption | None:
        """The option of that key."""
        return next((option for option in self.options if option.key == key), None)


class WindowKind(Enum):
    """How rows are grouped by time."""

    TUMBLE = "tumble"
    HOP = "hop"
    CUMULATE = "cumulate"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """A window over time: a table function in FROM, or (``legacy``) a function in GROUP BY.

    ``table``: what the table function reads, empty for a function in GROUP BY. ``column``: the path of the time
    column. ``call`` is the function with its brackets, ``sizes`` its intervals, as written.
    """

    kind: WindowKind
    legacy: bool
    table: tuple[str, ...]
    column: tuple[str, ...]
    sizes: tuple[str, ...]
    span: Span
    column_span: Span


@dataclass(frozen=True, slots=True)
class StreamUse:
    """What a statement of a streaming SQL says beyond its relations.

    ``settings`` of SET. ``state_ttl``: a hint in it says how long state is kept. ``hinted``: tables whose options
    it changes (a hint, ALTER TABLE), in lower case.
    """

    windows: tuple[TimeWindow, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    state_ttl: bool = False
    hinted: frozenset[str] = frozenset()
