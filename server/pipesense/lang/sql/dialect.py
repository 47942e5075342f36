"""Which dialect a text is written in: said by somebody, known from where it runs, or seen from its own words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from pipesense.text.regex import regex

NAMES: Final = frozenset(
    {
        "athena",
        "bigquery",
        "clickhouse",
        "databricks",
        "dax",
        "doris",
        "dremio",
        "drill",
        "druid",
        "duckdb",
        "dune",
        "exasol",
        "fabric",
        "hive",
        "materialize",
        "mysql",
        "oracle",
        "postgres",
        "presto",
        "prql",
        "redshift",
        "risingwave",
        "snowflake",
        "solr",
        "spark",
        "spark2",
        "sqlite",
        "starrocks",
        "tableau",
        "teradata",
        "trino",
        "tsql",
    }
)
"""The dialects that can be read: those of sqlglot 30, written down so that settings are checked without loading it."""

_DIRECTIVE: Final = regex(r"(?:--|/\*|\{#|#)\s*pipesense\s*:\s*dialect\s*=\s*([A-Za-z0-9_]+)", re.IGNORECASE)

_LOOKED_AT: Final = 20_000
"""Characters of one statement in which its dialect shows or does not; what is longer is mostly data."""

_COMMENT_OR_STRING: Final = regex(r"--[^\n]*|/\*.*?\*/|'(?:[^'\\]|\\.|'')*'|\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_HINTS: Final[tuple[tuple[str, tuple[str, ...], str, frozenset[str]], ...]] = tuple(
    (name, tuple(words.split()), pattern, frozenset(dialects.split()))
    for name, words, pattern, dialects in (
        ("SAFE_CAST", "SAFE_CAST", r"\bSAFE_CAST\s*\(", "bigquery"),
        ("SELECT AS STRUCT", "STRUCT VALUE", r"\bSELECT\s+AS\s+(?:STRUCT|VALUE)\b", "bigquery"),
        ("a path in backticks", "`", r"`[\w{}-]+\.[\w{}-]+(?:\.[\w{}*$-]+)*`", "bigquery"),
        # ClickHouse's types are written Int64 and Float64, and it minds the case.
        (
            "INT64 or FLOAT64",
            "INT64 FLOAT64 BIGNUMERIC",
            r"(?-i:\b(?:INT64|FLOAT64|int64|float64)\b)|\bBIGNUMERIC\b",
            "bigquery",
        ),
        (
            "a function's body in brackets",
            "RETURNS FUNCTION",
            r"\bRETURNS\s+[\w<>, \t]+\s+AS\s*\("
            r"|\bFUNCTION\s+[\w.`]+\s*\(\s*\w+\s+(?:STRING|BYTES|NUMERIC|TIMESTAMP|DATE|BOOL)\b[^()]*\)\s*AS\s*\(",
            "bigquery",
        ),
        (
            "FARM_FINGERPRINT",
            "FARM_FINGERPRINT TIMESTAMP_MICROS APPROX_QUANTILES",
            r"\b(?:FARM_FINGERPRINT|TIMESTAMP_MICROS|APPROX_QUANTILES)\s*\(",
            "bigquery",
        ),
        (
            "brackets and VARCHAR(MAX)",
            "].[ MAX GO ]",
            r"\[\w+\]\.\[\w+\]|\bN?VARCHAR\s*\(\s*MAX\s*\)|(?m:^[ \t]*GO[ \t]*\r?$)"
            r"|[,\s]\[[a-z_]\w*\]\s*=\s*(?:ISNULL|\w+\.\[|CASE\b)"
            r"|(?<![\w\])])\[[a-z_]\w*\]\s+\[?(?:N?VARCHAR|N?CHAR|INT|BIGINT|BIT|DATETIME|MONEY|DECIMAL)\b",
            "tsql",
        ),
        (
            "UNIQUEIDENTIFIER",
            "UNIQUEIDENTIFIER DATETIME2 DATETIMEOFFSET SMALLDATETIME IDENTITY",
            r"\b(?:UNIQUEIDENTIFIER|DATETIME2|DATETIMEOFFSET|SMALLDATETIME)\b|\bPRIMARY\s+KEY\s+IDENTITY\b",
            "tsql",
        ),
        (
            "IDENTITY(1,1)",
            "IDENTITY",
            r"\bIDENTITY\s*\(\s*\d+\s*,\s*\d+\s*\)",
            "tsql redshift snowflake",
        ),
        ("NVARCHAR(", "NVARCHAR NCHAR", r"\bN(?:VAR)?CHAR\s*\(", "tsql redshift snowflake mysql"),
        ("SELECT TOP", "TOP", r"\bSELECT\s+(?:DISTINCT\s+)?TOP\s*\(?\s*\d+", "tsql redshift snowflake teradata"),
        (
            "NOLOCK",
            "NOLOCK APPLY GETDATE DATEFROMPARTS SYS.SP_",
            r"\bEXEC(?:UTE)?\s+sys\.sp_\w+|\bWITH\s*\(\s*NOLOCK\s*\)|\bCROSS\s+APPLY\b|\bGETDATE\s*\(\s*\)\s*,|\bDATEFROMPARTS\s*\(",
            "tsql",
        ),
        ("DISTKEY", "DISTKEY SORTKEY DISTSTYLE", r"\b(?:DISTKEY|SORTKEY|DISTSTYLE)\b", "redshift"),
        (
            "Redshift's system tables",
            "STL_ SVL_ STV_ SVV_ SVCS_ PG_TABLE_DEF",
            r"\b(?:FROM|JOIN|,)\s+(?:pg_catalog\.)?(?:stl|svl|stv|svv|svcs)_\w+|\bpg_table_def\b",
            "redshift",
        ),
        ("FLATTEN(", "FLATTEN", r"\bFLATTEN\s*\(\s*input\s*=>|\bLATERAL\s+FLATTEN\s*\(", "snowflake"),
        (
            "VARIANT",
            "VARIANT TIMESTAMP_ TRY_PARSE_JSON IFF @~ FILE_FORMAT",
            r"\bVARIANT\b(?![\]`\"])|\bTIMESTAMP_(?:NTZ|LTZ|TZ)\b|\bTRY_PARSE_JSON\s*\(|\bIFF\s*\(|@~|\bFILE_FORMAT\s*=",
            "snowflake",
        ),
        ("a JSON path with a colon", "::", r"\b\w+:\w+(?:\.\w+)*::\w+", "snowflake databricks"),
        ("USING delta", "DELTA ZORDER REPLACE", r"\bUSING\s+DELTA\b|\bZORDER\s+BY\b|\bREPLACE\s+WHERE\b", "databricks"),
        (
            "USING parquet",
            "USING TBLPROPERTIES LATERAL",
            r"\bUSING\s+(?:parquet|orc|csv|json|iceberg)\b|\bTBLPROPERTIES\b|\bLATERAL\s+VIEW\b",
            "spark databricks hive",
        ),
        ("ENGINE = MergeTree", "MERGETREE", r"\bENGINE\s*=\s*\w*MergeTree\b", "clickhouse"),
        (
            "LowCardinality(",
            "LOWCARDINALITY CODEC( INT8 INT16 INT32 INT64 TODATE TOSTARTOF TOSTRING TOFLOAT GROUPARRAY GROUPUNIQ"
            " ARRAYJOIN",
            r"(?-i:\bLowCardinality\(|\bCODEC\(|\bU?Int(?:8|16|32|64)\b|\bto(?:DateTime(?:64)?|U?Int(?:8|16|32|64)"
            r"|Float64|Date32|String|StartOf\w+)\(|\bgroup(?:Uniq)?Array\(|\barrayJoin\()",
            "clickhouse",
        ),
        (
            "ENGINE = InnoDB",
            "ENGINE DUPLICATE AUTO_INCREMENT",
            r"\bENGINE\s*=\s*(?:InnoDB|MyISAM)\b|\bON\s+DUPLICATE\s+KEY\b|\bAUTO_INCREMENT\b",
            "mysql",
        ),
        ("::", "::", r"\w\s*::\s*\w", "postgres redshift snowflake duckdb databricks"),
        ("$$", "$$", r"\$\$", "postgres snowflake redshift"),
        # https://www.postgresql.org/docs/17/sql-syntax-lexical.html: only PostgreSQL names its dollar quotes.
        ("AS $body$", "$", r"\b(?:AS|DO)\s+\$[A-Za-z_]\w*\$", "postgres"),
        ("ON CONFLICT", "CONFLICT", r"\bON\s+CONFLICT\b", "postgres sqlite duckdb"),
        (
            "JSONB",
            "JSONB BIGSERIAL PLPGSQL SERIAL DISTINCT",
            r"\bJSONB\b|\bBIGSERIAL\b|\bplpgsql\b|\bSERIAL\s+PRIMARY\b|\bDISTINCT\s+ON\s*\(|\bjsonb_\w+\s*\(",
            "postgres",
        ),
        ("ILIKE", "ILIKE", r"\bILIKE\b", "postgres redshift snowflake duckdb databricks trino"),
        ("QUALIFY", "QUALIFY", r"\bQUALIFY\b", "snowflake bigquery databricks duckdb teradata redshift"),
        ("NVARCHAR2", "VARCHAR2 SYSDATE ROWNUM", r"\b(?:VARCHAR2|NVARCHAR2|SYSDATE\b(?!\s*\()|ROWNUM)\b", "oracle"),
        ("WATERMARK FOR", "WATERMARK", r"\bWATERMARK\s+FOR\b", "risingwave"),
        (
            "UNNEST WITH OFFSET",
            "OFFSET EXCEPT REPLACE",
            r"\bWITH\s+OFFSET\b|\b(?:EXCEPT|REPLACE)\s*\((?=[^()]*\)\s*FROM\b)",
            "bigquery databricks",
        ),
    )
)
_BIGQUERY_ONLY: Final = regex(r"\b[rR]['\"]|^[ \t]*#", re.MULTILINE)
_BRACKETED_NAME: Final = regex(r"(?<![\w\]\)])\[[A-Za-z_][\w ]*\]")
_ORDER: Final = (
    "bigquery",
    "snowflake",
    "postgres",
    "tsql",
    "databricks",
    "spark",
    "redshift",
    "mysql",
    "duckdb",
)


def directive(text: str) -> str | None:
    """The dialect that a comment of the text names: ``-- pipesense: dialect=snowflake``."""
    match = _DIRECTIVE.search(text) if "ipesense" in text.casefold() else None
    return match[1].lower() if match else None


def choose(
    directive: str | None, configured: str | None, context: tuple[str, str] | None, text: str
) -> tuple[str, str]:
    """The dialect and why: a directive, else the configuration, else what runs it, else its own words.

    ``context`` is (dialect, what says so), from an operator or a connection. "" is the generic dialect.
    """
    return said(directive, configured, context) or hinted(text)


def said(directive: str | None, configured: str | None, context: tuple[str, str] | None) -> tuple[str, str] | None:
    """The dialect that somebody says and who does, or None where only the text's own words can tell it."""
    if directive:
        return directive, "directive"
    if configured:
        return configured, "configuration"
    return context if context is not None and context[0] else None


def hinted(text: str) -> tuple[str, str]:
    """The one dialect that all the hints in a text allow; generic where none or several remain."""
    return decided(signs(text))


def decided(found: Iterable[int]) -> tuple[str, str]:
    """The one dialect that all the signs allow, with the strictest sign; generic where none or several remain."""
    counts = Counter(found)
    possible, names = _possible(counts)
    opposed = possible is not None and not possible
    if opposed:
        possible, names = _possible(_prevailing(counts))
    if possible is not None and len(possible) == 1:
        return next(iter(possible)), f"{'prevailing ' if opposed else ''}hint: {names[0]}"
    return "", "generic"


def is_certain(why: str) -> bool:
    """Whether why a dialect was chosen leaves no other: somebody says it, or words of its own that nothing opposes."""
    if why.startswith(_GUESSES):
        return False
    return not why.startswith("hint: ") or why.removeprefix("hint: ") in _OWN_WORDS


_GUESSES: Final = ("generic", "prevailing hint: ")
_OWN_WORDS: Final = frozenset([name for name, _, _, dialects in _HINTS if len(dialects) == 1])


def _prevailing(counts: Mapping[int, int]) -> list[int]:
    """Of signs that contradict each other those that a script is full of; all of them where none prevail.

    A name among thousands of words may look like a word of another dialect.
    """
    most = max(counts.values())
    often = [number for number, count in counts.items() if count * _RARE > most]
    return often if most >= _RARE else list(counts)


_RARE: Final = 20
"""A sign that stands in so many times fewer statements than the commonest one may be a mistake."""
_HEX_BYTES: Final = regex(r"\b0x[0-9a-f]{8}", re.IGNORECASE)
"""Bytes, longer than any number: an address or a hash on Dune, whose dialect is Trino's with such literals."""
_QUOTED_NAME: Final = regex(r"[\w\"]\.\"\w")
"""A name in double quotes behind a dot: where quotes hold strings nobody writes that."""


def retries(text: str) -> tuple[str, ...]:
    """Dialects worth trying on a statement that the generic one cannot read, likeliest first.

    ``text`` is without template tags: what stands in them belongs to another language.
    """
    possible, _ = _possible(signs(text))
    if possible:
        return tuple(name for name in _ORDER if name in possible)[:3]
    found = []
    if "`" in text or _BIGQUERY_ONLY.search(text):
        found += ["bigquery", "databricks"]
    if _BRACKETED_NAME.search(text):
        found.append("tsql")
    if _HEX_BYTES.search(text) and "`" not in text:
        found.append("dune")
    if ("\\'" in text or '"' in text) and _QUOTED_NAME.search(text) is None:
        found.append("bigquery")
    return tuple(dict.fromkeys((*found, "postgres", "snowflake", "bigquery")))[:4]


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Compiled when a text first holds one of the words that go with it; few files hold more than three."""
    return re.compile(text, re.IGNORECASE)


def signs(text: str) -> frozenset[int]:
    """The hints that a text holds, by number; those of a script are the union of its statements'."""
    code = _COMMENT_OR_STRING.sub(_stand_in, text[:_LOOKED_AT])
    # A search for a word costs a fortieth of one for a pattern, and most texts hold few of the words.
    upper = code.upper()
    possible = dict.fromkeys([number for word, number in _WORDS if word in upper])
    return frozenset([number for number in possible if _pattern(_HINTS[number][2]).search(code)])


_WORDS: Final = tuple((word, number) for number, (_, words, _, _) in enumerate(_HINTS) for word in words)


def _stand_in(match: re.Match[str]) -> str:
    """A name instead of a tag: it is mostly a part of one (`project.{{ dataset }}.orders`)."""
    return "x" if match[0].startswith("{{") else " "


def _possible(found: Iterable[int]) -> tuple[frozenset[str] | None, list[str]]:
    """The dialects that every hint allows, and the hints from the strictest; contradicting ones tell nothing."""
    seen = [(_HINTS[number][0], _HINTS[number][3]) for number in sorted(found)]
    if not seen:
        return None, []
    seen.sort(key=lambda hint: len(hint[1]))
    possible = seen[0][1]
    for _, dialects in seen[1:]:
        if not possible & dialects:
            return frozenset(), []
        possible = possible & dialects
    return possible, [name for name, _ in seen]
