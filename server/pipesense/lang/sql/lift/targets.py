"""The table that a statement writes, and what it assigns to its columns."""

from __future__ import annotations

from typing import NamedTuple

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.lift.queries import Queries
from pipesense.lang.sql.lift.state import NOWHERE, Scope
from pipesense.model.sql import Clause, Expr, Join, Source
from pipesense.text.span import Span


class Target(NamedTuple):
    """A target's name, alias and column list."""

    parts: tuple[str, ...]
    place: Span
    alias: str = ""
    columns: tuple[str, ...] = ()
    columns_span: Span | None = None
    variable: bool = False
    """A table variable of T-SQL, which lives as long as its batch
    (https://learn.microsoft.com/en-us/sql/t-sql/data-types/table-transact-sql)."""


def target_of(lift: Queries, node: exp.Expr) -> Target:
    """The target that a node names; the reading position moves behind it."""
    columns: tuple[str, ...] = ()
    list_span: Span | None = None
    if isinstance(node, exp.Schema):
        columns = tuple(
            lift.name_of(part) if isinstance(part, exp.Identifier) else part.name for part in node.expressions
        )
        place = lift.covers(node)
        list_span = _brackets_around(lift, node)
        node = node.this
        lift.pos = max(lift.pos, place.end)
    if not isinstance(node, exp.Table):
        return Target((), lift.covers(node), "", columns, list_span)
    parts, place = lift.table_name(node)
    variable = bool(parts) and (isinstance(node.this, exp.Parameter) or parts[-1].startswith("@"))
    if variable and place.end < 0:
        place = _written_variable(lift, parts[-1])
    lift.pos = max(lift.pos, place.end)
    return Target(parts, place, node.alias, columns, list_span, variable)


def _written_variable(lift: Queries, name: str) -> Span:
    """Where ``@name`` stands first, which the parser gives no position: the target comes before what it is read for."""
    start = lift.text.find(f"@{name.removeprefix('@')}")
    return Span(start + (not name.startswith("@")), start + 1 + len(name.removeprefix("@"))) if start >= 0 else NOWHERE


def named_by_alias(target: Target, sources: tuple[Source, ...], joins: tuple[Join, ...]) -> Target:
    """The table that a target means which is the alias of a source: ``UPDATE t SET ... FROM orders AS t``."""
    if len(target.parts) != 1 or target.alias:
        return target
    alias = target.parts[0].casefold()
    for source in (*sources, *(join.source for join in joins)):
        place = source.name_span
        named = source.alias.casefold() == alias and source.parts and source.parts[-1].casefold() != alias
        if named and place is not None:
            return target._replace(parts=source.parts, place=place, alias=target.parts[0])
    return target


def _brackets_around(lift: Queries, schema: exp.Expr) -> Span | None:
    if not schema.expressions:
        return None
    first = lift.covers(schema.expressions[0])
    if first.end < 0:
        return None
    opening = lift.index_before(first.start)
    closing = lift.layout.match.get(opening) if lift.kind_of(opening) is TokenType.L_PAREN else None
    return lift.token_span(opening, closing) if closing is not None else None


def assignments(lift: Queries, nodes: list[exp.Expr]) -> tuple[tuple[tuple[str, Expr], ...], bool]:
    """What SET assigns, and whether a new value is made from the column's old one.

    The name is "" where something else than a plain column is assigned.
    """
    found: list[tuple[str, Expr]] = []
    from_itself = False
    for node in nodes:
        left, right = node.this, node.args.get("expression")
        if not isinstance(node, (exp.EQ, exp.PropertyEQ)) or not isinstance(right, exp.Expr):
            continue
        name = left.name if isinstance(left, exp.Column) else ""
        lift.pos = max(lift.pos, lift.covers(left).end)
        value = lift.lift(right, Clause.SET)
        found.append((name, value))
        from_itself = from_itself or any(
            part.op == "column" and len(part.path) == 1 and part.name.casefold() == name.casefold()
            for part in value.walk()
        )
    return tuple(found), from_itself


def other_sources(lift: Queries, scope: Scope, node: exp.Expr) -> tuple[tuple[Source, ...], tuple[Join, ...]]:
    """FROM and USING of UPDATE and DELETE, and the target's own joins."""
    target = node.this
    sources: list[Source] = []
    joins: list[Join] = []
    if isinstance(target, exp.Table):
        parts, place = lift.table_name(target)
        alias = target.alias or (parts[-1] if parts else "")
        scope.sources[alias.casefold()] = alias
        lift.pos = max(lift.pos, place.end)
        joins += lift.nested_joins(target, scope)
    clause = node.args.get("from_")
    using = node.args.get("using")
    given = [clause.this] if clause is not None else []
    for source in (*given, *(using if isinstance(using, list) else ())):
        sources.append(lift.read_source(source, scope))
        joins += lift.nested_joins(source, scope)
    return tuple(sources), tuple(joins)
