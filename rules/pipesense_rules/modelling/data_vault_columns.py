"""A hub, link or satellite lacks a column that makes it one."""

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
    id="modelling/data-vault-columns",
    wants=Script,
    pattern="data-vault",
    since="0.1",
    roles=PRODUCTION | {FileRole.MIGRATION},
    messages={
        "when": Message(
            Severity.WARNING,
            "{table} is a {kind} without a column for when a row was loaded.",
            "The load time tells what was known when; without it a load cannot be told from the one before, nor taken "
            "back.",
            "Add load_dts TIMESTAMP NOT NULL.",
        ),
        "source": Message(
            Severity.WARNING,
            "{table} is a {kind} without a column for where a row came from.",
            "Several systems feed one {kind}; without the record source nobody can say which of them is wrong.",
            "Add record_source.",
        ),
        "ends": Message(
            Severity.WARNING,
            "{table} is a link and holds the key of {found} hub.",
            "A link says which things belong together, so it needs the keys of two hubs at least.",
            "Add the key of each hub that takes part.",
        ),
        "history": Message(
            Severity.WARNING,
            "{table} is a satellite, and its primary key ({key}) leaves out {when}.",
            "A satellite keeps every state of a thing. With this key the second state of one thing is refused, or "
            "overwrites the first.",
            "Write PRIMARY KEY ({key}, {when}).",
        ),
    },
)

_KINDS: Final = {"hub": "hub", "link": "link", "lnk": "link", "sat": "satellite"}
_WHEN: Final = regex(
    r"(?:^|_)(?:ldts|lddts|ldt|load|loaded|ld_?(?:dtm|dts|ts)|inserted?_(?:at|ts|date|dts))(?:_|$)|[a-z]ldts$", re.I
)
_WHERE: Final = regex(r"(?:^|_)(?:rsrc|rs|rec(?:ord)?_?so?u?rce?|recsrc|source|src|source_system)(?:_|$)", re.I)
_HASH: Final = regex(r"(?:^|_)(?:hk|hkey|hash_?key|hsh|sqn)(?:_|$)", re.I)
_KEY: Final = regex(r"(?:^|_)(?:hk|hkey|hash_?key|hsh|sqn|id|key|sk|pk|bk|code|number|no|nr)(?:_|$)|id$", re.I)


@rule(META)
def data_vault_columns(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the table's name, where at least one column shows that it is a data vault's."""
    for made in tables.tables(script, ctx):
        words = made.table.parts[-1].casefold().split("_")
        kind = _KINDS.get(words[0]) or _KINDS.get(words[-1])
        names = [column.name for column in made.table.columns]
        when = next((name for name in names if _WHEN.search(name)), "")
        source = next((name for name in names if _WHERE.search(name)), "")
        hashes = [name for name in names if _HASH.search(name)]
        if not kind or not (hashes or (when and source) or (source and _is_rsrc(source))):
            continue
        table, at = ".".join(made.table.parts), made.statement.at(made.table.name_span)
        if not when:
            yield ctx.finding("when", at=at, table=table, kind=kind)
        if not source and kind != "satellite":
            yield ctx.finding("source", at=at, table=table, kind=kind)
        if kind == "link":
            keys = [name for name in names if _KEY.search(name) and name not in (when, source)]
            own = sum(not _refers(name, made) and name in made.primary_key[:1] for name in keys)
            if len(keys) - own < 2:
                yield ctx.finding("ends", at=at, table=table, found="one" if len(keys) > own else "no")
        key = made.primary_key
        if kind == "satellite" and key and when and not any(_WHEN.search(name) for name in key):
            yield ctx.finding("history", at=at, table=table, key=", ".join(key), when=when)


def _refers(name: str, made: tables.Made) -> bool:
    return any(name in each.columns for each in made.table.references)


def _is_rsrc(name: str) -> bool:
    return "rsrc" in name.casefold() or "record_source" in name.casefold()
