"""One parsed statement to its facts."""

from __future__ import annotations

from operator import attrgetter, itemgetter
from typing import Final

from sqlglot import Dialect, exp
from sqlglot.tokenizer_core import Token

from pipesense.lang.sql.hidden import NOTHING_HIDDEN, Reshaped
from pipesense.lang.sql.lift.alter import read_alter
from pipesense.lang.sql.lift.commands import Commanded, by_words
from pipesense.lang.sql.lift.queries import Queries
from pipesense.lang.sql.lift.tables import dropped, read_table
from pipesense.lang.sql.lift.writes import read_write
from pipesense.lang.sql.tokens import Layout
from pipesense.model.sql import Clause, ColumnUse, Hole, Role, StatementFacts, TableDef
from pipesense.text.span import Span

_BY_SPAN: Final = attrgetter("span")
_BY_OPERATOR: Final = attrgetter("operator")
_BY_PLACE: Final = itemgetter(1)
_NOTHING: Final = Commanded()


def lift_statement(
    tree: exp.Expr,
    tokens: list[Token],
    text: str,
    holes: tuple[Hole, ...],
    kind: str,
    dialect: str,
    hidden: Reshaped = NOTHING_HIDDEN,
) -> StatementFacts:
    """Everything the statement says; ``text`` is masked, ``tokens`` are its own without the semicolon.

    Raises:
        RecursionError: the statement nests deeper than the interpreter's stack.
    """
    lift = Queries(text, Layout(tokens), holes, dialect)
    lift.hidden = hidden
    write = read_write(lift, tree)
    table: TableDef | None = None
    said = _NOTHING
    if write is None:
        if isinstance(tree, exp.Alter):
            alter, table = read_alter(lift, tree)
            said = by_words(lift, Dialect.get_or_raise(dialect), tree)._replace(alter=alter, table=table)
        elif not isinstance(tree, exp.Query):
            table = read_table(lift, tree)
            said = by_words(lift, Dialect.get_or_raise(dialect), tree)._replace(table=table)
        if table is None:
            _read_inner(lift, tree)
    return StatementFacts(
        kind,
        dialect,
        Span(tokens[0].start, tokens[-1].end + 1),
        tuple(sorted(lift.blocks, key=_BY_SPAN)),
        tuple(sorted(lift.comparisons, key=_BY_OPERATOR)),
        _written_once(lift.columns),
        tuple(sorted(lift.windows, key=_BY_SPAN)),
        tuple(lift.set_operations),
        write,
        drops=dropped(lift, tree),
        reads=tuple(sorted(lift.reads, key=_BY_PLACE)),
        holes=holes,
        ctes=tuple(lift.ctes),
        variables=_named_values(tree) if dialect == "clickhouse" else frozenset(),
        **said._asdict(),
    )


def _read_inner(lift: Queries, tree: exp.Expr) -> None:
    """A query; the one that EXPORT DATA or COPY writes to files; the expression that a function of SQL is."""
    if isinstance(tree, exp.Query):
        lift.query(tree, Role.STATEMENT)
    elif isinstance(tree, (exp.Export, exp.Copy)) and isinstance(tree.this, exp.Query):
        lift.query(tree.this, Role.STATEMENT)
    elif isinstance(tree, exp.Create) and isinstance(tree.this, exp.UserDefinedFunction):
        body = tree.args.get("expression")
        body = body.this if isinstance(body, exp.Return) else body
        if isinstance(body, exp.Expr) and not isinstance(body, (exp.Query, exp.Literal, exp.Heredoc, exp.RawString)):
            lift.pos = max(lift.pos, lift.covers(tree.this).end)
            lift.lift(body, Clause.SELECT)
    elif isinstance(tree, (exp.Set, exp.Declare)):
        # Variables are often set from a query.
        for query in tree.find_all(exp.Subquery, bfs=False):
            if query.parent_select is None:
                lift.pos = lift.covers(query).start
                lift.lift(query, Clause.SET)


def _named_values(tree: exp.Expr) -> frozenset[str]:
    """What ClickHouse's ``WITH value AS name`` names: a value to be used anywhere below, and no table
    (https://clickhouse.com/docs/sql-reference/statements/select/with).
    """
    return frozenset(cte.alias.lower() for cte in tree.find_all(exp.CTE, bfs=False) if cte.args.get("scalar"))


def _written_once(columns: list[ColumnUse]) -> tuple[ColumnUse, ...]:
    """The columns in order; the parser copies some arguments when it rewrites a function."""
    by_place: dict[Span, ColumnUse] = {}
    for column in columns:
        by_place.setdefault(column.span, column)
    return tuple(by_place[span] for span in sorted(by_place))
