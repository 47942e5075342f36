"""CREATE TABLE and VIEW, ALTER TABLE, DROP."""

from __future__ import annotations

from typing import Final

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.lift.alter import alteration, column_changes
from pipesense.lang.sql.lift.anchors import type_text
from pipesense.lang.sql.lift.queries import Queries
from pipesense.lang.sql.lift.state import NOWHERE, Scope, cover
from pipesense.model.sql import Block, CheckDef, Clause, ColumnDef, Expr, ForeignKeyDef, Role, TableDef
from pipesense.text.span import Span

_KINDS: Final = {"TABLE": "table", "VIEW": "view", "MATERIALIZED VIEW": "view"}
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
_FILLED: Final = (
    exp.DefaultColumnConstraint,
    exp.GeneratedAsIdentityColumnConstraint,
    exp.AutoIncrementColumnConstraint,
)
_NAMED_PROPERTIES: Final[dict[type, str]] = {
    exp.FileFormatProperty: "format",
    exp.EngineProperty: "engine",
    exp.LocationProperty: "location",
    exp.PartitionedByProperty: "partitioned_by",
    exp.SchemaCommentProperty: "comment",
    exp.ClusteredByProperty: "clustered_by",
    exp.DistKeyProperty: "distkey",
    exp.SortKeyProperty: "sortkey",
    exp.LikeProperty: "like",
    exp.ExternalProperty: "external",
    exp.TransientProperty: "transient",
    exp.MaterializedProperty: "materialized",
}


def read_table(lift: Queries, node: exp.Expr) -> TableDef | None:
    """The relation that a CREATE or ALTER ... ADD defines, or None."""
    if isinstance(node, exp.Create):
        return _create(lift, node)
    if isinstance(node, exp.Alter):
        return _alter(lift, node)
    return None


def dropped(lift: Queries, node: exp.Expr) -> tuple[tuple[str, ...], ...]:
    """The relations that a DROP removes."""
    if not isinstance(node, exp.Drop) or str(node.args.get("kind")).upper() not in _KINDS:
        return ()
    listed = node.args.get("tables") or [node.this]
    return tuple(lift.table_name(table)[0] for table in listed if isinstance(table, exp.Table))


def _create(lift: Queries, node: exp.Expr) -> TableDef | None:
    args = node.args
    kind = _KINDS.get(str(args.get("kind")).upper(), "")
    source = args.get("expression")
    named = node.this
    schema = named if isinstance(named, exp.Schema) else None
    table = schema.this if schema is not None else named
    if not kind or not isinstance(table, exp.Table):
        if isinstance(source, exp.Query):
            _lift_body(lift, node, source)
        return None
    parts, place = lift.table_name(table)
    lift.pos = max(lift.pos, place.end)
    keys = _Keys(lift)
    columns = _columns(lift, schema, keys)
    keys.read(schema)
    block: Block | None = None
    from_query = isinstance(source, exp.Query)
    if from_query:
        block = _lift_body(lift, node, source)
    properties = _properties(args.get("properties"))
    names = {name for name, _ in properties}
    closed = bool(columns) and not from_query and "like" not in names and "inherits" not in names
    if from_query and block is not None:
        closed = bool(columns) or all(out.name and out.name != "*" and not out.expr.opaque for out in block.outputs)
        closed = closed and not block.holes & {Clause.SELECT}
    opening = _schema_open(lift, place)
    if opening >= 0 and lift.holes:
        closing = lift.layout.match.get(opening, opening)
        closed = closed and lift.hole_in(*lift.token_span(opening, closing)) is None
    temporary = (
        any(name in ("temporary", "volatile") for name in names) or parts[-1:] == () or (parts[-1].startswith("#"))
    )
    return TableDef(
        kind,
        parts,
        columns,
        keys.primary or tuple(column.name for column in columns if column.primary_key),
        (*keys.unique, *((column.name,) for column in columns if column.unique)),
        (*keys.foreign, *((column.name,) for column in columns if column.references)),
        temporary,
        bool(args.get("replace")),
        bool(args.get("exists")),
        from_query,
        properties,
        closed,
        lift.token_span(0, len(lift.layout.tokens) - 1),
        place if place.end >= 0 else lift.token_span(0),
        tuple(keys.references),
        tuple(keys.checks),
    )


def _lift_body(lift: Queries, node: exp.Expr, source: object) -> Block | None:
    """The query of a CTAS or a view."""
    opened, _ = lift.open_with(node)
    tokens = lift.layout.tokens
    first = lift.index_behind(lift.pos) if lift.pos else 0
    for index in range(first, len(tokens)):
        if tokens[index].token_type in (TokenType.SELECT, TokenType.WITH):
            following = tokens[index + 1].token_type if index + 1 < len(tokens) else None
            if tokens[index].token_type is TokenType.WITH and following is TokenType.L_PAREN:
                continue
            lift.pos = tokens[index].start
            break
    block = lift.query(source, Role.STATEMENT)[0] if isinstance(source, exp.Expr) else None
    lift.close_with(opened)
    return block


def _schema_open(lift: Queries, name: Span) -> int:
    behind = lift.index_behind(name.end) if name.end >= 0 else -1
    return behind if lift.kind_of(behind) is TokenType.L_PAREN else -1


class _Keys:
    """The constraints that stand on their own in a column list; references and checks of columns too."""

    def __init__(self, lift: Queries) -> None:
        self.primary: tuple[str, ...] = ()
        self.unique: list[tuple[str, ...]] = []
        self.foreign: list[tuple[str, ...]] = []
        self.references: list[ForeignKeyDef] = []
        self.checks: list[CheckDef] = []
        self._lift = lift

    def read(self, schema: exp.Expr | None) -> None:
        """The constraints that stand beside the columns."""
        for item in schema.expressions if schema is not None else ():
            self._read(item)

    def add_reference(self, columns: tuple[str, ...], node: exp.Expr) -> None:
        """REFERENCES, where it names its table."""
        target = _referenced(self._lift, node)
        if target and columns:
            named = node.find(exp.Schema)
            self.references.append(ForeignKeyDef(columns, target, _names(named.expressions) if named else ()))

    def add_check(self, node: exp.Expr) -> None:
        """A CHECK that holds no masked part."""
        condition = _check(self._lift, node)
        text = " ".join(condition.span.of(self._lift.text).split())
        if text and not condition.opaque:
            self.checks.append(CheckDef(condition, text))

    def _read(self, item: exp.Expr) -> None:
        if isinstance(item, exp.Constraint):
            for inner in item.expressions:
                self._read(inner)
        elif isinstance(item, exp.PrimaryKey):
            self.primary = _names(item.expressions)
        elif isinstance(item, exp.UniqueColumnConstraint) and isinstance(item.this, exp.Expr):
            listed = _names(item.this.expressions)
            self.unique.append(listed or ((item.this.name,) if item.this.name else ()))
        elif isinstance(item, exp.ForeignKey):
            self.foreign.append(_names(item.expressions))
            reference = item.args.get("reference")
            if isinstance(reference, exp.Expr):
                self.add_reference(self.foreign[-1], reference)
        elif isinstance(item, exp.CheckColumnConstraint):
            self.add_check(item)


def _names(nodes: list[exp.Expr]) -> tuple[str, ...]:
    return tuple(node.name for node in nodes)


def _check(lift: Queries, node: exp.Expr) -> Expr:
    place = lift.covers(node)
    if place.end >= 0:
        before = lift.index_before(place.start)
        lift.pos = lift.layout.tokens[before].start if before >= 0 else place.start
    lift.scopes.append(Scope(derived=True))
    condition = lift.lift(node.this, Clause.CHECK)
    lift.close_scope()
    return condition


def _columns(lift: Queries, schema: exp.Expr | None, keys: _Keys) -> tuple[ColumnDef, ...]:
    found: list[ColumnDef] = []
    for item in schema.expressions if schema is not None else ():
        if isinstance(item, exp.ColumnDef):
            found.append(_column(lift, item, keys))
        elif isinstance(item, exp.Identifier):
            place = lift.covers(item)
            found.append(ColumnDef(item.name, "", True, False, False, False, (), None, place, place))
    return tuple(found)


def _column(lift: Queries, node: exp.Expr, keys: _Keys) -> ColumnDef:
    name = lift.covers(node.this)
    tokens = lift.layout.tokens
    first = lift.index_behind(name.end) if name.end >= 0 else len(tokens)
    stop = _column_end(lift, first)
    behind_type = _type_end(lift, first, stop)
    kind = lift.token_span(first, behind_type - 1).of(lift.text) if behind_type > first else ""
    span = cover(name, lift.token_span(stop - 1)) if stop > first else name
    constraints = lift.token_span(behind_type, stop - 1) if behind_type < stop else None
    nullable, primary, unique, default = True, False, False, False
    references: tuple[str, ...] = ()
    for constraint in node.args.get("constraints") or ():
        what = constraint.args.get("kind") if isinstance(constraint, exp.ColumnConstraint) else constraint
        if isinstance(what, exp.NotNullColumnConstraint):
            nullable = bool(what.args.get("allow_null"))
        elif isinstance(what, (exp.PrimaryKeyColumnConstraint, exp.PrimaryKey)):
            primary = True
        elif isinstance(what, exp.UniqueColumnConstraint):
            unique = True
        elif isinstance(what, _FILLED):
            default = True
        elif isinstance(what, (exp.Reference, exp.ForeignKey)):
            references = _referenced(lift, what)
            keys.add_reference((lift.name_of(node.this),), what)
        elif isinstance(what, exp.CheckColumnConstraint):
            keys.add_check(what)
    return ColumnDef(
        lift.name_of(node.this),
        type_text(kind),
        nullable and not primary,
        primary,
        unique,
        default or kind.upper() in ("SERIAL", "BIGSERIAL", "SMALLSERIAL"),
        references,
        _inline_foreign_key(lift, behind_type, stop),
        span,
        name,
        constraints,
    )


def _referenced(lift: Queries, node: exp.Expr) -> tuple[str, ...]:
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


def _properties(node: object) -> tuple[tuple[str, str], ...]:
    """WITH, TBLPROPERTIES, USING, PARTITIONED BY ... as words."""
    found: list[tuple[str, str]] = []
    for item in node.expressions if isinstance(node, exp.Properties) else ():
        name = _NAMED_PROPERTIES.get(item.__class__)
        value = item.args.get("value")
        if item.__class__ is exp.Property:
            name = item.this.name if isinstance(item.this, exp.Expr) else str(item.this)
        elif name is None:
            name = item.__class__.__name__.removesuffix("Property")
            value = None
        if value is None:
            value = item.args.get("this")
        text = (value.name or value.sql()) if isinstance(value, exp.Expr) else ("" if value is None else str(value))
        found.append((name.lower(), text))
    return tuple(found)


def _alter(lift: Queries, node: exp.Expr) -> TableDef | None:
    """ALTER TABLE: the columns that are added and what happens to others, of a relation that stays open."""
    if not isinstance(node.this, exp.Table) or str(node.args.get("kind")).upper() != "TABLE":
        return None
    parts, place = lift.table_name(node.this)
    added: list[ColumnDef] = []
    keys = _Keys(lift)
    for action in node.args.get("actions") or ():
        listed = action.expressions if isinstance(action, exp.Schema) else [action]
        added += [_column(lift, item, keys) for item in listed if isinstance(item, exp.ColumnDef)]
    whole = lift.token_span(0, len(lift.layout.tokens) - 1)
    where = place if place.end >= 0 else NOWHERE
    return alteration(parts, tuple(added), whole, where, column_changes(lift, node)) if parts else None
