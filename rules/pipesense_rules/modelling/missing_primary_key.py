"""A table is defined without a key, so nothing says what one row stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import Script
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense_rules import shapes, tables

_DO: Final = "Add PRIMARY KEY ({key}), or UNIQUE on what tells its rows apart."

META = RuleMeta(
    id="modelling/missing-primary-key",
    wants=Script,
    pattern="surrogate-key",
    since="0.1",
    roles=PRODUCTION | {FileRole.MIGRATION},
    messages={
        "dimension": Message(
            Severity.WARNING,
            "{table} is a {kind} and has no primary key.",
            "Each row must stand for one thing: a second row with the same key doubles every fact that is joined to "
            "it, and {engine} would refuse it if it knew the key.",
            _DO,
        ),
        "table": Message(
            Severity.INFO,
            "{table} has no primary key and no unique column.",
            "Nothing says what one row stands for, so a load that runs twice leaves two copies and nobody notices.",
            _DO,
        ),
    },
)

_KINDS: Final = {"dim": "dimension", "dimension": "dimension", "hub": "hub"}
_RAW: Final = frozenset(
    {"raw", "bronze", "log", "logs", "audit", "journal", "event", "events", "history", "ext", "src"}
)
_ENGINES: Final = {
    "postgres": "PostgreSQL",
    "mysql": "MySQL",
    "oracle": "Oracle",
    "tsql": "SQL Server",
    "sqlite": "SQLite",
    "duckdb": "DuckDB",
}
_KEY: Final = regex(r"(?:^|_)(?:key|id|sk|hk|pk|code)$", re.I)


@rule(META)
def missing_primary_key(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the table's name. Keys that ALTER TABLE or CREATE UNIQUE INDEX adds elsewhere count."""
    for made in tables.tables(script, ctx):
        table, dialect = made.table, made.statement.facts.dialect
        if made.primary_key or made.unique or dialect in tables.WITHOUT_KEYS:
            continue
        if any(column.primary_key or column.unique for column in table.columns):
            continue
        if any(shapes.words(part) & _RAW for part in table.parts[-2:]):
            continue
        kind = next((_KINDS[word] for word in sorted(made.words) if word in _KINDS), "")
        key = next((column.name for column in table.columns if _KEY.search(column.name)), "")
        engine = _ENGINES.get(dialect, "")
        loud = bool(kind and engine and key)
        if not loud:
            own = (column.name for column in table.columns if _KEY.search(column.name))
            key = next((name for name in own if _is_its_own(name, table.parts[-1])), "")
        yield ctx.finding(
            "dimension" if loud else "table",
            at=made.statement.at(table.name_span),
            table=".".join(table.parts),
            kind=kind,
            engine=engine,
            key=key or "...",
        )


def _is_its_own(column: str, table: str) -> bool:
    """Whether a key is named like the rows of the table itself, and not like those of another one it points to."""
    stem = _KEY.sub("", column.lower())
    rest = table.lower().removeprefix(stem)
    return not stem or (len(rest) < len(table) and "_" not in rest)
