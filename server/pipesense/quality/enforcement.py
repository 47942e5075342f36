"""What a database itself refuses, so that a check of it could never fail."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Constraint(Enum):
    """A declared property of a table."""

    NOT_NULL = "NOT NULL"
    PRIMARY_KEY = "primary keys"
    UNIQUE = "UNIQUE"
    FOREIGN_KEY = "foreign keys"
    CHECK = "CHECK"
    ENUM = "the values of an ENUM"


_ALL: Final = frozenset(Constraint)
_NOT_NULL: Final = frozenset({Constraint.NOT_NULL})
_ENFORCED: Final[dict[str, frozenset[Constraint]]] = {
    "postgres": _ALL,
    "duckdb": _ALL,
    "tsql": _ALL - {Constraint.ENUM},
    "oracle": _ALL - {Constraint.ENUM},
    # MySQL checks CHECK since 8.0.16 only and ignores REFERENCES behind a column (MySQL 8.4 manual, 15.1.20.5).
    "mysql": frozenset({Constraint.NOT_NULL, Constraint.PRIMARY_KEY, Constraint.UNIQUE, Constraint.ENUM}),
    # A primary key of SQLite may be NULL unless it is an INTEGER; foreign keys are off unless switched on
    # (sqlite.org/lang_createtable.html, sqlite.org/foreignkeys.html).
    "sqlite": frozenset({Constraint.NOT_NULL, Constraint.UNIQUE, Constraint.CHECK}),
    # Keys are information for the planner only: docs.aws.amazon.com/redshift/latest/dg/t_Defining_constraints.html,
    # cloud.google.com/bigquery/docs/primary-foreign-keys, docs.snowflake.com/en/sql-reference/constraints-overview.
    "redshift": _NOT_NULL,
    "bigquery": _NOT_NULL,
    "snowflake": _NOT_NULL,
    # docs.databricks.com/aws/en/tables/constraints: NOT NULL and CHECK are enforced, keys are not.
    "databricks": _NOT_NULL | {Constraint.CHECK},
}


def enforced(dialect: str) -> frozenset[Constraint]:
    """The constraints that a dialect's database enforces; nothing for a dialect that is not known."""
    return _ENFORCED.get(dialect, frozenset())


def implies_not_null(dialect: str) -> bool:
    """Whether a declared primary key surely refuses NULL."""
    return Constraint.PRIMARY_KEY in enforced(dialect)


_NAMES: Final = {
    "postgres": "PostgreSQL",
    "duckdb": "DuckDB",
    "tsql": "SQL Server",
    "oracle": "Oracle",
    "mysql": "MySQL",
    "sqlite": "SQLite",
    "redshift": "Redshift",
    "bigquery": "BigQuery",
    "snowflake": "Snowflake",
    "databricks": "Databricks",
    "spark": "Spark",
    "spark2": "Spark",
    "hive": "Hive",
    "trino": "Trino",
    "presto": "Presto",
    "athena": "Athena",
    "clickhouse": "ClickHouse",
}


def engine_name(dialect: str) -> str:
    """The database's name for people; "" where the dialect is not known."""
    return _NAMES.get(dialect, dialect)
