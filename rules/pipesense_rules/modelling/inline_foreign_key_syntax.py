"""A column definition says FOREIGN KEY REFERENCES, which most engines refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.sql import ColumnDef, StatementFacts
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span

_ACCEPT: Final = frozenset({"tsql", "fabric", "snowflake", "databricks"})
_REFUSE: Final = {
    "postgres": "PostgreSQL",
    "redshift": "Redshift",
    "mysql": "MySQL",
    "oracle": "Oracle",
    "sqlite": "SQLite",
    "duckdb": "DuckDB",
    "spark": "Spark",
}
_NO_KEYS: Final = {"trino": "Trino", "presto": "Presto", "athena": "Athena", "hive": "Hive"}

META = RuleMeta(
    id="modelling/inline-foreign-key-syntax",
    wants=StatementFacts,
    given=("table",),
    pattern="dimensional-model",
    since="0.1",
    by_dialect=True,
    roles=PRODUCTION | {FileRole.MIGRATION},
    scope=Scope.UNIT,
    messages={
        "refused": Message(
            Severity.ERROR,
            "{engine} refuses FOREIGN KEY inside the definition of column {column}.",
            "In a column definition the constraint is the word REFERENCES alone; FOREIGN KEY opens a constraint of "
            "the whole table. The statement fails and the table is not created.",
            "Write {column} ... REFERENCES {table}.",
        ),
        "not-enforced": Message(
            Severity.ERROR,
            "BigQuery refuses FOREIGN KEY inside the definition of column {column}.",
            "In a column definition the constraint starts with REFERENCES, and BigQuery wants NOT ENFORCED behind it.",
            "Write {column} ... REFERENCES {table} (...) NOT ENFORCED.",
        ),
        "no-keys": Message(
            Severity.ERROR,
            "{engine} has no foreign keys: it refuses the one of column {column}.",
            "The statement fails and the table is not created.",
            "Leave the constraint out and check the relationship with {table} by a query after each load.",
        ),
        "depends": Message(
            Severity.WARNING,
            "Column {column} is declared with FOREIGN KEY REFERENCES, which most engines refuse there.",
            "SQL Server, Snowflake and Databricks accept it; PostgreSQL, Redshift, MySQL, Oracle, SQLite, DuckDB and "
            "BigQuery do not create the table.",
            "Write {column} ... REFERENCES {table}, which all of these but BigQuery (it wants NOT ENFORCED behind "
            "it) accept, or say which dialect the file is in.",
        ),
    },
)


@rule(META)
def inline_foreign_key_syntax(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the two words, once per column."""
    if facts.table is None or ctx.dialect in _ACCEPT:
        return
    for column in facts.table.columns:
        if column.inline_foreign_key is not None:
            yield _finding(column, column.inline_foreign_key, ctx)


def _finding(column: ColumnDef, words: Span, ctx: Context) -> Finding:
    table = ".".join(column.references) or "the other table"
    dialect = ctx.dialect
    if dialect == "bigquery":
        return ctx.finding("not-enforced", at=words, subject=column, column=column.name, table=table)
    if dialect in _NO_KEYS:
        return ctx.finding(
            "no-keys", at=words, subject=column, engine=_NO_KEYS[dialect], column=column.name, table=table
        )
    if dialect in _REFUSE:
        return ctx.finding(
            "refused", at=words, subject=column, engine=_REFUSE[dialect], column=column.name, table=table
        )
    return ctx.finding("depends", at=words, subject=column, column=column.name, table=table)


@inline_foreign_key_syntax.fix
def delete_words(finding: Finding, column: ColumnDef, ctx: Context) -> Offer | None:
    """REFERENCES alone: where both are accepted they mean the same, elsewhere the old text was refused."""
    words = column.inline_foreign_key
    if words is None or finding.variant in ("not-enforced", "no-keys"):
        return None
    behind = finding.loc.at(Span(words.end, words.end + 1))
    blank = 1 if ctx.text(behind) == " " else 0
    gone = finding.loc.at(Span(words.start, words.end + blank))
    # MySQL before 9.0 takes REFERENCES in a column definition and ignores it, which a reader should know first.
    mysql = finding.variant == "refused" and "MySQL" in finding.what
    title = "Delete FOREIGN KEY" + (" (MySQL before 9.0 then ignores the reference)" if mysql else "")
    return Offer(title, Replace(gone, ""), Applicability.UNSAFE if mysql else Applicability.SAFE)
