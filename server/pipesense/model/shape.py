"""What the columns of a query are made from: its SELECTs without their places.

A shape is what other files need of a query that makes a view, a table or a model. It holds no span, so two queries
with the same meaning for columns are equal wherever they stand; conditions that matter for no column are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.model.columns import UNKNOWN_TYPE, SqlType
from pipesense.model.making import quick_to_make

Path = tuple[str, ...]
"""A column as written, outermost part first."""


@quick_to_make
@dataclass(frozen=True, slots=True)
class Term:
    """What decides the type of an expression, and whether it may be NULL.

    ``op``: "fixed" (``type`` and ``nullable`` say all), "column" (that of ``path``), "query" (the first column of
    SELECT number ``query``, NULL without a row), "first" (the type of the first of ``args`` that has one; NULL
    where any may be), "coalesce" (the same, NULL where all may be), "sum" (of a number: ints stay ints), "widest"
    (arithmetic: the widest number among ``args``), "aggregate" (the type of its argument; NULL without rows).
    """

    op: str
    type: SqlType = UNKNOWN_TYPE
    nullable: bool | None = None
    path: Path = ()
    args: tuple[Term, ...] = ()
    query: int = -1


@quick_to_make
@dataclass(frozen=True, slots=True)
class Item:
    """One item of a SELECT list.

    ``star`` with its qualifier in ``path``; ``uses`` are the columns that the value is made from.
    """

    name: str
    term: Term
    uses: tuple[Path, ...] = ()
    queries: tuple[int, ...] = ()
    """The SELECTs inside the expression."""
    star: bool = False
    path: Path = ()
    excluded: tuple[str, ...] = ()
    replaced: tuple[tuple[str, Term], ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    partition: tuple[Path, ...] | None = None
    """The value is ROW_NUMBER() over these columns."""
    named: Path = ()
    """The table whose columns a star's macro lists, wherever they come from."""
    affix: tuple[str, str] = ("", "")
    """What that macro puts before and behind their names."""
    made: tuple[str, ...] = ()
    """The columns that a macro in the place of a star writes by themselves."""


@quick_to_make
@dataclass(frozen=True, slots=True)
class Union:
    """Tables under each other, by the names of their columns: ``first``, then every column that one has.

    Of those all but the ``excluded`` ones, or the ``included`` ones alone where any are named.
    """

    tables: tuple[str, ...]
    first: tuple[str, ...]
    included: tuple[str, ...]
    excluded: tuple[str, ...]


@quick_to_make
@dataclass(frozen=True, slots=True)
class From:
    """A source of a SELECT.

    ``kind``: "table" (``parts``), "query" (SELECT number ``query`` of the shape), "union", "values",
    "function" or "open".
    ``columns`` are names that the source itself gives (``t(a, b)``). ``hidden``: it adds no columns (SEMI, ANTI).
    ``nullable``: an outer join may fill it with NULL. ``equal``: pairs of columns that the join makes equal.
    """

    kind: str
    alias: str
    parts: Path = ()
    query: int = -1
    columns: tuple[str, ...] = ()
    using: tuple[str, ...] = ()
    natural: bool = False
    hidden: bool = False
    nullable: bool = False
    equal: tuple[tuple[Path, Path], ...] = ()
    side: str = ""
    """"left", "right", "full" or ""."""
    why: str = ""
    """Why its columns are not known, for kind "open"."""
    union: Union | None = None


@quick_to_make
@dataclass(frozen=True, slots=True)
class Projection:
    """One SELECT.

    ``opened`` says why its SELECT list is not complete, ``from_opened`` why its sources are not, "" where they are.
    ``branches``: the other SELECTs of a UNION and its like, whose values come under the same names.
    """

    items: tuple[Item, ...]
    sources: tuple[From, ...] = ()
    opened: str = ""
    from_opened: str = ""
    branches: tuple[int, ...] = ()
    by_name: bool = False
    distinct: bool = False
    """Rows are compared as a whole: DISTINCT, or UNION without ALL."""
    one_row: bool = False
    """At most one row: aggregates without GROUP BY, LIMIT 1."""
    grouped: bool = False
    group: tuple[Path, ...] | None = None
    """The columns and output names (or ordinals, as ("#1",)) of GROUP BY; None without one, or with anything else."""
    ones: tuple[Path, ...] = ()
    """Columns that must be 1 (``WHERE rn = 1``)."""
    filled: tuple[Path, ...] = ()
    """Columns that WHERE keeps NULL out of (``WHERE a = 1``, ``WHERE b IS NOT NULL``)."""
    first_of: tuple[tuple[Path, ...], ...] = ()
    """``QUALIFY ROW_NUMBER() OVER (PARTITION BY ...) = 1``: the partitions."""


@dataclass(frozen=True, slots=True)
class QueryShape:
    """The SELECTs of a statement in the order of their ends, so mostly each behind those that it reads.

    ``root`` is the number of the statement's own, -1 where it has none.
    """

    projections: tuple[Projection, ...]
    root: int
    dialect: str = ""
