"""The shape of the relation that a statement defines."""

from __future__ import annotations

from pipesense.lang.sql.constraint import constraint
from pipesense.lang.sql.earlier import dataset
from pipesense.model.data import Column, ForeignKey, Relation
from pipesense.model.sql import StatementFacts, TableDef
from pipesense.model.value import Unknown
from pipesense.model.where import Loc


def relation(facts: StatementFacts, loc: Loc) -> Relation | None:
    """What CREATE TABLE or VIEW says of its relation; None for other statements and for masked names.

    ``loc`` is the statement's unit. Columns of a query have no type and may be null.
    """
    table = facts.table
    if table is None or facts.error or table.kind == "alter":
        return None
    name = dataset(table.parts)
    if name is None:
        return None
    columns = tuple(
        Column(column.name, column.type, column.nullable, loc.at(column.name_span)) for column in table.columns
    )
    if not columns and table.from_query:
        columns = _outputs(facts, loc)
    opened = None if table.closed else Unknown(_why_open(table))
    foreign = tuple(
        ForeignKey(each.columns, target, each.target_columns)
        for each in table.references
        if (target := dataset(each.target)) is not None
    )
    checks = tuple(map(constraint, table.checks))
    place = loc.at(table.name_span)
    return Relation(name, columns, table.primary_key, table.unique, place, opened, foreign, checks)


def _outputs(facts: StatementFacts, loc: Loc) -> tuple[Column, ...]:
    block = next((block for block in facts.blocks if block.depth == 0), None)
    if block is None:
        return ()
    return tuple(
        Column(output.name, "", True, loc.at(output.span))
        for output in block.outputs
        if output.name and output.name != "*"
    )


def _why_open(table: TableDef) -> str:
    if table.from_query:
        return "its query has a star, an unnamed column or a masked part"
    if any(name == "like" for name, _ in table.properties):
        return "it is made LIKE another table"
    return "its column list is not complete here"
