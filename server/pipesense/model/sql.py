"""Relational facts: what a SQL statement says, without a parser's tree.

Every span is relative to the statement's own unit. Names are kept as written; ``folded`` helps to compare.
Expressions are small normalised trees: ``op`` is a lower-case word (``column``, ``literal``, ``eq``, ``count``
...), and sqlglot's own shapes do not show.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pipesense.model.data import Access
from pipesense.model.where import Loc
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


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression.

    ``op`` is one of: column, star, literal, null, boolean, parameter, hole (a masked stretch alone; ``name`` is
    what really stands there); the operators of ``Comparison``; and, or (any number of ``args``), not, neg, add,
    sub, mul, div, mod, concat; case (its operand if any, then ``when`` pairs, then the default if any), cast,
    exists, subquery, window (the call, then PARTITION BY, then ORDER BY), filter, tuple, array, interval, desc;
    else the function's usual name in lower case (count, coalesce, row_number, current_date, date_trunc ...).
    A function that no dialect knows has op "function".

    ``name``: the last part of a column's path, a function's name as written, a literal's value. ``path``: all
    parts of a column, outermost first. ``guards``: enclosing constructs that change what NULL or zero does
    ("coalesce", "nullif", "case", "aggregate", "window"). ``opaque``: it holds a masked hole.
    ``kind``: "string" or "number" for a literal; "function" or "aggregate" for a call; the type in upper case
    for a cast; else "". ``query``: the SELECT of a subquery, of EXISTS and of IN (SELECT ...).
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

    def walk(self) -> tuple[Expr, ...]:
        """The expression and everything in it, outermost first."""
        found: list[Expr] = []
        todo = [self]
        while todo:
            at = todo.pop()
            found.append(at)
            todo.extend(reversed(at.args))
        return tuple(found)


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


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A column is read; ``path`` as written, outermost first; ``source`` the alias it is bound to, if known."""

    path: tuple[str, ...]
    span: Span
    clause: Clause
    source: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """Something in FROM or JOIN: a table, a CTE, a subquery, a function.

    ``kind``: "table", "cte", "subquery", "function", "values". ``parts`` of a table's name, outermost first; a
    masked part is the hole's own text ("{{ params.table }}"), and ``opaque`` then says so. ``alias`` is the name
    that columns use for it, the table's own without an alias. ``span`` holds the alias.
    """

    kind: str
    parts: tuple[str, ...]
    alias: str
    span: Span
    block: Block | None = None
    opaque: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """A join of ``source``; ``comma`` tells ``a, b`` from ``a JOIN b``. ``on`` is a list of conjuncts."""

    source: Source
    side: str
    kind: str
    comma: bool
    on: tuple[Expr, ...]
    using: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Output:
    """One item of a SELECT list; ``name`` is its output name, "" where it has none, "*" for a star."""

    name: str
    expr: Expr
    span: Span
    aliased: bool


@dataclass(frozen=True, slots=True)
class Block:
    """One SELECT. ``where``, ``having``, ``qualify`` are lists of conjuncts. ``holes``: clauses with masked parts."""

    span: Span
    outputs: tuple[Output, ...]
    sources: tuple[Source, ...]
    joins: tuple[Join, ...]
    where: tuple[Expr, ...]
    group: tuple[Expr, ...]
    having: tuple[Expr, ...]
    qualify: tuple[Expr, ...]
    order: tuple[Expr, ...]
    limit: bool
    distinct: bool
    ctes: tuple[tuple[str, Block | None], ...]
    holes: frozenset[Clause]
    keyword: Span
    """The word SELECT."""
    depth: int = 0
    """0 for the outermost query of its statement."""


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
class TableDef:
    """CREATE TABLE or VIEW. ``closed``: every column is known (no CTAS with a star, no LIKE, no hole)."""

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


@dataclass(frozen=True, slots=True)
class WindowCall:
    """A window function call."""

    function: str
    partition: tuple[Expr, ...]
    order: tuple[Expr, ...]
    frame: bool
    span: Span
    alias: str


@dataclass(frozen=True, slots=True)
class SetOperation:
    """UNION, INTERSECT or EXCEPT of two queries."""

    kind: str
    distinct: bool
    left: Block | None
    right: Block | None
    span: Span


@dataclass(frozen=True, slots=True)
class Hole:
    """A masked stretch of a statement; ``text`` is what really stands there, ``kind`` what it is
    ("jinja", "format", "percent", "parameter", "fstring").
    """

    span: Span
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """Everything one statement says, free of where it stands: a pure function of its text and dialect.

    ``error`` is a sentence where the text could not be read; then nothing else is known of the statement.
    """

    kind: str
    """The leading keyword, lower case ("select", "insert", "create", "set", "begin" ...), "" for nothing.

    Behind WITH it is the verb that follows. Also: "assert"; "template" for template tags alone, "macro" for
    definitions that other templates use; "pipe" for a query in pipe syntax; "psql", "go" and
    "delimiter" for words to the client."""
    dialect: str
    span: Span
    blocks: tuple[Block, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    columns: tuple[ColumnUse, ...] = ()
    windows: tuple[WindowCall, ...] = ()
    set_operations: tuple[SetOperation, ...] = ()
    write: Write | None = None
    table: TableDef | None = None
    drops: tuple[tuple[str, ...], ...] = ()
    reads: tuple[tuple[tuple[str, ...], Span], ...] = ()
    """Tables read: parts and the span of the name; CTEs and temporary results left out."""
    holes: tuple[Hole, ...] = ()
    error: str = ""
    error_span: Span | None = None
    unsure: bool = False
    """The template's blocks do not nest, so what was read may not be what is run."""
    unjudged: str = ""
    """A sentence where the statement is recognised but nothing in it is judged (CALL, a template tag alone)."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement at its place: ``loc`` is its whole unit, facts' spans are relative to it."""

    facts: StatementFacts
    loc: Loc
    accesses: tuple[Access, ...] = ()

    def at(self, span: Span) -> Loc:
        """The place of a range of the statement."""
        return self.loc.at(span)


@dataclass(frozen=True, slots=True)
class Script:
    """The statements that run one after another: a SQL file, or the SQL in one string.

    ``dialect`` with ``why_dialect`` ("directive", "configuration", "PostgresOperator", "hint: $$", "generic").
    ``scheduled`` says what runs it on a schedule, "" where nothing in the workspace does.
    """

    statements: tuple[Statement, ...]
    dialect: str
    why_dialect: str
    loc: Loc
    scheduled: str = ""
    embedded: bool = False
