"""Types: what a dialect's type name means, and what type an expression has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pipesense.model.columns import UNKNOWN_TYPE, Family, SqlType
from pipesense.model.shape import Path, Term
from pipesense.model.sql import Block, Expr
from pipesense.text.regex import regex

_WORDS: Final = regex(r"[A-Z][A-Z0-9_]*")
_NAMES: Final[tuple[tuple[Family, str], ...]] = (
    (
        Family.INT,
        "INT INTEGER BIGINT SMALLINT TINYINT MEDIUMINT BYTEINT HUGEINT INT1 INT2 INT4 INT8 INT16 INT32 INT64 INT128"
        " INT256 UINT8 UINT16 UINT32 UINT64 UINT128 UINT256 UBIGINT UINTEGER USMALLINT UTINYINT SERIAL BIGSERIAL"
        " SMALLSERIAL SERIAL2 SERIAL4 SERIAL8 LONG SHORT SIGNED UNSIGNED",
    ),
    (Family.DECIMAL, "DECIMAL NUMERIC DEC NUMBER FIXED MONEY SMALLMONEY BIGNUMERIC BIGDECIMAL DECIMAL128 DECFLOAT"),
    (Family.FLOAT, "FLOAT FLOAT4 FLOAT8 FLOAT32 FLOAT64 REAL DOUBLE BINARY_FLOAT BINARY_DOUBLE"),
    (
        Family.STRING,
        "VARCHAR CHAR CHARACTER TEXT STRING NVARCHAR NCHAR NTEXT VARCHAR2 NVARCHAR2 CLOB NCLOB TINYTEXT MEDIUMTEXT"
        " LONGTEXT BPCHAR CITEXT FIXEDSTRING ENUM ENUM8 ENUM16 NAME SYSNAME NATIONAL",
    ),
    (Family.BOOLEAN, "BOOLEAN BOOL BIT"),
    (Family.DATE, "DATE DATE32"),
    (Family.TIMESTAMP, "TIMESTAMP DATETIME DATETIME2 SMALLDATETIME TIMESTAMP_NTZ TIMESTAMPNTZ DATETIME64"),
    (Family.TIMESTAMPTZ, "TIMESTAMPTZ TIMESTAMP_TZ TIMESTAMP_LTZ TIMESTAMPLTZ DATETIMEOFFSET"),
    (Family.TIME, "TIME TIMETZ"),
    (Family.BYTES, "BYTEA BLOB BINARY VARBINARY BYTES RAW IMAGE TINYBLOB MEDIUMBLOB LONGBLOB ROWVERSION"),
    (Family.JSON, "JSON JSONB VARIANT SUPER"),
    (Family.ARRAY, "ARRAY LIST MULTISET"),
    (Family.STRUCT, "STRUCT ROW RECORD TUPLE"),
    (Family.INTERVAL, "INTERVAL"),
)
_FAMILIES: Final = {word: family for family, words in _NAMES for word in words.split()}
_WITH_ZONE: Final = regex(r"\bWITH\s+(?:LOCAL\s+)?TIME\s+ZONE\b")
_BY_DIALECT: Final[dict[tuple[str, str], Family]] = {
    # https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#timestamp_type: a point in time
    ("bigquery", "TIMESTAMP"): Family.TIMESTAMPTZ,
    # https://spark.apache.org/docs/latest/sql-ref-datatypes.html: TIMESTAMP is with local time zone
    ("spark", "TIMESTAMP"): Family.TIMESTAMPTZ,
    ("spark2", "TIMESTAMP"): Family.TIMESTAMPTZ,
    ("databricks", "TIMESTAMP"): Family.TIMESTAMPTZ,
    # https://learn.microsoft.com/sql/t-sql/data-types/rowversion-transact-sql: timestamp is its old name
    ("tsql", "TIMESTAMP"): Family.BYTES,
    ("fabric", "TIMESTAMP"): Family.BYTES,
    # Oracle's DATE holds a time of day: https://docs.oracle.com/en/database/oracle/oracle-database/19/sqlrf/
    ("oracle", "DATE"): Family.TIMESTAMP,
    ("spark", "BYTE"): Family.INT,
    ("databricks", "BYTE"): Family.INT,
    ("snowflake", "OBJECT"): Family.JSON,
    ("postgres", "BIT"): Family.UNKNOWN,
    ("mysql", "BIT"): Family.UNKNOWN,
}
INT: Final = SqlType(Family.INT)
DECIMAL: Final = SqlType(Family.DECIMAL)
FLOAT: Final = SqlType(Family.FLOAT)
STRING: Final = SqlType(Family.STRING)
BOOLEAN: Final = SqlType(Family.BOOLEAN)
DATE: Final = SqlType(Family.DATE)
TIME: Final = SqlType(Family.TIME)
TIMESTAMPTZ: Final = SqlType(Family.TIMESTAMPTZ)
ARRAY: Final = SqlType(Family.ARRAY)
STRUCT: Final = SqlType(Family.STRUCT)
INTERVAL: Final = SqlType(Family.INTERVAL)
_NULL_TYPE: Final = SqlType(Family.UNKNOWN, "NULL")
_NULL: Final = Term("fixed", _NULL_TYPE, True)
UNKNOWN: Final = Term("fixed")
_NAIVE_CLOCKS: Final = frozenset({"localtimestamp", "current_datetime", "sysdatetime", "sysutcdatetime", "getutcdate"})
"""Clocks whose time says no zone. GETDATE and SYSDATE say one on some engines."""
_MOST: Final = 40
"""Arguments of one expression that are looked at; generated ones have thousands."""


def type_of_name(text: str, dialect: str = "") -> SqlType:
    """The type that a dialect writes so; UNKNOWN for words that nobody knows here, which keep their text."""
    upper = text.upper().strip()
    word = _WORDS.search(upper)
    if word is None or word.start() != 0:
        return SqlType(Family.UNKNOWN, upper)
    if upper.endswith("]") and "[" in upper:
        return SqlType(Family.ARRAY, upper)
    name = word.group()
    if name in ("NULLABLE", "LOWCARDINALITY"):  # ClickHouse wraps types in these
        return SqlType(type_of_name(upper[word.end() :].strip("() "), dialect).family, upper)
    family = _BY_DIALECT.get((dialect, name)) or _FAMILIES.get(name, Family.UNKNOWN)
    if family is Family.TIMESTAMP and _WITH_ZONE.search(upper):
        family = Family.TIMESTAMPTZ
    if upper.startswith(("CHARACTER VARYING", "CHAR VARYING", "BIT VARYING")) and family is Family.BOOLEAN:
        family = Family.UNKNOWN
    return SqlType(family, upper)


_FIXED: Final[dict[str, Term]] = {
    **dict.fromkeys(
        ("eq", "neq", "lt", "lte", "gt", "gte", "in", "not_in", "like", "not_like", "ilike", "not_ilike", "between"),
        Term("fixed", BOOLEAN),
    ),
    **dict.fromkeys(
        ("not_between", "matches", "not_matches", "and", "or", "not", "starts_with"), Term("fixed", BOOLEAN)
    ),
    **dict.fromkeys(("is", "is_not", "is_distinct", "is_not_distinct", "exists"), Term("fixed", BOOLEAN, False)),
    **dict.fromkeys(("count", "count_if", "approx_distinct"), Term("fixed", INT, False)),
    **dict.fromkeys(("row_number", "rank", "dense_rank", "ntile"), Term("fixed", INT, False)),
    **dict.fromkeys(
        (
            "length",
            "extract",
            "date_diff",
            "str_position",
            "year",
            "month",
            "day",
            "week",
        ),
        Term("fixed", INT),
    ),
    **dict.fromkeys(
        ("concat", "concat_ws", "lower", "upper", "trim", "substring", "replace", "initcap", "string_agg", "left"),
        Term("fixed", STRING),
    ),
    **dict.fromkeys(
        ("right", "pad", "md5", "to_char", "regexp_replace", "regexp_extract", "split_part", "reverse", "format_date"),
        Term("fixed", STRING),
    ),
    **dict.fromkeys(("current_date",), Term("fixed", DATE, False)),
    **dict.fromkeys(("current_timestamp",), Term("fixed", TIMESTAMPTZ, False)),
    **dict.fromkeys(("date", "parse_date", "last_day", "date_from_parts"), Term("fixed", DATE)),
    **dict.fromkeys(("array", "array_agg", "split"), Term("fixed", ARRAY)),
    "struct": Term("fixed", STRUCT, False),
    "interval": Term("fixed", INTERVAL),
    "null": _NULL,
    "boolean": Term("fixed", BOOLEAN, False),
    **dict.fromkeys(("percent_rank", "cume_dist"), Term("fixed", FLOAT, False)),
}
_FIRST: Final = slice(0, 1)
_ALL: Final = slice(None)
_COMPOSED: Final[dict[str, tuple[str, slice]]] = {
    **dict.fromkeys(("coalesce", "ifnull", "nvl"), ("coalesce", _ALL)),
    **dict.fromkeys(("greatest", "least"), ("first", _ALL)),
    "if": ("first", slice(1, None)),
    **dict.fromkeys(("add", "sub", "mul", "mod"), ("widest", _ALL)),
    "sum": ("sum", _FIRST),
    **dict.fromkeys(("avg", "stddev", "variance", "stddev_samp", "stddev_pop"), ("avg", _FIRST)),
    **dict.fromkeys(("min", "max", "any_value", "first", "last", "mode", "nullif", "filter"), ("aggregate", _FIRST)),
    **dict.fromkeys(("first_value", "last_value", "nth_value", "lag", "lead"), ("aggregate", _FIRST)),
    **dict.fromkeys(("window", "abs", "neg", "desc", "date_trunc"), ("same", _FIRST)),
}
"""What a term is for an operation, and which of the arguments it is told from."""


def term(expr: Expr, dialect: str, number_of: Callable[[Block], int]) -> Term:
    """What decides the type of an expression; ``number_of`` gives the number of a query inside it, -1 for none."""
    op = expr.op
    if op == "column":
        return Term("column", path=expr.path)
    if op == "literal":
        return _literal(expr)
    if op == "hole" or (expr.opaque and op in ("parameter", "name")):
        return UNKNOWN
    if op == "cast":
        inner = term(expr.args[0], dialect, number_of)
        return Term("cast", type_of_name(expr.kind, dialect), args=(inner,)) if expr.kind else UNKNOWN
    if op == "subquery":
        number = number_of(expr.query) if expr.query is not None else -1
        return Term("query", query=number) if number >= 0 else UNKNOWN
    if op == "case":
        return _case(expr, dialect, number_of)
    if op == "current_timestamp" and expr.name.lower() in _NAIVE_CLOCKS:
        return Term("fixed", SqlType(Family.TIMESTAMP), False)
    composed = _COMPOSED.get(op)
    if composed is None:
        return _FIXED.get(op, UNKNOWN)
    parts = tuple(term(arg, dialect, number_of) for arg in expr.args[composed[1]][:_MOST])
    if not parts:
        return UNKNOWN
    return parts[0] if composed[0] == "same" else Term(composed[0], args=parts)


def _literal(expr: Expr) -> Term:
    if expr.opaque:
        return UNKNOWN if expr.kind != "string" else Term("fixed", STRING, False)
    if expr.kind == "string":
        return Term("fixed", STRING, False)
    name = expr.name.lower()
    if "e" in name and not name.startswith("0x"):
        return Term("fixed", FLOAT, False)
    return Term("fixed", DECIMAL if "." in name else INT, False)


def _case(expr: Expr, dialect: str, number_of: Callable[[Block], int]) -> Term:
    values: list[Term] = []
    has_default = False
    for at, arg in enumerate(expr.args[:_MOST]):
        if arg.op == "when":
            values.append(term(arg.args[1], dialect, number_of))
        elif at > 0:
            has_default = True
            values.append(term(arg, dialect, number_of))
    if not has_default:
        values.append(_NULL)
    return Term("first", args=tuple(values))


Known = Callable[[Path], "tuple[SqlType, bool | None]"]
Queried = Callable[[int], "tuple[SqlType, bool | None]"]
_WIDTH: Final = {Family.INT: 0, Family.DECIMAL: 1, Family.FLOAT: 2}


def typed(made: Term, column: Known, query: Queried) -> tuple[SqlType, bool | None]:
    """The type of a term and whether it may be NULL; ``column`` and ``query`` answer for what it refers to."""
    op = made.op
    if op == "fixed":
        return made.type, made.nullable
    if op == "column":
        return column(made.path)
    if op == "query":
        return query(made.query)[0], True
    parts = [typed(arg, column, query) for arg in made.args]
    nullable = [each[1] for each in parts]
    if op == "cast":
        return made.type, nullable[0]
    if op == "coalesce":
        return _agreed(parts), False if False in nullable else (True if all(nullable) else None)
    may_be_null = True if True in nullable else (False if all(each is False for each in nullable) else None)
    if op == "first":
        return _agreed(parts), may_be_null
    if op == "widest":
        return _widest([each[0].family for each in parts]), may_be_null
    family = parts[0][0].family
    if op == "sum":
        return SqlType(family) if family in _WIDTH else UNKNOWN_TYPE, None
    if op == "avg":
        return (FLOAT if family is Family.FLOAT else DECIMAL if family in _WIDTH else UNKNOWN_TYPE), None
    if op == "aggregate":
        return parts[0][0], True if parts[0][1] else None
    return UNKNOWN_TYPE, None


def _agreed(parts: list[tuple[SqlType, bool | None]]) -> SqlType:
    """The type that all values have, NULL aside; the widest number; unknown where one of them is."""
    kinds = [kind for kind, _ in parts if kind != _NULL_TYPE]
    families = {kind.family for kind in kinds}
    if len(families) == 1:
        texts = {kind.text for kind in kinds}
        return kinds[0] if len(texts) == 1 else SqlType(kinds[0].family)
    return _widest([kind.family for kind in kinds]) if families else UNKNOWN_TYPE


def _widest(families: list[Family]) -> SqlType:
    if not families or any(family not in _WIDTH for family in families):
        return UNKNOWN_TYPE
    return SqlType(max(families, key=lambda family: _WIDTH[family]))
