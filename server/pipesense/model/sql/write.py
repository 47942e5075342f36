"""Statements that change rows."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.model.sql.query import Block, Clause, Cte, Expr, Join, Source
from pipesense.text.span import Span


@dataclass(frozen=True, slots=True)
class MergeBranch:
    """One WHEN of a MERGE.

    ``match``: "matched", "not matched" (by the target) or "not matched by source". ``action``: "insert", "update",
    "delete" or "nothing". ``star``: UPDATE SET *, INSERT *, INSERT ROW. ``values`` belong to ``columns`` in order.
    """

    match: str
    condition: Expr | None
    action: str
    columns: tuple[str, ...]
    values: tuple[Expr, ...]
    star: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Merge:
    """What a MERGE says beside its target; ``on`` is a list of conjuncts, ``span`` the whole statement's."""

    source: Source
    on: tuple[Expr, ...]
    branches: tuple[MergeBranch, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Write:
    """A statement changes rows: insert, update, delete, merge, truncate, copy.

    ``filtered``: it has a WHERE (or its like). ``guard`` says in words why a second run writes nothing twice,
    "" where nothing in the statement itself does.
    """

    verb: str
    target: tuple[str, ...]
    target_span: Span
    keyword: Span
    filtered: bool
    guard: str
    columns: tuple[str, ...]
    overwrite: bool
    temporary: bool
    where: tuple[Expr, ...]
    holes: frozenset[Clause]
    alias_like_keyword: str = ""
    """The target's alias where it may be a half-typed keyword ("whe")."""
    reads_target: bool = False
    """The source reads the target too (an anti-join, NOT EXISTS)."""
    run_date: tuple[Span, ...] = ()
    """Masked holes in its predicates that look like the run's date."""
    alias: str = ""
    """The target's alias, "" without one."""
    opaque: bool = False
    """The target's name holds a masked part."""
    merge: Merge | None = None
    source: Block | None = None
    """The query of an INSERT, the first SELECT of a set operation."""
    values: int = 0
    """How many rows VALUES lists."""
    width: int = 0
    """How many values each of them has, 0 where they differ."""
    by_name: bool = False
    """INSERT matches columns by name."""
    partition: tuple[tuple[str, Expr | None], ...] = ()
    """``PARTITION (day = '2024-01-01', country)``: names and values, None for a dynamic one."""
    conflict: str = ""
    """What an INSERT does with a row that is there: "nothing", "update", "replace", "ignore" ...; "" if not said."""
    conflict_columns: tuple[str, ...] = ()
    """The columns that ON CONFLICT names."""
    assignments: tuple[tuple[str, Expr], ...] = ()
    """What the SET of an UPDATE assigns; the name is "" where it is no plain column."""
    sources: tuple[Source, ...] = ()
    """FROM of an UPDATE, USING of a DELETE."""
    joins: tuple[Join, ...] = ()
    """Joins of the target and of ``sources``."""
    ctes: tuple[Cte, ...] = ()
    """The names of a WITH in front of the statement."""
    columns_span: Span | None = None
    """The column list of an INSERT or COPY with its brackets."""
