"""Statements that define, change and remove relations and what belongs to them."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.model.sql.query import Block, Expr
from pipesense.model.stream import Stream
from pipesense.text.span import Span


@dataclass(frozen=True, slots=True)
class ColumnDef:
    """A column in CREATE TABLE or ALTER TABLE; ``type`` in upper case as the dialect writes it."""

    name: str
    type: str
    nullable: bool
    primary_key: bool
    unique: bool
    has_default: bool
    references: tuple[str, ...]
    """The referenced table's parts, empty without a reference."""
    inline_foreign_key: Span | None
    """The words FOREIGN KEY before REFERENCES inside the column definition, where they stand."""
    span: Span
    name_span: Span
    constraints_span: Span | None = None
    type_span: Span | None = None
    default: Expr | None = None
    generated: Expr | None = None
    """What a computed column is made of."""
    identity: bool = False
    """The engine counts it up: IDENTITY, AUTO_INCREMENT, SERIAL."""
    comment: str = ""
    partition: bool = False
    """It is defined in Hive's PARTITIONED BY and not in the column list; such columns come last."""


@dataclass(frozen=True, slots=True)
class ForeignKeyDef:
    """FOREIGN KEY or REFERENCES: ``columns`` of this table name a row of ``target`` (a name's parts) by its
    ``target_columns``, empty where the primary key is meant.
    """

    columns: tuple[str, ...]
    target: tuple[str, ...]
    target_columns: tuple[str, ...]
    span: Span | None = None
    """The columns' list, or the column's name where the reference stands in its definition."""
    enforced: bool = True


@dataclass(frozen=True, slots=True)
class CheckDef:
    """CHECK in a table's definition; ``text`` is the condition as written, on one line."""

    condition: Expr
    text: str


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """What ALTER TABLE does beside adding columns.

    ``kind``: "drop", "rename" (``to`` is the new name), "type" (``to`` is the new type in upper case), "set not
    null", "drop not null", "rename table" (``column`` is ""), "constraint" (changes no column), or "other" for what is
    not followed.
    """

    kind: str
    column: str = ""
    to: str = ""
    span: Span | None = None
    """The column's name."""


@dataclass(frozen=True, slots=True)
class IndexDef:
    """An index: ``columns`` are its expressions in order; ``name`` is "" where the engine chooses one."""

    name: str
    table: tuple[str, ...]
    columns: tuple[Expr, ...]
    unique: bool


@dataclass(frozen=True, slots=True)
class TableDef:
    """CREATE TABLE or VIEW; ALTER TABLE (kind "alter": the columns it adds, and its ``changes``).

    ``closed``: every column is known (no CTAS with a star, no LIKE, no hole).
    """

    kind: str
    parts: tuple[str, ...]
    columns: tuple[ColumnDef, ...]
    primary_key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...]
    foreign_keys: tuple[tuple[str, ...], ...]
    temporary: bool
    replace: bool
    if_not_exists: bool
    from_query: bool
    properties: tuple[tuple[str, str], ...]
    closed: bool
    span: Span
    name_span: Span
    references: tuple[ForeignKeyDef, ...] = ()
    checks: tuple[CheckDef, ...] = ()
    changes: tuple[ColumnChange, ...] = ()
    materialized: bool = False
    external: bool = False
    partitioned_by: tuple[Expr, ...] = ()
    """PARTITION BY and PARTITIONED BY in every spelling: columns, or calls such as days(ts)."""
    partition_span: Span | None = None
    """From the first to the last of them."""
    clustered_by: tuple[Expr, ...] = ()
    """CLUSTER BY, CLUSTERED BY, ClickHouse's ORDER BY, distribution and sort keys."""
    format: str = ""
    """In lower case: "csv", "parquet", "delta" ...; "" where it is not said."""
    format_span: Span | None = None
    location: str = ""
    query: Block | None = None
    """The first SELECT of CREATE ... AS."""
    indexes: tuple[IndexDef, ...] = ()
    """Those that stand in the column list (KEY, INDEX)."""
    primary_key_enforced: bool = True
    stream: Stream | None = None
    """The stream behind the table, in dialects that have them."""


@dataclass(frozen=True, slots=True)
class Create:
    """The head of any CREATE. ``kind`` in lower case: "table", "view", "materialized view", "schema", "database",
    "index", "function", "procedure", "task" ...; ``parts`` is () for an index without a name.
    """

    kind: str
    parts: tuple[str, ...]
    replace: bool
    if_not_exists: bool
    temporary: bool
    keyword: Span
    """The word CREATE."""
    kind_span: Span
    """The word TABLE, VIEW, INDEX ...: IF NOT EXISTS stands behind it."""
    name_span: Span | None
    span: Span
    index: IndexDef | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """DROP of anything; ``kind`` as in ``Create``, ``names`` with their places."""

    kind: str
    names: tuple[tuple[tuple[str, ...], Span], ...]
    if_exists: bool
    cascade: bool
    temporary: bool
    keyword: Span
    kind_span: Span
    """The word TABLE, VIEW, INDEX ...: IF EXISTS stands behind it."""
    span: Span


@dataclass(frozen=True, slots=True)
class AlterAction:
    """One thing that ALTER does.

    ``what``: "add column", "drop column", "rename column", "change type", "set not null", "drop not null",
    "set default", "drop default", "rename", "swap", "add constraint", "drop constraint", "add partition",
    "drop partition", "exchange partition", "attach partition", "append", "owner", "set options", "cluster by",
    "delete" or "other".
    """

    what: str
    span: Span
    name: str = ""
    """The column or constraint, or the new owner."""
    to: str = ""
    """The column's new name."""
    type: str = ""
    """The column's new type, in upper case."""
    column: ColumnDef | None = None
    table: tuple[str, ...] = ()
    """The new name of the table, or the other table of a swap, an exchange, an append."""
    constraint: str = ""
    """"primary key", "foreign key", "unique", "check" or "index" where one is added."""
    columns: tuple[str, ...] = ()
    """Those of the constraint that is added."""
    name_span: Span | None = None
    """The column's name."""
    reference: ForeignKeyDef | None = None
    check: CheckDef | None = None
    exists: bool = False
    """It says IF EXISTS or IF NOT EXISTS."""
    cascade: bool = False


@dataclass(frozen=True, slots=True)
class Alter:
    """ALTER of a table, view ...; ``actions`` in the order they are written."""

    kind: str
    parts: tuple[str, ...]
    name_span: Span
    if_exists: bool
    actions: tuple[AlterAction, ...]
    span: Span
