"""Queries and expressions, as small normalised facts.

Every span is relative to the statement's own unit. Names are kept as written. Expressions are small trees: ``op``
is a lower-case word (``column``, ``literal``, ``eq``, ``count`` ...), and sqlglot's own shapes do not show.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from pipesense.model.making import quick_to_make
from pipesense.text.span import Span


class Clause(Enum):
    """Where in a query an expression stands."""

    SELECT = "select"
    FROM = "from"
    ON = "on"
    WHERE = "where"
    GROUP = "group"
    HAVING = "having"
    QUALIFY = "qualify"
    ORDER = "order"
    VALUES = "values"
    SET = "set"
    CHECK = "check"
    OTHER = "other"

    # Members are looked up by the ten thousand, and Enum's own hash is a function of Python's.
    __hash__ = object.__hash__


class Role(Enum):
    """What the result of a query is used for."""

    STATEMENT = "statement"
    """The query that the statement is, or that INSERT, CREATE TABLE AS, CREATE VIEW take their rows from."""
    CTE = "cte"
    FROM = "from"
    """A subquery in FROM, JOIN or MERGE ... USING that sees nothing of the query around it."""
    LATERAL = "lateral"
    """The same, but it may use columns of what stands before it (LATERAL, APPLY)."""
    SCALAR = "scalar"
    EXISTS = "exists"
    IN = "in"
    """The list of IN, ANY or ALL."""
    ARRAY = "array"
    """``ARRAY(SELECT ...)``."""


@quick_to_make
@dataclass(frozen=True, slots=True)
class Expr:
    """An expression.

    ``op`` is one of: column, star, literal, null, boolean, parameter, hole (a masked stretch alone; ``name`` is
    what really stands there); the operators of ``Comparison``; and, or (any number of ``args``), not, neg, add,
    sub, mul, div, mod, concat; case (its operand if any, then ``when`` pairs, then the default if any), cast,
    exists, subquery, window (the call, then PARTITION BY, then ORDER BY), filter, tuple, array, interval, desc; table
    (what stands behind IN without brackets in ClickHouse, opaque as its rows are not seen);
    else the function's usual name in lower case (count, coalesce, row_number, current_date, date_trunc ...).
    A function that no dialect knows has op "function".

    ``name``: the last part of a column's path, a function's name as written, a literal's value. ``path``: all
    parts of a column, outermost first; of a star, what it is qualified by. ``guards``: enclosing constructs that
    change what NULL or zero does ("coalesce", "nullif", "case", "aggregate", "window"). ``opaque``: it holds a
    masked hole. ``kind``: "string" or "number" for a literal; "function" or "aggregate" for a call; the type in
    upper case for a cast, which ``DATE '2024-01-01'`` is too; else "". ``query``: the SELECT of a subquery, of
    EXISTS and of IN (SELECT ...), the first one of a set operation.
    """

    op: str
    args: tuple[Expr, ...]
    span: Span
    name: str
    clause: Clause
    guards: frozenset[str]
    path: tuple[str, ...] = ()
    opaque: bool = False
    kind: str = ""
    query: Block | None = None
    _below: tuple[Expr, ...] | None = field(default=None, compare=False, repr=False)
    """What ``walk`` found below, for those who ask again; without the expression itself, which would hold itself."""

    def walk(self) -> tuple[Expr, ...]:
        """The expression and everything in it, outermost first; queries inside it are not entered."""
        if not self.args:
            return (self,)
        below = self._below
        if below is None:
            found: list[Expr] = []
            todo = [*reversed(self.args)]
            while todo:
                at = todo.pop()
                found.append(at)
                if at.args:
                    todo.extend(reversed(at.args))
            below = tuple(found)
            _KEEP(self, below)
        return (self, *below)


_KEEP: Final = Expr.__dict__["_below"].__set__


@quick_to_make
@dataclass(frozen=True, slots=True)
class Comparison:
    """``left op right``; op is one of eq, neq, lt, lte, gt, gte, is, is_not, in, not_in, like, not_like, ilike,
    not_ilike, between, not_between, is_distinct, is_not_distinct, matches, not_matches (regular expressions).

    ``operator`` is the range of the operator's own characters ("=", "IS NOT", "NOT IN"); for ``NOT a IN (b)``
    the op is not_in too, and only ``span`` holds the NOT. Assignments (UPDATE SET, options, named arguments) are
    no comparisons.
    """

    op: str
    left: Expr
    right: tuple[Expr, ...]
    operator: Span
    span: Span
    clause: Clause


@quick_to_make
@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A column is read; ``path`` as written, outermost first; ``source`` the alias it is bound to, if known."""

    path: tuple[str, ...]
    span: Span
    clause: Clause
    source: str | None
    inside: int = -1
    """Where the keyword of the query (or of the UPDATE, DELETE, MERGE) starts that the column is written in."""
    owner: int = -1
    """The same of the one whose source it is bound to, -1 where that is unknown. In a correlated subquery the two
    differ."""


@quick_to_make
@dataclass(frozen=True, slots=True)
class Source:
    """Something in FROM or JOIN: a table, a CTE, a subquery, a function.

    ``kind``: "table", "cte", "subquery", "function", "values", "array" (a column of an earlier source, as in
    BigQuery's ``FROM t, t.items``). ``parts`` of a table's name, outermost first; a masked part is the hole's own
    text ("{{ params.table }}"), and ``opaque`` then says so. ``alias`` is the name that columns use for it, the
    table's own without an alias. ``span`` holds the alias, ``name_span`` does not.
    """

    kind: str
    parts: tuple[str, ...]
    alias: str
    span: Span
    block: Block | None = None
    """The SELECT of a subquery or CTE, the first one of a set operation; None inside a CTE that reads itself."""
    opaque: bool = False
    columns: tuple[str, ...] = ()
    """The names that the source itself gives its columns: ``t(a, b)``, ``UNNEST(x) AS item``."""
    call: Expr | None = None
    """The function: op "unnest", "explode", "generate_series" ..."""
    name_span: Span | None = None
    lateral: bool = False
    """It may use columns of what stands before it (LATERAL, APPLY)."""
    reshaped: str = ""
    """"pivot", "unpivot" or "match_recognize": its columns are others than those of what is read; "window" and
    "function": it is what a table function makes of the table, with further columns."""
    as_of: Expr | None = None
    """The time or version that an old state of the table is read of."""
    sampled: bool = False
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Join:
    """A join of ``source``; ``comma`` tells ``a, b`` from ``a JOIN b``. ``on`` is a list of conjuncts.

    ``side``: "left", "right", "full" or "". ``kind``: "inner", "outer", "cross", "semi", "anti", "straight",
    "lateral", "apply", "asof" ... or "" for the word JOIN alone.
    """

    source: Source
    side: str
    kind: str
    comma: bool
    on: tuple[Expr, ...]
    using: tuple[str, ...]
    span: Span
    natural: bool = False
    keyword: Span | None = None
    """The words that join (``LEFT OUTER JOIN``) or the comma."""


@dataclass(frozen=True, slots=True)
class Star:
    """What a star leaves out or changes: EXCEPT or EXCLUDE, REPLACE, RENAME."""

    excluded: tuple[str, ...] = ()
    replaced: tuple[tuple[str, Expr], ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()


@quick_to_make
@dataclass(frozen=True, slots=True)
class Output:
    """One item of a SELECT list; ``name`` is its output name, "" where it has none, "*" for a star.

    A star's qualifier is its expression's ``path``.
    """

    name: str
    expr: Expr
    span: Span
    aliased: bool
    star: Star | None = None
    name_span: Span | None = None
    """The alias, where one is written."""


@dataclass(frozen=True, slots=True)
class Cte:
    """One name of a WITH."""

    name: str
    block: Block | None
    """Its SELECT, the first one of a set operation."""
    name_span: Span
    span: Span
    """The name and the brackets."""
    columns: tuple[str, ...] = ()
    """``c(a, b) AS (...)``."""
    recursive: bool = False


@quick_to_make
@dataclass(frozen=True, slots=True)
class Block:
    """One SELECT. ``where``, ``having``, ``qualify`` are lists of conjuncts. ``holes``: clauses with masked parts."""

    span: Span
    outputs: tuple[Output, ...]
    sources: tuple[Source, ...]
    joins: tuple[Join, ...]
    where: tuple[Expr, ...]
    group: tuple[Expr, ...]
    """The items of GROUP BY as written, so an ordinal is a literal; those of ROLLUP and its like among them."""
    having: tuple[Expr, ...]
    qualify: tuple[Expr, ...]
    order: tuple[Expr, ...]
    """The items of ORDER BY; op "desc" around those that descend."""
    limit: Expr | None
    """How many rows LIMIT, TOP or FETCH lets through."""
    distinct: bool
    ctes: tuple[Cte, ...]
    holes: frozenset[Clause]
    keyword: Span
    """The word SELECT."""
    depth: int = 0
    """0 for the outermost query of its statement."""
    role: Role = Role.STATEMENT
    name: str = ""
    """The CTE's name or the subquery's alias."""
    branch: int | None = None
    """Its place in a UNION, INTERSECT or EXCEPT, counted from 0; None outside of one."""
    offset: Expr | None = None
    distinct_on: tuple[Expr, ...] = ()
    grouping: frozenset[str] = frozenset()
    """What GROUP BY says beside its list: "all", "rollup", "cube", "grouping sets", "totals"."""
    as_struct: str = ""
    """"struct" for BigQuery's SELECT AS STRUCT, "value" for SELECT AS VALUE."""
    group_span: Span | None = None
    order_span: Span | None = None
    """From the words ORDER BY to the end of the last item."""
    limit_span: Span | None = None

    @property
    def every_source(self) -> tuple[Source, ...]:
        """FROM, then the joined ones."""
        return (*self.sources, *(join.source for join in self.joins)) if self.joins else self.sources


@dataclass(frozen=True, slots=True)
class WindowCall:
    """A window function call; PARTITION BY and ORDER BY are those of a named window where it uses one."""

    function: str
    partition: tuple[Expr, ...]
    order: tuple[Expr, ...]
    frame: bool
    span: Span
    alias: str
    """The name of the output that it stands in, "" where that has none."""
    call: Expr | None = None
    """The function with its arguments."""
    frame_kind: str = ""
    """"rows", "range" or "groups", "" without a frame."""
    frame_start: str = ""
    frame_end: str = ""
    """In lower case: "unbounded preceding", "current row", "3 following"."""
    window: str = ""
    """The named window, "" without one."""
    known: bool = True
    """False where the named window is nowhere defined, so that it may say anything."""
    skips_nulls: bool = False
    """It says IGNORE NULLS, or the argument that means the same."""


@dataclass(frozen=True, slots=True)
class SetOperation:
    """UNION, INTERSECT or EXCEPT of two queries, one link of a chain ``a UNION b UNION c``."""

    kind: str
    distinct: bool
    left: Block | None
    """The first SELECT of everything to the left."""
    right: Block | None
    span: Span
    branches: tuple[Block | None, ...] = ()
    """Every query of the whole chain, shared by its links; None for one that is no SELECT."""
    by_name: bool = False
    """Columns are matched by name (BY NAME, CORRESPONDING)."""
    operator: Span | None = None
    """The words UNION ALL, EXCEPT ..."""
    order: tuple[Expr, ...] = ()
    """ORDER BY of the chain's result; of its last link only."""
    limit: Expr | None = None
