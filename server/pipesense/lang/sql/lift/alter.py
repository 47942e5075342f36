"""ALTER TABLE: what happens to columns that are there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from pipesense.lang.sql.lift.state import State
from pipesense.lang.sql.tokens import Layout
from pipesense.model.sql import ColumnChange, ColumnDef, Hole, TableDef
from pipesense.text.span import Span

_HARMLESS: Final = (exp.AddConstraint, exp.AddPartition, exp.DropPartition, exp.AlterSet, exp.AlterSortKey)
_DROPPED_WITHOUT_COLUMNS: Final = frozenset({"CONSTRAINT", "INDEX", "PRIMARY KEY", "FOREIGN KEY", "CHECK", "PARTITION"})
_BEFORE_NAME: Final = frozenset({"ALTER", "TABLE", "IF", "EXISTS", "ONLY"})
_HARMLESS_WORDS: Final = frozenset({"OWNER", "CLUSTER", "ENABLE", "DISABLE", "VALIDATE", "COMMENT", "REPLICA"})


def column_changes(lift: State, node: exp.Expr) -> tuple[ColumnChange, ...]:
    """What the actions of an ALTER TABLE change beside the columns that they add."""
    found: list[ColumnChange] = []
    for action in node.args.get("actions") or ():
        found += _changes(lift, action)
    return tuple(found)


def _changes(lift: State, action: exp.Expr) -> Iterator[ColumnChange]:
    if isinstance(action, (exp.ColumnDef, exp.Schema)):
        return
    if isinstance(action, _HARMLESS):
        yield ColumnChange("constraint")
    elif isinstance(action, exp.Drop):
        yield from _dropped(lift, action)
    elif isinstance(action, exp.RenameColumn):
        yield ColumnChange("rename", action.this.name, action.args["to"].name, _place(lift, action.this))
    elif isinstance(action, exp.AlterRename):
        yield ColumnChange("rename table", to=action.this.name)
    elif isinstance(action, exp.AlterColumn):
        kind = action.args.get("dtype")
        what = "type" if kind is not None else "constraint"
        text = kind.sql().upper() if isinstance(kind, exp.Expr) else ""
        yield ColumnChange(what, action.this.name, text, _place(lift, action.this))
    elif isinstance(action, exp.ModifyColumn):
        yield from _modified(lift, action)
    else:
        yield ColumnChange("other")


def _dropped(lift: State, action: exp.Expr) -> Iterator[ColumnChange]:
    kind = str(action.args.get("kind")).upper()
    if kind == "COLUMN":
        for column in action.args.get("tables") or [action.this]:
            if isinstance(column, exp.Expr):
                yield ColumnChange("drop", column.name, "", _place(lift, column))
    else:
        yield ColumnChange("constraint" if kind in _DROPPED_WITHOUT_COLUMNS else "other")


def _modified(lift: State, action: exp.Expr) -> Iterator[ColumnChange]:
    column, old = action.this, action.args.get("rename_from")
    name = column.name
    if isinstance(old, exp.Expr) and old.name.casefold() != name.casefold():
        yield ColumnChange("rename", old.name, name, _place(lift, old))
    kind = column.args.get("kind") if isinstance(column, exp.Expr) else None
    if isinstance(kind, exp.Expr):
        yield ColumnChange("type", name, kind.sql().upper(), _place(lift, column.this))


def _place(lift: State, node: object) -> Span | None:
    place = lift.covers(node)
    return place if place.end >= 0 else None


def altered_in_words(text: str, tokens: list[Token], holes: tuple[Hole, ...]) -> TableDef | None:
    """What is known of an ALTER TABLE that the parser keeps as plain words: its table, and whether columns change."""
    lift = State(text, Layout(tokens), holes)
    at = 0
    while at < len(tokens) and tokens[at].text.upper() in _BEFORE_NAME:
        at += 1
    words = {token.text.upper() for token in tokens[:at]}
    if not {"ALTER", "TABLE"} <= words or at >= len(tokens):
        return None
    names: list[str] = []
    first = at
    while at < len(tokens):
        names.append(lift.restored(tokens[at].start, tokens[at].end + 1).strip('"`[]'))
        if lift.kind_of(at + 1) is not TokenType.DOT:
            break
        at += 2
    harmless = at + 1 < len(tokens) and tokens[at + 1].text.upper() in _HARMLESS_WORDS
    change = ColumnChange("constraint" if harmless else "other")
    place = lift.token_span(first, min(at, len(tokens) - 1))
    return alteration(tuple(names), (), lift.token_span(0, len(tokens) - 1), place, (change,))


def alteration(
    parts: tuple[str, ...], added: tuple[ColumnDef, ...], whole: Span, place: Span, changes: tuple[ColumnChange, ...]
) -> TableDef:
    """The definition that an ALTER TABLE is."""
    return TableDef(
        kind="alter",
        parts=parts,
        columns=added,
        primary_key=(),
        unique=(),
        foreign_keys=(),
        temporary=False,
        replace=False,
        if_not_exists=False,
        from_query=False,
        properties=(),
        closed=False,
        span=whole,
        name_span=place,
        changes=changes,
    )
