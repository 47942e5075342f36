"""ALTER TABLE and its like, action by action."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.lift.anchors import type_text
from pipesense.lang.sql.lift.columns import Constraints, column_of
from pipesense.lang.sql.lift.cursor import Cursor
from pipesense.lang.sql.lift.queries import Queries
from pipesense.lang.sql.lift.state import NOWHERE
from pipesense.model.sql import Alter, AlterAction, ColumnChange, TableDef
from pipesense.text.span import Span

_NAMED: Final[dict[type, str]] = {
    exp.AddPartition: "add partition",
    exp.DropPartition: "drop partition",
    exp.ReplacePartition: "exchange partition",
    exp.ClusterProperty: "cluster by",
    exp.AlterSet: "set options",
    exp.Delete: "delete",
}
_WORDS: Final = (
    ("EXCHANGE PARTITION", "exchange partition", "TABLE"),
    ("SWITCH PARTITION", "exchange partition", "TO"),
    ("SWITCH TO", "exchange partition", ""),
    ("ATTACH PARTITION", "attach partition", ""),
    ("DETACH PARTITION", "drop partition", ""),
    ("APPEND FROM", "append", ""),
    ("ADD CHECK", "add constraint", ""),
    ("ADD CONSTRAINT", "add constraint", ""),
    ("SET TBLPROPERTIES", "set options", ""),
    ("OWNER TO", "owner", ""),
    *((word, "set options", "") for word in ("OWNER", "ENABLE", "DISABLE", "VALIDATE", "COMMENT", "REPLICA")),
    ("CLUSTER", "cluster by", ""),
)
"""How the actions start that only the words tell, what they are, and the word in front of another table."""
_KEYS: Final = ("CONSTRAINT", "INDEX", "KEY", "PRIMARY KEY", "FOREIGN KEY", "CHECK", "PARTITION")
_OF_COLUMNS: Final = ("set not null", "drop not null", "set default", "drop default")
_HARMLESS: Final = (
    *("add constraint", "drop constraint", "add partition", "drop partition", "set options", "cluster by"),
    *("exchange partition", "attach partition", "append", "delete", "owner"),
)
"""Actions after which the columns are what they were."""
_CONSTRAINTS: Final[dict[type, str]] = {
    exp.PrimaryKey: "primary key",
    exp.ForeignKey: "foreign key",
    exp.UniqueColumnConstraint: "unique",
    exp.CheckColumnConstraint: "check",
    exp.IndexColumnConstraint: "index",
}


def read_alter(lift: Queries, node: exp.Expr) -> tuple[Alter | None, TableDef | None]:
    """What an ALTER does, and the columns that it adds as those of a relation that stays open."""
    if not isinstance(node.this, exp.Table):
        return None, None
    parts, place = lift.table_name(node.this)
    if place.end < 0:
        return None, None
    lift.pos = place.end
    keys = Constraints(lift, parts)
    nodes = list(_flat(node.args.get("actions") or []))
    spans = _spans(lift, place, len(nodes))
    actions = tuple(one for item, span in zip(nodes, spans, strict=True) for one in _action(lift, item, span, keys))
    kind = str(node.args.get("kind")).lower()
    whole = lift.token_span(0, len(lift.layout.tokens) - 1)
    alter = Alter(kind, parts, place, bool(node.args.get("exists")), actions, whole)
    return alter, _table(alter) if kind == "table" else None


def _table(alter: Alter) -> TableDef:
    """The columns that an ALTER TABLE adds, and what it does to others, of a relation that stays open."""
    return TableDef(
        kind="alter",
        parts=alter.parts,
        columns=tuple(one.column for one in alter.actions if one.what == "add column" and one.column is not None),
        primary_key=next((one.columns for one in alter.actions if one.constraint == "primary key"), ()),
        unique=tuple(one.columns for one in alter.actions if one.constraint == "unique" and one.columns),
        foreign_keys=tuple(one.columns for one in alter.actions if one.constraint == "foreign key" and one.columns),
        temporary=False,
        replace=False,
        if_not_exists=False,
        from_query=False,
        properties=(),
        closed=False,
        span=alter.span,
        name_span=alter.name_span,
        references=tuple(one.reference for one in alter.actions if one.reference is not None),
        changes=tuple(change for one in alter.actions for change in _changes(one)),
    )


def _changes(action: AlterAction) -> Iterator[ColumnChange]:
    what, place = action.what, action.name_span
    if action.to:
        yield ColumnChange("rename", action.name, action.to, place)
        place = action.column.name_span if action.column is not None else place
    if what == "drop column":
        yield ColumnChange("drop", action.name, "", place)
    elif what == "change type":
        yield ColumnChange("type", action.to or action.name, action.type, place)
    elif what == "rename":
        yield ColumnChange("rename table", to=action.table[-1] if action.table else "")
    elif what in ("set not null", "drop not null"):
        yield ColumnChange(what, action.name, "", place)
    elif what in _OF_COLUMNS:
        yield ColumnChange("constraint", action.name, "", place)
    elif what in _HARMLESS:
        yield ColumnChange("constraint")
    elif what not in ("add column", "rename column"):
        yield ColumnChange("other")


def alter_by_words(lift: Queries) -> tuple[Alter | None, TableDef | None]:
    """An ALTER TABLE that the parser keeps as plain text: one action, known by how it starts."""
    head = Cursor(lift)
    if not head.take("ALTER TABLE"):
        return None, None
    exists = head.take("IF EXISTS")
    head.take("ONLY")
    parts, place = head.path()
    if place is None or head.done():
        return None, None
    first = head.at
    what = "other"
    table: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    for start, named, word in _WORDS:
        if head.take(start):
            what = named
            if word:
                head.at = head.until(word) + 1
            if named in ("exchange partition", "attach partition", "append") and not head.done():
                table, _ = head.path()
            if named == "owner" and not head.done():
                owner = head.path()[0]
            break
    span = lift.token_span(first, len(lift.layout.tokens) - 1)
    constraint = "check" if what == "add constraint" and head.until("CHECK") < len(head.tokens) else ""
    if Cursor(lift, first).take("ADD CHECK"):
        constraint = "check"
    action = AlterAction(what, span, ".".join(owner), table=table, constraint=constraint)
    alter = Alter("table", parts, place, exists, (action,), lift.token_span(0, len(lift.layout.tokens) - 1))
    return alter, _table(alter)


def _flat(nodes: list[exp.Expr]) -> Iterator[exp.Expr]:
    """The actions one by one: lists in brackets, columns of DROP COLUMNS, constraints of ADD."""
    for node in nodes:
        if isinstance(node, (exp.Schema, exp.AddConstraint)):
            yield from _flat(node.expressions)
        else:
            yield node


def _spans(lift: Queries, name: Span, count: int) -> list[Span]:
    """The ranges of the actions: between commas, in brackets or not; the same one where that does not come out even."""
    start = Cursor(lift, lift.index_behind(name.end))
    stop = len(lift.layout.tokens)
    pieces = start.pieces(stop)
    if len(pieces) == 1 and count > 1:
        opening = next((at for at in range(*pieces[0]) if lift.kind_of(at) is TokenType.L_PAREN), stop)
        pieces = Cursor(lift, opening + 1).pieces(lift.layout.match.get(opening, stop))
    if len(pieces) == count:
        return [lift.token_span(first, last - 1) for first, last in pieces]
    behind = lift.index_behind(name.end)
    whole = lift.token_span(behind, stop - 1) if behind < stop else NOWHERE
    return [whole] * count


def _action(lift: Queries, node: exp.Expr, span: Span, keys: Constraints) -> Iterator[AlterAction]:
    args = node.args
    exists = bool(args.get("exists"))
    if isinstance(node, exp.ColumnDef):
        added = column_of(lift, node, keys)
        yield AlterAction(
            "add column", span, added.name, type=added.type, column=added, exists=exists, name_span=added.name_span
        )
    elif isinstance(node, exp.ModifyColumn) and isinstance(node.this, exp.ColumnDef):
        yield _modified(lift, node, span, keys)
    elif isinstance(node, exp.Drop):
        yield from _dropped(lift, node, span)
    elif isinstance(node, exp.RenameColumn):
        to = lift.name_of(args["to"].this)
        yield AlterAction("rename column", span, node.this.name, to, exists=exists, name_span=_place(lift, node.this))
    elif isinstance(node, (exp.AlterRename, exp.SwapTable)):
        what = "rename" if isinstance(node, exp.AlterRename) else "swap"
        table, place = lift.table_name(node.this)
        to = _renamed_to(lift, place) if what == "rename" else ""
        if to:
            yield AlterAction("rename column", span, table[-1], to, name_span=place)
        else:
            yield AlterAction(what, span, table=table)
    elif isinstance(node, exp.AlterColumn):
        yield _altered(lift, node, span)
    elif isinstance(node, (exp.Constraint, *_CONSTRAINTS)):
        yield _constraint(node, span, keys)
    elif isinstance(node, exp.DropPrimaryKey):
        yield AlterAction("drop constraint", span, constraint="primary key")
    else:
        other = args.get("source")
        table = lift.table_name(other)[0] if isinstance(other, exp.Table) else ()
        yield AlterAction(_NAMED.get(node.__class__, "other"), span, table=table, exists=exists)


def _renamed_to(lift: Queries, name: Span) -> str:
    """The new name in PostgreSQL's ``RENAME a TO b``, which is about a column; "" for ``RENAME TO b``."""
    behind = Cursor(lift, lift.index_behind(name.end))
    if name.end < 0 or not behind.take("TO") or behind.done():
        return ""
    parts, _ = behind.path()
    return parts[-1] if parts else ""


def _place(lift: Queries, node: object) -> Span | None:
    place = lift.covers(node)
    return place if place.end >= 0 else None


def _modified(lift: Queries, node: exp.Expr, span: Span, keys: Constraints) -> AlterAction:
    """MySQL's MODIFY and CHANGE."""
    column = column_of(lift, node.this, keys)
    old = node.args.get("rename_from")
    name = old.name if isinstance(old, exp.Expr) else column.name
    to = column.name if column.name.casefold() != name.casefold() else ""
    place = _place(lift, old) if isinstance(old, exp.Expr) else column.name_span
    return AlterAction("change type", span, name, to, column.type, column, name_span=place)


def _dropped(lift: Queries, node: exp.Expr, span: Span) -> Iterator[AlterAction]:
    kind = str(node.args.get("kind")).upper()
    named = [part for item in node.args.get("tables") or [node.this] for part in (item.expressions or [item])]
    what = "drop column" if kind in ("COLUMN", "COLUMNS") else "drop constraint" if kind in _KEYS else "other"
    exists, cascade = bool(node.args.get("exists")), bool(node.args.get("cascade"))
    for part in named:
        name = lift.name_of(part.this if isinstance(part.this, exp.Expr) else part)
        yield AlterAction(what, span, name, exists=exists, cascade=cascade, name_span=_place(lift, part))


def _altered(lift: Queries, node: exp.Expr, span: Span) -> AlterAction:
    """ALTER COLUMN."""
    args = node.args
    name, place = node.name, _place(lift, node.this)
    if isinstance(args.get("dtype"), exp.Expr):
        return AlterAction("change type", span, name, type=_type_of(lift, node, span), name_span=place)
    if args.get("allow_null") is not None:
        return AlterAction("drop not null" if args["allow_null"] else "set not null", span, name, name_span=place)
    if args.get("default") is not None:
        return AlterAction("set default", span, name, name_span=place)
    return AlterAction("drop default" if args.get("drop") else "set options", span, name, name_span=place)


def _type_of(lift: Queries, node: exp.Expr, span: Span) -> str:
    """The type as written: behind the column's name or the word TYPE, up to USING, NOT NULL and their like."""
    place = lift.covers(node.this)
    if place.end < 0 or span.end < 0:
        return str(node.args["dtype"].sql()).upper()
    head = Cursor(lift, lift.index_behind(place.end))
    head.take("SET")
    head.take("DATA")
    head.take("TYPE")
    first = head.at
    stop = head.until("USING", "NOT", "NULL", "COLLATE", "COMMENT", "DEFAULT", ",")
    behind = lift.index_behind(span.end)
    return type_text(head.text(first, min(stop, behind)))


def _constraint(node: exp.Expr, span: Span, keys: Constraints) -> AlterAction:
    """ADD CONSTRAINT, ADD PRIMARY KEY ..."""
    name = ""
    inner = node
    if isinstance(node, exp.Constraint):
        name = node.name
        inner = node.expressions[0] if node.expressions else node
    references, checks = len(keys.references), len(keys.checks)
    keys.read_one(inner)
    kind = _CONSTRAINTS.get(inner.__class__, "")
    columns: tuple[str, ...] = ()
    if kind == "primary key":
        columns = keys.primary
    elif kind == "foreign key":
        columns = keys.foreign[-1]
    elif kind == "unique" and keys.unique:
        columns = keys.unique[-1]
    elif kind == "index" and keys.indexes:
        columns = tuple(part.name for part in keys.indexes[-1].columns)
    return AlterAction(
        "add constraint",
        span,
        name,
        constraint=kind,
        columns=columns,
        reference=keys.references[-1] if len(keys.references) > references else None,
        check=keys.checks[-1] if len(keys.checks) > checks else None,
    )
