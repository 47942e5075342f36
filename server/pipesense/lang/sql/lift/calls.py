"""Functions by one name, whatever a dialect calls them.

sqlglot 30.x has a class for many functions, but which spellings lead to it depends on the dialect; with no dialect
said, ``GETDATE()`` is a function like any other. Spellings are those of the engines' own function references.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp


def _spelled(table: dict[str, str]) -> dict[str, str]:
    return {name: op for op, names in table.items() for name in names.split()}


RENAMED: Final[dict[type, str]] = {
    exp.Anonymous: "function",
    exp.AnonymousAggFunc: "function",
    exp.Tuple: "tuple",
    exp.Array: "array",
    exp.ExplodingGenerateSeries: "generate_series",
    exp.PartitionedByBucket: "bucket",
    exp.PartitionByTruncate: "truncate",
    exp.AtTimeZone: "at_time_zone",
    exp.WithinGroup: "within_group",
    exp.GroupConcat: "string_agg",
    exp.DecodeCase: "decode",
    **dict.fromkeys((exp.CurrentTimestamp, exp.CurrentDatetime, exp.Localtimestamp), "current_timestamp"),
    **dict.fromkeys((exp.Systimestamp, exp.UtcTimestamp), "current_timestamp"),
    **dict.fromkeys((exp.UtcDate,), "current_date"),
    **dict.fromkeys((exp.Localtime, exp.UtcTime), "current_time"),
    **dict.fromkeys((exp.MD5Digest,), "md5"),
    **dict.fromkeys((exp.SHA, exp.SHA1Digest), "sha1"),
    **dict.fromkeys((exp.SHA2Digest,), "sha2"),
    **dict.fromkeys((exp.StandardHash, exp.CityHash64), "hash"),
    **dict.fromkeys((exp.TsOrDsToDate,), "date"),
    **dict.fromkeys((exp.StrToDate,), "parse_date"),
    **dict.fromkeys((exp.StrToTime,), "parse_timestamp"),
    **dict.fromkeys((exp.TimeToStr,), "format_date"),
    **dict.fromkeys((exp.TimestampTrunc, exp.DatetimeTrunc), "date_trunc"),
    **dict.fromkeys((exp.TsOrDsAdd, exp.TimestampAdd, exp.DatetimeAdd), "date_add"),
    **dict.fromkeys((exp.TimestampSub, exp.DatetimeSub), "date_sub"),
    **dict.fromkeys((exp.DateDiff, exp.TsOrDsDiff, exp.TimestampDiff, exp.DatetimeDiff), "date_diff"),
    **dict.fromkeys((exp.UnixToStr, exp.UnixToTime), "from_unixtime"),
}

CALLED: Final = _spelled(
    {
        "current_timestamp": "now getdate sysdate systimestamp getutcdate sysdatetime sysutcdatetime sysdatetimeoffset"
        " clock_timestamp statement_timestamp transaction_timestamp localtimestamp current_localtimestamp now64"
        " utc_timestamp current_datetime",
        "current_date": "curdate today utc_date",
        "current_time": "curtime utc_time",
        "rand": "random randn randcanonical random_normal",
        "uuid": "newid newsequentialid sys_guid uuid_generate_v1 uuid_generate_v4 generateuuidv4 uuidv4 uuidv7"
        " gen_random_uuid generate_uuid uuid_string",
        "md5": "md5_hex md5_binary md5_number md5_number_upper64 md5_number_lower64",
        "sha1": "sha1_hex sha1_binary",
        "sha2": "sha256 sha512 sha224 sha384 sha2_hex sha2_binary",
        "hash": "hash hashbytes xxhash64 xxhash murmur_hash murmurhash checksum binary_checksum crc32 fnv_hash hash_md5"
        " cityhash64 siphash64 hash_agg farmfingerprint64 ora_hash standard_hash",
        "date": "to_date try_to_date",
        "parse_date": "parse_date str_to_date",
        "parse_timestamp": "to_timestamp try_to_timestamp parse_timestamp parse_datetime",
        "format_date": "date_format format_date format_timestamp format_datetime strftime",
        "date_trunc": "datetrunc timestamp_trunc datetime_trunc",
        "date_add": "dateadd timestampadd timestamp_add datetime_add adddate add_days",
        "date_sub": "date_sub datesub timestamp_sub datetime_sub subdate",
        "date_diff": "datediff timestampdiff timestamp_diff datetime_diff",
        "extract": "date_part datepart",
        "coalesce": "nvl ifnull zeroifnull",
        "if": "iff iif",
        "safe_divide": "try_divide div0 div0null",
        "string_agg": "listagg group_concat wm_concat",
    }
)
"""What functions without a class are called in the facts."""

GUARDED: Final = {"coalesce": "coalesce", "nullif": "nullif", "if": "case", "safe_divide": "nullif"}
"""What a function called so does to NULL or zero in it."""

WORDS: Final[dict[type, frozenset[str]]] = {
    exp.CurrentTimestamp: frozenset(
        {"CURRENT_TIMESTAMP", "SYSDATE", "LOCALTIMESTAMP", "GETDATE", "NOW", "SYSDATETIME"}
    ),
    exp.Localtimestamp: frozenset({"LOCALTIMESTAMP", "LOCALTIME"}),
    exp.Localtime: frozenset({"LOCALTIME", "CURRENT_TIME"}),
    exp.Systimestamp: frozenset({"SYSTIMESTAMP"}),
    exp.CurrentDatetime: frozenset({"CURRENT_DATETIME"}),
    exp.Extract: frozenset({"EXTRACT", "DATE_PART", "DATEPART"}),
    exp.Cast: frozenset({"CONVERT"}),
    exp.IntDiv: frozenset({"DIV"}),
    exp.BitwiseAnd: frozenset({"BITAND"}),
    exp.BitwiseOr: frozenset({"BITOR"}),
    exp.BitwiseXor: frozenset({"BITXOR"}),
    exp.RegexpLike: frozenset({"REGEXP_CONTAINS", "RLIKE", "REGEXP_MATCHES", "MATCH"}),
    exp.GroupConcat: frozenset({"GROUP_CONCAT", "LISTAGG", "STRING_AGG"}),
}
"""The words by which a function without a position is found again, where its class has another name."""
BARE_CLOCKS: Final = frozenset({"sysdate", "SYSDATE", "systimestamp", "SYSTIMESTAMP"})
"""Functions without brackets that only some dialects know as such."""

_DATED: Final = frozenset({"extract", "date_diff", "date_add", "date_sub", "date_trunc"})
_UNITS: Final = frozenset(
    {
        *("year", "years", "yr", "yrs", "yyyy", "yy", "y", "quarter", "quarters", "qtr", "qq", "q", "month", "months"),
        *("mon", "mons", "mm", "week", "weeks", "wk", "ww", "w", "isoweek", "day", "days", "dd", "d", "dow", "dw"),
        *("doy", "dy", "dayofweek", "dayofyear", "weekday", "hour", "hours", "hr", "hrs", "hh", "h", "minute"),
        *("minutes", "min", "mins", "mi", "n", "second", "seconds", "sec", "secs", "ss", "s", "millisecond"),
        *("milliseconds", "ms", "microsecond", "microseconds", "us", "nanosecond", "ns", "epoch", "isoyear"),
        *("century", "decade", "millennium", "timezone"),
    }
)
"""Parts of a date that some engine takes as bare words (Redshift:
https://docs.aws.amazon.com/redshift/latest/dg/r_Dateparts_for_datetime_functions.html, T-SQL's DATEDIFF)."""


def unit_word(op: str, node: exp.Expr) -> exp.Expr | None:
    """The argument that is a word and no column, though the parser took it for one: a part of a date, or a type."""
    if op == "function" and node.name.casefold() == "identity" and node.expressions and _is_bare(node.expressions[0]):
        # T-SQL's SELECT IDENTITY(INT, 1, 1) INTO, whose first argument is a type
        # (https://learn.microsoft.com/en-us/sql/t-sql/functions/identity-function-transact-sql).
        found: exp.Expr = node.expressions[0]
        return found
    if op not in _DATED:
        return None
    values = [value for group in node.args.values() for value in (group if isinstance(group, list) else (group,))]
    given = [value for value in values if isinstance(value, exp.Expr)]
    if len(given) < 2 or any(_is_unit(value.name) and value.__class__ is not exp.Column for value in given):
        return None
    return next((value for value in given if _is_bare(value) and _is_unit(value.name)), None)


def is_pattern(node: exp.Expr) -> bool:
    """Whether EXTRACT is ClickHouse's ``extract(text, pattern)`` and no part of a date."""
    if node.args.get("expression").__class__ is not exp.Literal:
        return False
    return not _is_unit(getattr(node.args.get("this"), "name", "day"))


def extracted(node: exp.Expr) -> str:
    """What EXTRACT gives: a number, or BigQuery's whole ``EXTRACT(DATE FROM t)``
    (https://cloud.google.com/bigquery/docs/reference/standard-sql/timestamp_functions#extract).
    """
    part = getattr(node.args.get("this"), "name", "").lower()
    return "date" if part == "date" else "function" if part in ("time", "datetime") else "extract"


def _is_bare(node: exp.Expr) -> bool:
    return node.__class__ is exp.Column and len(node.parts) == 1 and not node.this.args.get("quoted")


def _is_unit(word: str) -> bool:
    return word.lower().partition("(")[0] in _UNITS
