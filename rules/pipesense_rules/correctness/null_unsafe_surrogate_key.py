"""A key is hashed from columns in a way that makes different rows equal or the key NULL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.columns import Family
from pipesense.model.sql import Expr, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense_rules import queries, shapes

_DO = "Hash COALESCE(CAST(a AS ...), '') || '|' || COALESCE(CAST(b AS ...), ''), with a separator that no value holds."

_WHY = "Text joined with NULL is NULL, and so is its hash: all such rows share no key, or one key, and joins lose them."

META = RuleMeta(
    id="correctness/null-unsafe-surrogate-key",
    wants=Statement,
    given=("blocks",),
    pattern="surrogate-key",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO},
    messages={
        "null": Message(
            Severity.WARNING,
            "{key} is NULL as soon as one of {columns} is.",
            _WHY + " {nullable} may be NULL where it is made.",
            _DO,
        ),
        "unknown": Message(
            Severity.INFO,
            "{key} would be NULL if one of {columns} were.",
            _WHY + " Nothing in the workspace says whether they may be NULL.",
            _DO,
        ),
        "separator": Message(
            Severity.WARNING,
            "{key} is the same for different rows: nothing stands between {columns}.",
            "'ab' and 'c' give the same text as 'a' and 'bc', and so the same hash.",
            _DO,
        ),
    },
)

_HASHES: Final = frozenset(
    {
        *("md5", "md5_digest", "md5_hex", "md5_binary", "sha", "sha1", "sha1_hex", "sha2", "sha2_hex", "sha2_binary"),
        *("sha224", "sha256", "sha384", "sha512", "sha2_digest", "s_h_a2_digest", "sha1_digest", "s_h_a1_digest"),
        *("farm_fingerprint", "xxhash64", "hashbytes", "fnv_hash", "strtol_md5", "murmur_hash"),
    }
)
_SAFE: Final = frozenset(
    {
        *("coalesce", "case", "if", "ifnull", "nvl", "nvl2", "iff", "isnull", "zeroifnull", "concat_ws", "hole"),
        *("parameter", "subquery", "to_json_string", "array_to_string", "window", "function"),
    }
)
"""What may say what happens to NULL."""
_KEY_WORDS: Final = frozenset(
    {"id", "key", "sk", "hk", "pk", "hash", "hashkey", "hashdiff", "uuid", "fingerprint", "uid"}
)
_FIXED: Final = frozenset({"id", "uuid", "guid", "hash", "md5", "sha", "date", "day", "dt", "at", "ts", "timestamp"})
"""Words in the names of columns whose values mostly have one length, so that what follows starts at one place."""
_FIXED_FAMILIES: Final = frozenset({Family.DATE, Family.BOOLEAN, Family.TIMESTAMP, Family.TIMESTAMPTZ})
_FIXED_TYPE: Final = regex(r"(?:N?CHAR|CHARACTER|BPCHAR)\s*\(|UUID\b|UNIQUEIDENTIFIER\b")
_PROPAGATE: Final = frozenset(
    {
        *("bigquery", "snowflake", "mysql", "spark", "spark2", "databricks", "hive"),
        *("trino", "presto", "athena", "redshift"),
    }
)
"""Dialects whose CONCAT of a NULL is NULL; PostgreSQL, DuckDB and SQL Server leave it out."""


@rule(META)
def null_unsafe_surrogate_key(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At what is hashed, where the output is named like a key."""
    if statement.facts.error:
        return
    for block in statement.facts.blocks:
        for output in block.outputs:
            if not output.aliased or not shapes.words(output.name) & _KEY_WORDS:
                continue
            for call in output.expr.walk():
                if (call.op not in _HASHES and call.name.lower() not in _HASHES) or call.opaque:
                    continue
                joined = _joined(call)
                found = _variant(joined, statement, ctx) if joined is not None else None
                if joined is not None and found is not None:
                    columns = _named(joined)
                    listed = " and ".join([", ".join(columns[:-1]), columns[-1]])
                    variant, nullable = found
                    at = statement.at(joined.span)
                    yield ctx.finding(variant, at=at, key=output.name, columns=listed, nullable=nullable)
                    break


def _variant(joined: Expr, statement: Statement, ctx: Context) -> tuple[str, str] | None:
    """What is wrong with a joined text, and the column that may be NULL; None where nothing is wrong, or where it
    holds one column only.
    """
    parts = _parts(joined)
    columns = [_column(part) for part in parts]
    if len(_named(joined)) < 2:
        return None
    touching = [part for at, part in enumerate(parts[:-1]) if columns[at] and columns[at + 1]]
    if any(not _is_fixed(part, statement, ctx) for part in touching):
        return "separator", ""
    if not _loses_null(joined, statement.facts.dialect) or any(map(_is_safe, parts)):
        return None
    asked = [(name, ctx.nullable(part, statement)) for name, part in zip(columns, parts, strict=True) if name]
    nullable = next((name for name, answer in asked if answer), "")
    if nullable:
        return "null", nullable
    return ("unknown", "") if any(answer is None for _, answer in asked) else None


def _is_fixed(part: Expr, statement: Statement, ctx: Context) -> bool:
    """Whether the values of a part have one length, so that what follows starts at one place."""
    if shapes.words(_column(part)) & _FIXED:
        return True
    kind = ctx.type_of(next(queries.columns(part)), statement)
    return kind.family in _FIXED_FAMILIES or bool(_FIXED_TYPE.match(kind.text))


def _named(joined: Expr) -> list[str]:
    return [name for name in map(_column, _parts(joined)) if name]


def _joined(call: Expr) -> Expr | None:
    """The text that is joined from columns inside a hash; conversions around it are passed through."""
    todo = [arg for arg in call.args if arg.op != "literal"]
    while len(todo) == 1:
        if todo[0].op == "concat":
            return todo[0]
        todo = [arg for arg in todo[0].args if arg.op != "literal"] if todo[0].op not in _SAFE else []
    return None


def _parts(joined: Expr) -> list[Expr]:
    return [part for arg in joined.args for part in (_parts(arg) if arg.op == "concat" else [arg])]


def _loses_null(joined: Expr, dialect: str) -> bool:
    """Whether a NULL makes the whole NULL: ``||`` everywhere but in Oracle, CONCAT on some engines."""
    return dialect in _PROPAGATE if joined.kind == "function" else dialect != "oracle"


def _is_safe(part: Expr) -> bool:
    return any(each.op in _SAFE for each in part.walk())


def _column(part: Expr) -> str:
    """The name of the column that a part is, also where it is cast or trimmed; "" for anything else."""
    columns = [each for each in part.walk() if each.op == "column"]
    if len(columns) != 1 or part.op in ("date", "current_date", "lpad", "rpad", "md5", "md5_digest", "to_hex"):
        return ""
    return ".".join(columns[0].path) if not _is_safe(part) or part.op == "coalesce" else ""
