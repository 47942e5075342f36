"""Columns and constraints of CREATE TABLE and ALTER TABLE."""

from __future__ import annotations

from typing import Final

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.lift.anchors import type_text
from pipesense.lang.sql.lift.queries import Queries
from pipesense.lang.sql.lift.state import Scope, cover
from pipesense.model.sql import CheckDef, Clause, ColumnDef, Expr, ForeignKeyDef, IndexDef
from pipesense.text.span import Span

_CONSTRAINT_WORDS: Final = frozenset(
    {
        *(
            "NOT",
            "NULL",
            "PRIMARY KEY",
            "PRIMARY",
            "UNIQUE",
            "REFERENCES",
            "FOREIGN KEY",
            "FOREIGN",
            "DEFAULT",
        ),
        *(
            "CHECK",
            "CONSTRAINT",
            "GENERATED",
            "IDENTITY",
            "AUTO_INCREMENT",
            "AUTOINCREMENT",
            "COMMENT",
            "COLLATE",
        ),
        *("ENCODE", "DISTKEY", "SORTKEY", "OPTIONS", "AS", "MASKING", "TAG", "WITH MASKING", "ON", "VISIBLE"),
        *(
            "INVISIBLE",
            "STORED",
            "VIRTUAL",
            "METADATA",
            "FIRST",
            "AFTER",
            "KEY",
            "CHARACTER SET",
            "PROJECTION",
        ),
    }
)
_SERIAL: Final = ("SERIAL", "BIGSERIAL", "SMALLSERIAL")


_CLUSTERED: Final = (exp.ClusteredColumnConstraint, exp.NonClusteredColumnConstraint)


class Constraints:
    """The constraints of a table: those that stand on their own, and those of columns that others than these read."""

    def __init__(self, lift: Queries, table: tuple[str, ...]) -> None:
        self.primary: tuple[str, ...] = ()
        self.primary_enforced = True
        self.unique: list[tuple[str, ...]] = []
        self.foreign: list[tuple[str, ...]] = []
        self.references: list[ForeignKeyDef] = []
        self.checks: list[CheckDef] = []
        self.indexes: list[IndexDef] = []
        self._lift = lift
        self._table = table

    def read(self, schema: exp.Expr | None) -> None:
        """The constraints that stand beside the columns."""
        for item in schema.expressions if schema is not None else ():
            self.read_one(item)

    def read_one(self, item: exp.Expr) -> None:
        """One constraint."""
        if isinstance(item, exp.Constraint):
            for inner in item.expressions:
                self.read_one(inner)
            self._clustered(item)
        elif isinstance(item, exp.PrimaryKey):
            self.primary = _names(item.expressions)
            self.primary_enforced = not _not_enforced(item)
        elif isinstance(item, exp.UniqueColumnConstraint) and isinstance(item.this, exp.Expr):
            clustered = item.this.this if isinstance(item.this, _CLUSTERED) else None
            listed = _names(clustered if isinstance(clustered, list) else item.this.expressions)
            self.unique.append(listed or ((item.this.name,) if item.this.name else ()))
        elif isinstance(item, exp.ForeignKey):
            self.foreign.append(_names(item.expressions))
            reference = item.args.get("reference")
            if isinstance(reference, exp.Expr):
                place = cover(*(self._lift.covers(part) for part in item.expressions))
                self.add_reference(self.foreign[-1], reference, place)
        elif isinstance(item, exp.CheckColumnConstraint):
            self.add_check(item)
        elif isinstance(item, exp.IndexColumnConstraint):
            columns = tuple(self._lift.lift(part, Clause.OTHER) for part in item.expressions)
            self.indexes.append(IndexDef(item.name, self._table, columns, False))

    def _clustered(self, item: exp.Constraint) -> None:
        """T-SQL's ``PRIMARY KEY CLUSTERED (a ASC)``, whose columns stand in a constraint of their own."""
        if not any(isinstance(inner, exp.PrimaryKeyColumnConstraint) for inner in item.expressions):
            return
        for inner in item.expressions:
            if isinstance(inner, _CLUSTERED) and isinstance(inner.this, list):
                self.primary = _names(inner.this)

    def add_reference(self, columns: tuple[str, ...], node: exp.Expr, place: Span) -> None:
        """REFERENCES, where it names its table; ``place`` is that of the columns."""
        target = referenced(self._lift, node)
        if target and columns:
            named = node.find(exp.Schema)
            to = _names(named.expressions) if named else ()
            span = place if place.end >= 0 else None
            self.references.append(ForeignKeyDef(columns, target, to, span, not _not_enforced(node)))

    def add_check(self, node: exp.Expr) -> None:
        """A CHECK that holds no masked part."""
        condition = _check(self._lift, node)
        text = " ".join(condition.span.of(self._lift.text).split())
        if text and not condition.opaque:
            self.checks.append(CheckDef(condition, text))


def _names(nodes: list[exp.Expr]) -> tuple[str, ...]:
    return tuple(node.this.name if isinstance(node, exp.Ordered) else node.name for node in nodes)


def _not_enforced(node: exp.Expr) -> bool:
    return any("NOT ENFORCED" in str(option).upper() for option in node.args.get("options") or ())


def _check(lift: Queries, node: exp.Expr) -> Expr:
    place = lift.covers(node)
    if place.end >= 0:
        before = lift.index_before(place.start)
        lift.pos = lift.layout.tokens[before].start if before >= 0 else place.start
    lift.scopes.append(Scope(derived=True))
    condition = lift.lift(node.this, Clause.CHECK)
    lift.close_scope()
    return condition


def columns_of(lift: Queries, nodes: list[exp.Expr], keys: Constraints, partition: bool = False) -> list[ColumnDef]:
    """The columns in a list of definitions."""
    found: list[ColumnDef] = []
    for item in nodes:
        if isinstance(item, exp.ColumnDef):
            found.append(column_of(lift, item, keys, partition))
        elif isinstance(item, exp.Identifier) and not partition:
            place = lift.covers(item)
            found.append(ColumnDef(item.name, "", True, False, False, False, (), None, place, place))
    return found


def column_of(lift: Queries, node: exp.Expr, keys: Constraints, partition: bool = False) -> ColumnDef:
    """One column's definition."""
    place = lift.covers(node.this)
    tokens = lift.layout.tokens
    first = lift.index_behind(place.end) if place.end >= 0 else len(tokens)
    stop = _column_end(lift, first)
    behind_type = _type_end(lift, first, stop)
    type_span = lift.token_span(first, behind_type - 1) if behind_type > first else None
    kind = type_text(type_span.of(lift.text)) if type_span is not None else ""
    span = cover(place, lift.token_span(stop - 1)) if stop > first else place
    name = lift.name_of(node.this)
    # ClickHouse says which columns may be NULL, everybody else which may not.
    nullable = lift.dialect != "clickhouse" or kind.startswith("NULLABLE(")
    primary = unique = filled = identity = False
    references: tuple[str, ...] = ()
    default: Expr | None = None
    generated: Expr | None = None
    comment = ""
    for constraint in node.args.get("constraints") or ():
        what = constraint.args.get("kind") if isinstance(constraint, exp.ColumnConstraint) else constraint
        if isinstance(what, exp.NotNullColumnConstraint):
            nullable = bool(what.args.get("allow_null"))
        elif isinstance(what, (exp.PrimaryKeyColumnConstraint, exp.PrimaryKey)):
            primary = True
            keys.primary_enforced = keys.primary_enforced and not _not_enforced(what)
        elif isinstance(what, exp.UniqueColumnConstraint):
            unique = True
        elif isinstance(what, exp.DefaultColumnConstraint):
            filled = True
            default = _behind(lift, "DEFAULT", behind_type, stop, what.this)
        elif isinstance(what, (exp.GeneratedAsIdentityColumnConstraint, exp.AutoIncrementColumnConstraint)):
            filled = True
            made = what.args.get("expression")
            identity = not isinstance(made, exp.Expr)
            generated = generated if identity else _behind(lift, "AS", behind_type, stop, made)
        elif isinstance(what, exp.ComputedColumnConstraint):
            generated = _behind(lift, "AS", behind_type, stop, what.this)
        elif isinstance(what, (exp.Reference, exp.ForeignKey)):
            references = referenced(lift, what)
            keys.add_reference((name,), what, place)
        elif isinstance(what, exp.CheckColumnConstraint):
            keys.add_check(what)
        elif isinstance(what, exp.CommentColumnConstraint):
            comment = what.name
    serial = kind in _SERIAL
    return ColumnDef(
        name,
        kind,
        nullable and not primary,
        primary,
        unique,
        filled or serial,
        references,
        _inline_foreign_key(lift, behind_type, stop),
        span,
        place,
        lift.token_span(behind_type, stop - 1) if behind_type < stop else None,
        type_span,
        default,
        generated,
        identity or serial,
        comment,
        partition,
    )


def _behind(lift: Queries, word: str, first: int, stop: int, node: object) -> Expr | None:
    """The expression behind a word of a column's definition."""
    if not isinstance(node, exp.Expr):
        return None
    index = next((at for at in range(first, stop) if lift.layout.tokens[at].text.upper() == word), None)
    if index is not None:
        lift.pos = lift.layout.tokens[index].end + 1
    return lift.lift(node, Clause.OTHER)


def referenced(lift: Queries, node: exp.Expr) -> tuple[str, ...]:
    """The parts of the table that a reference names."""
    table = node.find(exp.Table)
    return lift.table_name(table)[0] if table is not None else ()


def _column_end(lift: Queries, first: int) -> int:
    """The comma or closing bracket behind a column's definition."""
    tokens = lift.layout.tokens
    index = first
    while index < len(tokens):
        kind = tokens[index].token_type
        if kind in (TokenType.L_PAREN, TokenType.L_BRACKET):
            index = lift.layout.match.get(index, index)
        elif kind is TokenType.LT and (closing := _angle_end(lift, index)) > 0:
            index = closing
        elif kind in (TokenType.COMMA, TokenType.R_PAREN):
            return index
        index += 1
    return len(tokens)


def _angle_end(lift: Queries, index: int) -> int:
    """The token with the last ``>`` of a type such as ``ARRAY<STRUCT<a INT>>``; -1 if it is a comparison."""
    depth = 0
    for at in range(index, len(lift.layout.tokens)):
        text = lift.layout.tokens[at].text
        if text and set(text) <= {"<", ">"}:
            depth += text.count("<") - text.count(">")
            if depth <= 0:
                return at
        elif text in (";",):
            break
    return -1


def _type_end(lift: Queries, first: int, stop: int) -> int:
    """The token behind the type's own words."""
    tokens = lift.layout.tokens
    index = first
    while index < stop:
        token = tokens[index]
        if token.token_type in (TokenType.L_PAREN, TokenType.L_BRACKET):
            index = lift.layout.match.get(index, index)
        elif token.token_type is TokenType.LT:
            index = max(index, _angle_end(lift, index))
        elif token.text.upper() in _CONSTRAINT_WORDS or (token.text.upper() == "WITH" and index == first):
            return index
        index += 1
    return stop


def _inline_foreign_key(lift: Queries, first: int, stop: int) -> Span | None:
    """The words FOREIGN KEY, where REFERENCES follows at once."""
    tokens = lift.layout.tokens
    for index in range(first, stop - 1):
        kinds = (tokens[index].token_type, tokens[index + 1].token_type)
        if kinds == (TokenType.FOREIGN_KEY, TokenType.REFERENCES):
            return lift.token_span(index)
    return None
