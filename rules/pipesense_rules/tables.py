"""What rules ask of the tables that a script defines, as they are when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.model.data import Relation
from pipesense.model.sql import Script, Statement, TableDef
from pipesense.model.value import Known
from pipesense.rule.context import Context
from pipesense_rules import shapes

WITHOUT_KEYS: Final = frozenset(
    {
        *("hive", "spark", "spark2", "trino", "presto", "athena", "clickhouse", "doris", "starrocks", "druid"),
        *("flink", "risingwave", "dremio", "drill"),
    }
)
"""Dialects whose tables have no primary or foreign keys, or keys that mean something else."""
ENFORCING: Final = frozenset({"postgres", "mysql", "oracle", "tsql", "sqlite", "duckdb"})
"""Engines that refuse a second row with the same primary key."""


@dataclass(frozen=True, slots=True)
class Made:
    """A CREATE TABLE that stays, with what the rest of the workspace says of its keys."""

    statement: Statement
    table: TableDef
    primary_key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...]
    references: bool
    """Some FOREIGN KEY or REFERENCES stands on it."""

    @property
    def words(self) -> frozenset[str]:
        """The words of the table's own name."""
        return shapes.words(self.table.parts[-1])


def tables(script: Script, ctx: Context) -> Iterator[Made]:
    """The tables with a list of columns that the script creates to stay; staging, logs and files of others aside."""
    indexes = [
        (one.facts.create.index.table[-1].casefold(), one.facts.create.index.columns)
        for one in script.having("create")
        if one.facts.create is not None
        and one.facts.create.index is not None
        and one.facts.create.index.unique
        and one.facts.create.index.table
    ]
    for statement in script.having("table"):
        table = statement.facts.table
        if table is None or statement.facts.error or statement.facts.unsure or not _stays(table):
            continue
        name = table.parts[-1].casefold()
        known = [one for one in script.relations if one.dataset.table == name and one.kind == "table"]
        elsewhere = ctx.relation(known[0].dataset) if known else None
        if isinstance(elsewhere, Known):
            known.append(elsewhere.value)
        yield Made(
            statement,
            table,
            table.primary_key or next((one.primary_key for one in known if one.primary_key), ()),
            (
                *table.unique,
                *(key for one in known for key in one.unique),
                *(tuple(part.name for part in parts) for on, parts in indexes if on == name),
            ),
            bool(table.references or table.foreign_keys) or _refers(known),
        )


def _stays(table: TableDef) -> bool:
    if table.kind != "table" or not table.parts or not table.columns or table.from_query or not table.closed:
        return False
    if table.temporary or table.external or table.stream is not None or "{" in table.parts[-1]:
        return False
    return not shapes.is_staging(table.parts)


def _refers(known: list[Relation]) -> bool:
    return any(one.foreign_keys for one in known)


def may_be_behind(file: str, statement: Statement) -> bool:
    """Whether a table that a file creates may have been altered by the time that a statement meets it.

    A script is run with those beside it. A procedure is put into a database where the table is, and so is what reads
    the tables of another folder. ``file`` is "" where something else than a CREATE TABLE of another file tells the
    columns.
    """
    return bool(file) and (statement.stored or file.rpartition("/")[0] != statement.loc.file.rpartition("/")[0])
