"""From where a statement brings a table's rows, where it brings them one for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipesense.lang.sql.earlier import dataset
from pipesense.model.data import DatasetName
from pipesense.model.quality import Load
from pipesense.model.sql import Block, Clause, Output, StatementFacts
from pipesense.model.value import Known, Unknown, Value

_NOT_ONE_FOR_ONE: Final = "its load joins, groups or leaves out rows, so its rows are not those of one table"


def load_of(facts: StatementFacts, text: str, columns: Sequence[str], *, emptied: bool) -> Value[Load]:
    """The source of the rows that a statement writes; Unknown with the reason where they are not a table's own.

    ``text`` is the text of the statement's unit, ``columns`` those of the table in their order. ``emptied``:
    every row was removed by the same script before.
    """
    write, table = facts.write, facts.table
    if write is not None and write.verb == "merge":
        return Unknown("its load is a MERGE, which leaves some rows and changes others")
    if write is None and not (table is not None and table.from_query):
        return Unknown("the statement brings no rows")
    if write is not None and write.guard:
        return Unknown("its load leaves out rows that are there already")
    block = next((each for each in facts.blocks if each.depth == 0), None)
    if block is None:
        return Unknown("its rows stand in the statement itself")
    source = _source(block, facts)
    if source is None:
        return Unknown(_NOT_ONE_FOR_ONE)
    if block.holes & {Clause.WHERE, Clause.FROM} or any(each.opaque for each in block.where):
        return Unknown("a template chooses the rows of its load, so only the run knows which they are")
    conditions = [each.span.of(text) for each in block.where]
    if any("--" in each or "/*" in each for each in conditions):
        return Unknown("the condition of its load holds a comment")
    wrapped = (
        f"({said})" if each.op == "or" and not said.startswith("(") else said
        for each, said in zip(block.where, conditions, strict=True)
    )
    condition = " AND ".join(" ".join(each.split()) for each in wrapped)
    target = columns if write is None or not write.columns else write.columns
    replaces = emptied or (write.overwrite if write is not None else True)
    return Known(Load(source, block.sources[0].alias, condition, replaces, _copied(block.outputs, target)))


def _source(block: Block, facts: StatementFacts) -> DatasetName | None:
    """The one table that a query reads row by row."""
    plain = len(block.sources) == 1 and not block.joins and not block.ctes
    if not plain or block.group or block.having or block.qualify or block.limit or block.distinct:
        return None
    source = block.sources[0]
    counted = any(part.kind == "aggregate" for output in block.outputs for part in output.expr.walk())
    if source.kind != "table" or source.opaque or counted or facts.set_operations:
        return None
    return dataset(source.parts)


def _copied(outputs: tuple[Output, ...], columns: Sequence[str]) -> tuple[tuple[str, str], ...]:
    if len(outputs) != len(columns):
        return ()
    pairs = zip(columns, outputs, strict=True)
    return tuple((name, output.expr.name) for name, output in pairs if output.expr.op == "column")
