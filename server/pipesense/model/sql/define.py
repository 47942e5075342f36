"""Statements that define relations."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.model.sql.query import Expr
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


@dataclass(frozen=True, slots=True)
class ForeignKeyDef:
    """FOREIGN KEY or REFERENCES: ``columns`` of this table name a row of ``target`` (a name's parts) by its
    ``target_columns``, empty where the primary key is meant.
    """

    columns: tuple[str, ...]
    target: tuple[str, ...]
    target_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckDef:
    """CHECK in a table's definition; ``text`` is the condition as written, on one line."""

    condition: Expr
    text: str


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """What ALTER TABLE does beside adding columns.

    ``kind``: "drop", "rename" (``to`` is the new name), "type" (``to`` is the new type in upper case), "rename
    table" (``column`` is ""), "constraint" (changes no column), or "other" for what is not followed.
    """

    kind: str
    column: str = ""
    to: str = ""
    span: Span | None = None
    """The column's name."""


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
