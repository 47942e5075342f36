"""Statements, what they say all in all, and the scripts they stand in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import compress
from operator import attrgetter

from pipesense.model.data import Access, Relation
from pipesense.model.sql.command import Command, Grant, Setting
from pipesense.model.sql.define import Alter, Create, Drop, TableDef
from pipesense.model.sql.query import Block, ColumnUse, Comparison, Cte, SetOperation, WindowCall
from pipesense.model.sql.write import Write
from pipesense.model.stream import StreamUse
from pipesense.model.where import Loc
from pipesense.text.span import Span


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
    ctes: tuple[Cte, ...] = ()
    """Every name of every WITH, in order."""
    create: Create | None = None
    drop: Drop | None = None
    alter: Alter | None = None
    grant: Grant | None = None
    settings: tuple[Setting, ...] = ()
    transaction: str = ""
    """"begin", "commit", "rollback" or "savepoint"; "" for every other statement, blocks in BEGIN ... END too."""
    command: Command | None = None
    unsure: bool = False
    """The template's blocks do not nest, so what was read may not be what is run."""
    unjudged: str = ""
    """A sentence where the statement is recognised but nothing in it is judged (CALL, a template tag alone)."""
    variants: tuple[StatementFacts, ...] = ()
    """Other renderings of its template: what they say of the stretches that they ``show``."""
    shows: tuple[Span, ...] = ()
    """For a variant: the stretches that no rendering before it shows."""
    inner: tuple[Span, ...] = ()
    """The statements inside a procedural one, each of them judged on its own."""
    stored: bool = False
    """``inner`` belongs to a procedure or function: it does not run with the script."""
    variables: frozenset[str] = frozenset()
    """Names declared here (DECLARE, parameters, loops), lower case: a column without a table may mean one."""
    stream: StreamUse | None = None
    """What a SQL for streams says beyond relations; None in every other dialect."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement at its place: ``loc`` is its whole unit, facts' spans are relative to it."""

    facts: StatementFacts
    loc: Loc
    accesses: tuple[Access, ...] = ()
    local: tuple[Relation, ...] = ()
    """What earlier statements of the script defined and this one reads or writes, as it is by then."""
    variables: frozenset[str] = frozenset()
    """Names that the script declares up to here, lower case: a column without a table may mean one of them."""
    columns_read: tuple[tuple[tuple[str, ...], frozenset[str]], ...] = ()
    """Tables by their written names, with the columns in lower case that are surely read from them."""
    tables: frozenset[str] = frozenset()
    """The last parts of the names of all tables that it reads, in lower case; dbt models by their own names."""
    connection: str = ""
    """The connection over which it runs, by its id; "" where none is named, or several are."""
    stored: bool = False
    """It stands in a procedure or function: it is read with its file, and runs some time later."""

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
    variables: frozenset[str] = frozenset()
    """Names that its statements declare, lower case: a column without a table may mean one of them."""
    relations: tuple[Relation, ...] = ()
    """What the script defines, as it is when it ends."""

    def having(self, fact: str) -> Iterator[Statement]:
        """The statements that have a fact of a kind ("write", "table", "stream"), in order.

        Rules go over hundreds of statements at every key, most of which have none: no loop of Python's own does it.
        """
        return filter(attrgetter(f"facts.{fact}"), self.statements)

    def numbered(self, fact: str) -> Iterator[tuple[int, Statement]]:
        """The statements that have a fact of a kind, with their numbers in the script."""
        return compress(enumerate(self.statements), map(attrgetter(f"facts.{fact}"), self.statements))
