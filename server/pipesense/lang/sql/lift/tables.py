"""CREATE TABLE and VIEW, DROP."""

from __future__ import annotations

from typing import Final

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.lift.columns import Constraints, columns_of
from pipesense.lang.sql.lift.properties import read_layout, read_properties
from pipesense.lang.sql.lift.queries import Queries
from pipesense.model.sql import Block, Clause, Role, TableDef
from pipesense.text.span import Span

_KINDS: Final = {"TABLE": "table", "VIEW": "view", "MATERIALIZED VIEW": "view"}


def read_table(lift: Queries, node: exp.Expr) -> TableDef | None:
    """The relation that a CREATE defines, or None."""
    if isinstance(node, exp.Create):
        return _create(lift, node)
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
    keys = Constraints(lift, parts)
    columns = columns_of(lift, schema.expressions if schema is not None else [], keys)
    keys.read(schema)
    properties = read_properties(args.get("properties"))
    if schema is not None and any(isinstance(each, exp.LikeProperty) for each in schema.expressions):
        properties = (*properties, ("like", ""))
    layout, partitions = read_layout(lift, args.get("properties"), properties, keys)
    block: Block | None = None
    from_query = isinstance(source, exp.Query)
    if from_query:
        block = _lift_body(lift, node, source)
    names = {name for name, _ in properties}
    closed = bool(columns) and not from_query and "like" not in names and "inherits" not in names
    if from_query and block is not None:
        closed = bool(columns) or all(out.name and out.name != "*" and not out.expr.opaque for out in block.outputs)
        closed = closed and not block.holes & {Clause.SELECT}
    opening = _schema_open(lift, place)
    if opening >= 0 and lift.holes:
        closing = lift.layout.match.get(opening, opening)
        closed = closed and lift.hole_in(*lift.token_span(opening, closing)) is None
    columns += partitions
    temporary = (
        any(name in ("temporary", "volatile") for name in names) or parts[-1:] == () or (parts[-1].startswith("#"))
    )
    return TableDef(
        kind,
        parts,
        tuple(columns),
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
        materialized="materialized" in names or str(args.get("kind")).upper().startswith("MATERIALIZED"),
        query=block,
        indexes=tuple(keys.indexes),
        primary_key_enforced=keys.primary_enforced,
        **layout._asdict(),
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
