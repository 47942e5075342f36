"""What rules ask of a query: whose column this is, which calls aggregate, what two expressions have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipesense.model.sql import Block, Expr

COMPARING = frozenset(
    {
        *("eq", "neq", "lt", "lte", "gt", "gte", "in", "not_in", "between", "not_between"),
        *("like", "not_like", "ilike", "not_ilike", "matches", "not_matches"),
    }
)
"""Operators that answer "unknown" for a missing value."""


def aliases(block: Block) -> frozenset[str]:
    """The names by which columns call the query's sources, folded; sources without a name are left out."""
    return frozenset(source.alias.casefold() for source in block.every_source if source.alias)


def columns(*exprs: Expr) -> Iterator[Expr]:
    """The columns of expressions; those inside subqueries belong to other queries."""
    return (part for expr in exprs for part in expr.walk() if part.op == "column")


def owner(column: Expr, names: Iterable[str]) -> str | None:
    """The one of ``names`` (folded) that a column's path starts with, "" for a bare name, None for something else.

    ``a.b`` may be a table's column or a field of a structure, so only a known name decides.
    """
    first = column.path[0].casefold()
    if len(column.path) == 1:
        return ""
    return first if first in names else None


def owners(exprs: Iterable[Expr], names: frozenset[str]) -> frozenset[str] | None:
    """Whose columns expressions hold; None where one of them cannot be told or something is masked."""
    found: set[str] = set()
    for expr in exprs:
        for part in expr.walk():
            if part.op in ("hole", "subquery", "exists", "parameter") or part.opaque:
                return None
            if part.op == "column":
                whose = owner(part, names)
                if not whose:
                    return None
                found.add(whose)
    return frozenset(found)


def aggregates(expr: Expr) -> Iterator[Expr]:
    """The aggregate calls of an expression; one with OVER is a window function, and what is inside it is not asked."""
    todo = [expr]
    while todo:
        part = todo.pop()
        if part.op == "window":
            continue
        if part.kind == "aggregate":
            yield part
        else:
            todo.extend(reversed(part.args))


def shape(expr: Expr) -> tuple[object, ...]:
    """What an expression says, without where it stands.

    Different shapes are different expressions. Equal ones may still differ in a unit or a path inside a document,
    which the facts leave out.
    """
    path = tuple(part.casefold() for part in expr.path)
    name = expr.name if expr.op in ("literal", "hole", "parameter") else expr.name.casefold()
    return (expr.op, name, path, expr.kind, *map(shape, expr.args))


def last_name(column: Expr) -> str:
    """A column's own name, folded."""
    return column.path[-1].casefold() if column.path else ""


def opaque(exprs: Iterable[Expr]) -> bool:
    """Whether something masked stands in one of the expressions."""
    return any(expr.opaque for expr in exprs)


def one_row(block: Block) -> bool:
    """Whether a query gives few rows: no FROM, aggregates without GROUP BY, a LIMIT, or it reads nothing but such."""
    read = block.every_source
    if block.limit is not None or not read:
        return True
    if not block.group and any(True for output in block.outputs for _ in aggregates(output.expr)):
        return True
    return all(
        source.kind in ("cte", "subquery") and source.block is not None and one_row(source.block) for source in read
    )
