"""A fact table holds keys of dimensions and does not say whose they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import Script
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense_rules import tables

META = RuleMeta(
    id="modelling/fact-without-dimension-ref",
    wants=Script,
    pattern="dimensional-model",
    since="0.1",
    roles=PRODUCTION | {FileRole.MIGRATION},
    messages={
        "keys": Message(
            Severity.INFO,
            "{table} holds the keys {keys} and refers to no table.",
            "Nothing says which dimension they belong to: a key without a row drops the fact from every join, and "
            "nobody sees it missing.",
            "Write REFERENCES behind them, or check them after the load.",
        ),
    },
)

_FACT: Final = frozenset({"fact", "facts", "fct"})
_KEY: Final = regex(r"_(?:key|id|sk|fk|hk)$", re.I)
_SHOWN: Final = 3


@rule(META)
def fact_without_dimension_ref(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the table's name. A check that the keys have their rows (dbt relationships) says the same as a reference."""
    for made in tables.tables(script, ctx):
        if not made.words & _FACT or made.references or made.statement.facts.dialect in tables.WITHOUT_KEYS:
            continue
        own = {name.casefold() for name in made.primary_key} if len(made.primary_key) == 1 else set()
        keys = [
            column.name
            for column in made.table.columns
            if _KEY.search(column.name) and column.name.casefold() not in own and not column.primary_key
        ]
        if not keys:
            continue
        shown = ", ".join(keys[:_SHOWN]) + (" ..." if len(keys) > _SHOWN else "")
        at = made.statement.at(made.table.name_span)
        yield ctx.finding("keys", at=at, table=".".join(made.table.parts), keys=shown)
