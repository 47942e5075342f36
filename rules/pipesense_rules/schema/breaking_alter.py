"""ALTER TABLE makes a column narrower than the values it holds, or asks for values that no row has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.columns import Family
from pipesense.model.data import Column
from pipesense.model.sql import Alter, AlterAction, Statement
from pipesense.model.value import Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense.text.span import Span

META = RuleMeta(
    id="schema/breaking-alter",
    wants=Statement,
    given=("alter",),
    pattern="schema-evolution",
    since="0.1",
    roles=PRODUCTION | {FileRole.MIGRATION},
    messages={
        "narrower": Message(
            Severity.WARNING,
            "{column} of {table} becomes {new}, which cannot hold everything that {old} can.",
            "The engine stops at the first value that does not fit, or cuts it off; loads that still write such values "
            "fail from then on.",
            "Add a new column of the new type, fill it, move readers and writers, then drop the old one.",
        ),
        "required": Message(
            Severity.WARNING,
            "{column} is added to {table} as NOT NULL without a DEFAULT.",
            "Rows that are there have no value for it, so the engine refuses as soon as the table holds one; every "
            "INSERT that does not name the column fails too.",
            "Give it a DEFAULT, or add it without NOT NULL, fill it and forbid NULL afterwards.",
        ),
    },
)

_IMPLICIT: Final = frozenset({"mysql", "clickhouse", "doris", "starrocks"})
"""Dialects in which a column without a DEFAULT gets 0 or '' by itself."""
_WIDTHS: Final = {
    **dict.fromkeys(("TINYINT", "INT8", "BYTE"), 1),
    **dict.fromkeys(("SMALLINT", "INT16", "SHORT"), 2),
    "MEDIUMINT": 3,
    **dict.fromkeys(("INT", "INTEGER", "INT4", "INT32"), 4),
    **dict.fromkeys(("BIGINT", "INT64", "LONG"), 8),
}
"""Bytes of an integer; INT8 means one byte in some dialects and eight in others, so it is left out below."""
_FLOATS: Final = {"REAL": 4, "FLOAT4": 4, "DOUBLE": 8, "DOUBLE PRECISION": 8, "FLOAT8": 8, "FLOAT64": 8}
_NUMBERS: Final = regex(r"\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")
_NAME: Final = regex(r"[A-Z][A-Z0-9_ ]*[A-Z0-9]|[A-Z]")
_TEXT_WITHOUT_END: Final = frozenset({"TEXT", "STRING", "CLOB", "LONGTEXT", "VARCHAR", "NVARCHAR"})
_LOSING: Final = frozenset(
    {
        *((Family.TIMESTAMP, Family.DATE), (Family.TIMESTAMPTZ, Family.DATE), (Family.TIMESTAMP, Family.TIME)),
        *((Family.FLOAT, Family.INT), (Family.DECIMAL, Family.INT)),
        *((Family.STRING, each) for each in (Family.INT, Family.DECIMAL, Family.FLOAT, Family.DATE, Family.BOOLEAN)),
    }
)
_ZEROS: Final = {
    Family.INT: "0",
    Family.DECIMAL: "0",
    Family.FLOAT: "0",
    Family.STRING: "''",
    Family.BOOLEAN: "FALSE",
}


@rule(META)
def breaking_alter(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the action."""
    alter = statement.facts.alter
    if alter is None or statement.facts.error or statement.facts.unsure or alter.kind != "table":
        return
    for action in alter.actions:
        if action.what == "change type" and action.type and "{" not in action.type:
            yield from _narrower(action, alter, statement, ctx)
        elif action.what == "add column" and action.column is not None:
            column = action.column
            if column.nullable or column.has_default or column.identity or column.generated is not None:
                continue
            if statement.facts.dialect in _IMPLICIT or "SERIAL" in column.type or _is_new(alter, statement):
                continue
            at = statement.at(action.span if action.span.end >= 0 else alter.span)
            subject = (action, statement)
            yield ctx.finding("required", at=at, subject=subject, column=action.name, table=".".join(alter.parts))


def _is_new(alter: Alter, statement: Statement) -> bool:
    """Whether the script itself made the table, which is mostly empty then."""
    name = alter.parts[-1].casefold()
    return any(one.kind != "altered" and one.dataset.table == name for one in statement.local)


def _narrower(action: AlterAction, alter: Alter, statement: Statement, ctx: Context) -> Iterator[Finding]:
    relation = ctx.relation_of(alter.parts, statement)
    if not isinstance(relation, Known):
        return
    folded = action.name.casefold()
    column = next((one for one in relation.value.columns if one.name.casefold() == folded), None)
    if column is None or not is_narrower(column, action.type):
        return
    place = ctx.place_of(relation.value.dataset, column.name)
    yield ctx.finding(
        "narrower",
        at=statement.at(action.span if action.span.end >= 0 else alter.span),
        subject=(action, statement),
        related=[Related(place, f"{column.name} is {column.type}")] if place is not None else [],
        column=action.name,
        table=".".join(alter.parts),
        old=column.type,
        new=action.type,
    )


def is_narrower(column: Column, new: str) -> bool:
    """Whether values of the column may not fit the new type; False where that cannot be told from the two names."""
    old = column.type
    before, after = _name(old), _name(new)
    if before in _WIDTHS and after in _WIDTHS and "INT8" not in (before, after):
        return _WIDTHS[after] < _WIDTHS[before]
    if before in _FLOATS and after in _FLOATS:
        return _FLOATS[after] < _FLOATS[before]
    families = (column.family, _family(after))
    if families == (Family.STRING, Family.STRING):
        return _shorter(old, new, before)
    if families == (Family.DECIMAL, Family.DECIMAL):
        return _fewer_digits(old, new)
    return families in _LOSING


def _name(text: str) -> str:
    found = _NAME.match(text)
    return found.group().strip() if found else ""


def _family(name: str) -> Family | None:
    if name in _WIDTHS:
        return Family.INT
    if name in _FLOATS or name == "FLOAT":
        return Family.FLOAT
    if name in ("DECIMAL", "NUMERIC"):
        return Family.DECIMAL
    if name in _TEXT_WITHOUT_END or name in ("CHAR", "NCHAR", "CHARACTER VARYING", "CHARACTER"):
        return Family.STRING
    return {"DATE": Family.DATE, "TIME": Family.TIME, "BOOLEAN": Family.BOOLEAN, "BOOL": Family.BOOLEAN}.get(name)


def _shorter(old: str, new: str, before: str) -> bool:
    was, becomes = _NUMBERS.search(old), _NUMBERS.search(new)
    if becomes is None:
        return False
    if was is None:
        return before in ("TEXT", "STRING", "CLOB", "LONGTEXT")
    return int(becomes.group(1)) < int(was.group(1))


def _fewer_digits(old: str, new: str) -> bool:
    was, becomes = _NUMBERS.search(old), _NUMBERS.search(new)
    if was is None or becomes is None:
        return False
    scales = int(was.group(2) or 0), int(becomes.group(2) or 0)
    return scales[1] < scales[0] or int(becomes.group(1)) - scales[1] < int(was.group(1)) - scales[0]


@breaking_alter.fix
def add_default(finding: Finding, subject: tuple[AlterAction, Statement], ctx: Context) -> Offer | None:
    """An empty value for the rows that are there; what they should really get is not known here."""
    action, statement = subject
    column = action.column
    if finding.variant != "required" or column is None or action.span.end < 0:
        return None
    zero = _ZEROS.get(_family(_name(column.type)) or Family.UNKNOWN)
    if zero is None:
        return None
    end = Span(column.span.end, column.span.end)
    return Offer(f"Add DEFAULT {zero}", Replace(statement.at(end), f" DEFAULT {zero}"), Applicability.UNSAFE)
