"""How a database spells what checks need: the clock, patterns, quoted names."""

from __future__ import annotations

from typing import Final

from pipesense.model.quality import Pattern
from pipesense.text.regex import regex

_FAMILY: Final = {
    "spark2": "spark",
    "hive": "spark",
    "databricks": "spark",
    "presto": "trino",
    "athena": "trino",
    "materialize": "postgres",
    "risingwave": "postgres",
    "fabric": "tsql",
    "starrocks": "mysql",
    "doris": "mysql",
}

EXPRESSIONS: Final = {
    Pattern.EMAIL: "[^@ ]+@[^@ ]+[.][^@ ]+",
    Pattern.UUID: "[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
    Pattern.COUNTRY: "[A-Z]{2,3}",
    Pattern.COUNTRY_2: "[A-Z]{2}",
    Pattern.COUNTRY_3: "[A-Z]{3}",
    Pattern.CURRENCY: "[A-Z]{3}",
}
"""Regular expressions for the whole value, without a backslash, which dialects read in several ways."""

_NO_MATCH: Final = {
    "duckdb": "NOT regexp_full_match({column}, '{whole}')",
    "postgres": "{column} !~ '^{whole}$'",
    "redshift": "{column} !~ '^{whole}$'",
    "bigquery": "NOT REGEXP_CONTAINS({column}, r'^{whole}$')",
    "snowflake": "NOT REGEXP_LIKE({column}, '{whole}')",
    "mysql": "{column} NOT REGEXP '^{whole}$'",
    "spark": "{column} NOT RLIKE '^{whole}$'",
    "trino": "NOT REGEXP_LIKE({column}, '^{whole}$')",
    "oracle": "NOT REGEXP_LIKE({column}, '^{whole}$')",
    "clickhouse": "NOT match({column}, '^{whole}$')",
}
_WITHOUT_EXPRESSIONS: Final = {
    Pattern.EMAIL: "{column} NOT LIKE '%_@_%._%'",
    Pattern.UUID: "{column} NOT LIKE '________-____-____-____-____________'",
    Pattern.COUNTRY: "({column} NOT LIKE '__' AND {column} NOT LIKE '___' OR {column} <> UPPER({column}))",
    Pattern.COUNTRY_2: "({column} NOT LIKE '__' OR {column} <> UPPER({column}))",
    Pattern.COUNTRY_3: "({column} NOT LIKE '___' OR {column} <> UPPER({column}))",
    Pattern.CURRENCY: "({column} NOT LIKE '___' OR {column} <> UPPER({column}))",
}

_HOURS_AGO: Final = {
    "": "CURRENT_TIMESTAMP - INTERVAL '{number}' HOUR",
    "bigquery": "TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL {number} HOUR)",
    "snowflake": "DATEADD(hour, -{number}, CURRENT_TIMESTAMP())",
    "redshift": "DATEADD(hour, -{number}, GETDATE())",
    "tsql": "DATEADD(hour, -{number}, CURRENT_TIMESTAMP)",
    "mysql": "CURRENT_TIMESTAMP - INTERVAL {number} HOUR",
    "spark": "CURRENT_TIMESTAMP() - INTERVAL {number} HOURS",
    "clickhouse": "now() - INTERVAL {number} HOUR",
    "sqlite": "datetime('now', '-{number} hours')",
}
_DAYS_BEFORE: Final = {
    "": "{day} - INTERVAL '{number}' DAY",
    "bigquery": "DATE_SUB({day}, INTERVAL {number} DAY)",
    "snowflake": "DATEADD(day, -{number}, {day})",
    "redshift": "DATEADD(day, -{number}, {day})",
    "tsql": "DATEADD(day, -{number}, {day})",
    "mysql": "{day} - INTERVAL {number} DAY",
    "spark": "DATE_SUB({day}, {number})",
    "clickhouse": "{day} - INTERVAL {number} DAY",
    "sqlite": "date({day}, '-{number} day')",
}
_TODAY: Final = {
    "": "CURRENT_DATE",
    "bigquery": "CURRENT_DATE()",
    "snowflake": "CURRENT_DATE()",
    "tsql": "CAST(CURRENT_TIMESTAMP AS DATE)",
    "spark": "CURRENT_DATE()",
    "clickhouse": "today()",
    "sqlite": "'now'",
}
_DAY_OF: Final = {"sqlite": "date({value})"}
_MOMENT: Final = {"bigquery": "CAST({value} AS TIMESTAMP)"}
"""BigQuery compares a TIMESTAMP with a TIMESTAMP only, and the column may be a DATETIME."""
_QUOTES: Final = {
    **dict.fromkeys(("bigquery", "mysql", "spark", "clickhouse"), ("`", "`")),
    "tsql": ("[", "]"),
}
_BACKSLASHES: Final = frozenset({"bigquery", "spark"})
_SIMPLE: Final = regex(r"[A-Za-z_][A-Za-z0-9_$]*")


def family(dialect: str) -> str:
    """The dialect that another one is spelled like."""
    return _FAMILY.get(dialect, dialect)


def no_match(column: str, pattern: Pattern, dialect: str) -> str:
    """The condition that a text has not the shape; unknown for NULL."""
    form = _NO_MATCH.get(family(dialect))
    if form is None:
        return _WITHOUT_EXPRESSIONS[pattern].format(column=column)
    return form.format(column=column, whole=EXPRESSIONS[pattern])


def hours_ago(number: int, dialect: str) -> str:
    """The point in time so many hours ago."""
    return _of(_HOURS_AGO, dialect).format(number=number)


def days_before(day: str, number: int, dialect: str) -> str:
    """The date so many days before another."""
    return _of(_DAYS_BEFORE, dialect).format(day=day, number=number)


def today(dialect: str) -> str:
    """The current date."""
    return _of(_TODAY, dialect)


def day_of(value: str, dialect: str) -> str:
    """The date of a point in time."""
    return _DAY_OF.get(family(dialect), "CAST({value} AS DATE)").format(value=value)


def moment(value: str, dialect: str) -> str:
    """A point in time as it can be compared with ``hours_ago``."""
    return _MOMENT.get(family(dialect), "{value}").format(value=value)


def quoted(name: str, dialect: str) -> str:
    """A name as SQL: quoted only where it must be."""
    if _SIMPLE.fullmatch(name):
        return name
    start, end = _QUOTES.get(family(dialect), ('"', '"'))
    return f"{start}{name.replace(end, end * 2)}{end}"


def literal(value: str, dialect: str) -> str:
    """A literal of standard SQL as the dialect writes it: some know no doubled quote inside a string."""
    if not value.startswith("'") or family(dialect) not in _BACKSLASHES:
        return value
    inner = value[1:-1].replace("''", "'").replace("\\", "\\\\").replace("'", "\\'")
    return f"'{inner}'"


def _of(table: dict[str, str], dialect: str) -> str:
    return table.get(family(dialect), table[""])
