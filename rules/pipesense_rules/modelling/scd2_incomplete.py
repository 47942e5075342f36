"""A dimension keeps versions, and a version's start or end is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import ColumnDef, Script
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense_rules import tables

META = RuleMeta(
    id="modelling/scd2-incomplete",
    wants=Script,
    pattern="slowly-changing-dimension",
    since="0.1",
    roles=PRODUCTION | {FileRole.MIGRATION},
    messages={
        "end": Message(
            Severity.WARNING,
            "{table} has {column} and no column for the end of a version.",
            "Which version was valid on a day can then be told only from the version behind it, and a thing that "
            "ended, with none behind it, stays valid for ever.",
            "Add valid_to: the start of the next version, open for the last one.",
        ),
        "start": Message(
            Severity.WARNING,
            "{table} has {column} and no column for the start of a version.",
            "A fact finds each version that has not ended yet, also those that came after it.",
            "Add valid_from.",
        ),
        "unique": Message(
            Severity.INFO,
            "Nothing keeps two versions of one {natural} in {table} from starting at the same {column}.",
            "The only key is {key}, which each load makes anew: a load that runs twice leaves two versions, and facts "
            "that are joined by time are doubled.",
            "Add UNIQUE ({natural}, {column}).",
        ),
    },
)

_DIMENSION: Final = frozenset({"dim", "dims", "dimension", "scd", "scd2"})
_START: Final = regex(r"(?:^|_)(?:valid_?from|(?:effective|eff)_?(?:from|start|date|dt|dtm|ts|at)?$)", re.I)
_END: Final = regex(
    r"(?:^|_)(?:valid_?(?:to|until|thru|through)|(?:effective|eff)_?(?:to|until|end|thru)|expir(?:y|ed|es|ation|e)?(?:_|$))",
    re.I,
)
_CURRENT: Final = regex(r"^(?:is_)?(?:current|active|latest)(?:_(?:flag|ind|indicator|version|row))?$", re.I)
_PLAIN_START: Final = regex(r"(?:^|_)(?:start|begin|from)(?:_|$)", re.I)
_PLAIN_END: Final = regex(r"(?:^|_)(?:end|until|to)(?:_|$)", re.I)
_SURE: Final = regex(r"valid_?from|valid_?to|effective_?(?:from|to)|dbt_valid", re.I)
_KEY: Final = regex(r"_(?:id|key|code|nr|no|number|bk|nk)$", re.I)


@rule(META)
def scd2_incomplete(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the column whose partner is missing. One word alone (``expiry_date`` of a voucher) says nothing."""
    for made in tables.tables(script, ctx):
        if not made.words & _DIMENSION:
            continue
        columns = made.table.columns
        start, end = _first(columns, _START), _first(columns, _END)
        current = _first(columns, _CURRENT)
        name = ".".join(made.table.parts)
        if start is not None and end is None and _first(columns, _PLAIN_END) is None:
            if current is not None or _SURE.search(start.name):
                yield ctx.finding("end", at=made.statement.at(start.name_span), table=name, column=start.name)
        elif end is not None and start is None and _first(columns, _PLAIN_START) is None:
            if current is not None or _SURE.search(end.name):
                yield ctx.finding("start", at=made.statement.at(end.name_span), table=name, column=end.name)
        elif start is not None and end is not None:
            yield from _unique(made, start, ctx)


def _unique(made: tables.Made, start: ColumnDef, ctx: Context) -> Iterator[Finding]:
    """Whether versions may overlap: the one key is a surrogate, and no other holds the start."""
    if len(made.primary_key) != 1 or made.statement.facts.dialect in tables.WITHOUT_KEYS:
        return
    key = made.primary_key[0]
    if any(start.name.casefold() in (name.casefold() for name in names) for names in made.unique):
        return
    others = [column for column in made.table.columns if column.name.casefold() != key.casefold()]
    natural = next((column for column in others if _KEY.search(column.name) and not column.references), None)
    if natural is None or natural.unique:
        return
    yield ctx.finding(
        "unique",
        at=made.statement.at(start.name_span),
        table=".".join(made.table.parts),
        natural=natural.name,
        column=start.name,
        key=key,
    )


def _first(columns: tuple[ColumnDef, ...], names: re.Pattern[str]) -> ColumnDef | None:
    return next((column for column in columns if names.search(column.name)), None)
