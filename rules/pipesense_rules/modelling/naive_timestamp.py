"""The moment of an event is declared without a time zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import TableDef
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex

META = RuleMeta(
    id="modelling/naive-timestamp",
    wants=TableDef,
    pattern="time-arithmetic",
    since="0.1",
    roles=PRODUCTION,
    scope=Scope.UNIT,
    messages={
        "naive": Message(
            Severity.INFO,
            "{columns} of {table} {hold} a date and a time without a time zone.",
            "Which moment that is depends on who wrote it: an application in UTC and a session in local time store "
            "different moments as the same value.",
            "Declare {type}, or agree on UTC and say so in the name (created_at_utc).",
        ),
    },
)

_WITH_ZONE: Final = {
    "postgres": "TIMESTAMPTZ",
    "redshift": "TIMESTAMPTZ",
    "snowflake": "TIMESTAMP_TZ",
    "oracle": "TIMESTAMP WITH TIME ZONE",
    "trino": "TIMESTAMP WITH TIME ZONE",
    "athena": "TIMESTAMP WITH TIME ZONE",
    "tsql": "DATETIMEOFFSET",
    "duckdb": "TIMESTAMPTZ",
}
_NAIVE: Final = regex(
    r"(?:TIMESTAMP|TIMESTAMP_NTZ|TIMESTAMPNTZ|DATETIME|DATETIME2|SMALLDATETIME)(?:\(\d+\))?(?: WITHOUT TIME ZONE)?"
)
_MOMENT: Final = regex(r"(?:_at|_ts|_timestamp|^timestamp|^event_time|_occurred|_datetime)$", re.I)


@rule(META)
def naive_timestamp(table: TableDef, ctx: Context) -> Iterator[Finding]:
    """Once per table, at the first such column."""
    wanted = _WITH_ZONE.get(ctx.dialect)
    if wanted is None or table.kind != "table":
        return
    found = [each for each in table.columns if _NAIVE.fullmatch(each.type) and _MOMENT.search(each.name)]
    if found:
        names = [column.name for column in found]
        listed = names[0] if len(names) == 1 else " and ".join([", ".join(names[:-1]), names[-1]])
        yield ctx.finding(
            "naive",
            at=found[0].span,
            columns=listed,
            table=table.parts[-1] if table.parts else "the table",
            hold="holds" if len(names) == 1 else "hold",
            type=wanted,
        )
