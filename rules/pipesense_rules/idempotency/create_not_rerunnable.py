"""A CREATE or DROP fails when its script runs a second time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.data import AccessMode, Confidence, DatasetName
from pipesense.model.sql import Create, Drop, Script, Statement
from pipesense.rule.context import Context, TaskRun
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense.text.span import Span
from pipesense_rules import scripts

META = RuleMeta(
    id="idempotency/create-not-rerunnable",
    wants=Script,
    pattern="rerunnable-ddl",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "create": Message(
            Severity.WARNING,
            "This CREATE fails when the task runs again: {kind} {name} is there by then.",
            "A retry stops here with an error that says nothing of what failed the first time.",
            "Say IF NOT EXISTS, say OR REPLACE where that is meant, or drop it before.",
        ),
        "drop": Message(
            Severity.INFO,
            "This DROP fails when the task runs again: {kind} {name} is gone by then.",
            "A retry stops here with an error that says nothing of what failed the first time.",
            "Say DROP ... IF EXISTS.",
        ),
        "create-script": Message(
            Severity.HINT,
            "This CREATE fails when the script is run again: {kind} {name} is there by then.",
            "A script that stopped halfway cannot be started once more.",
            "Say IF NOT EXISTS, or OR REPLACE where that is meant.",
        ),
        "drop-script": Message(
            Severity.HINT,
            "This DROP fails when the script is run again: {kind} {name} is gone by then.",
            "A script that stopped halfway cannot be started once more.",
            "Say DROP ... IF EXISTS.",
        ),
    },
)

_KINDS: Final = frozenset({"table", "view", "materialized view", "schema", "index", "database", "sequence"})
_RENAMES: Final = regex(r"\s*alter\b[^;]*\brename\s+to\b", re.I)
_NO_EXISTS: Final = frozenset({"oracle", "teradata"})
"""Engines, or older versions of them, without IF [NOT] EXISTS."""
_NO_DATABASE: Final = frozenset({"", "postgres", "redshift", "materialize", "risingwave"})
"""Engines without CREATE DATABASE IF NOT EXISTS (https://www.postgresql.org/docs/17/sql-createdatabase.html), and the
generic dialect, which may be one of them."""
_REPLACES: Final = frozenset({"bigquery", "clickhouse", "databricks", "duckdb", "snowflake"})
"""Engines with CREATE OR REPLACE TABLE ... AS."""


@dataclass(frozen=True, slots=True)
class Defining:
    """A CREATE or DROP at its place."""

    statement: Statement
    what: Create | Drop


@rule(META)
def create_not_rerunnable(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the name, once per statement."""
    blocks = scripts.inside_blocks(script)
    found = [
        one
        for index in sorted({at for fact in ("create", "drop") for at, _ in script.numbered(fact)} - blocks)
        if (one := _not_rerunnable(script, index, ctx)) is not None
    ]
    runs = ctx.runs_of(script) if found else ()
    related = [Related(run.task.loc, f"task {run.task.name} runs it") for run in runs[:3]]
    # A script that is run by hand needs to hear it once.
    for one in found if runs else found[:1]:
        if runs and all(_cleared_before(one, run) for run in runs):
            continue
        if isinstance(one.what, Create):
            name, at = ".".join(one.what.parts), one.what.name_span
        else:
            name, at = ".".join(one.what.names[0][0]), one.what.names[0][1]
        variant = ("create" if isinstance(one.what, Create) else "drop") + ("" if runs else "-script")
        place = one.statement.at(at or one.what.kind_span)
        yield ctx.finding(variant, at=place, related=related, subject=one, kind=one.what.kind, name=name)


def _cleared_before(one: Defining, run: TaskRun) -> bool:
    """Whether SQL that the same task runs earlier takes the thing away."""
    if not isinstance(one.what, Create):
        return False
    name = DatasetName(tuple(part.lower() for part in one.what.parts))
    return any(
        access.mode is AccessMode.DROP and access.dataset.match(name) is not Confidence.NONE for access in run.before
    )


def _not_rerunnable(script: Script, index: int, ctx: Context) -> Defining | None:
    statement = script.statements[index]
    facts = statement.facts
    before = script.statements[:index]
    create, drop = facts.create, facts.drop
    if facts.error or facts.dialect in _NO_EXISTS:
        return None
    if create is not None:
        if create.replace or create.if_not_exists or create.temporary or create.kind not in _KINDS:
            return None
        if not create.parts or scripts.is_masked(create.parts) or _dropped(before, create):
            return None
        unknown = scripts.mentions(before, create.parts[-1], ctx)
        if _renamed(script.statements[index + 1 :], create, ctx):
            return None
        return None if unknown or _in_new_schema(before, create.parts) else Defining(statement, create)
    if drop is not None:
        if drop.if_exists or drop.temporary or drop.kind not in _KINDS or len(drop.names) != 1:
            return None
        parts = drop.names[0][0]
        everything = (*before, *script.statements[index + 1 :])
        if scripts.is_masked(parts) or _created(everything, drop.kind, parts) or _ignores_missing(statement):
            return None
        return None if scripts.mentions(before, parts[-1], ctx) else Defining(statement, drop)
    return None


def _ignores_missing(statement: Statement) -> bool:
    """Hive drops what is not there without a word (hive.exec.drop.ignorenonexistent is true by default)."""
    return statement.facts.dialect == "hive" or statement.loc.file.endswith(".hql")


def _dropped(before: tuple[Statement, ...], create: Create) -> bool:
    """Whether the script takes the thing away first, or renames it."""
    for statement in before:
        drop, alter = statement.facts.drop, statement.facts.alter
        if drop is not None and any(scripts.same(parts, create.parts) for parts, _ in drop.names):
            return True
        if alter is not None and scripts.same(alter.parts, create.parts):
            return True
    return False


def _renamed(after: tuple[Statement, ...], create: Create, ctx: Context) -> bool:
    """Whether the script gives the thing its final name later: the name that it has meanwhile is free again."""
    for statement in after:
        alter = statement.facts.alter
        if alter is None:
            # What a parser has no words for (ALTER INDEX ... RENAME TO ...) is seen by its own words.
            if scripts.mentions((statement,), create.parts[-1], ctx) and _RENAMES.match(ctx.text(statement.loc)):
                return True
        elif scripts.same(alter.parts, create.parts):
            return any(action.what in ("rename", "swap") for action in alter.actions)
    return False


def _in_new_schema(before: tuple[Statement, ...], parts: tuple[str, ...]) -> bool:
    """Whether the script drops the schema or database around it first."""
    drops = [statement.facts.drop for statement in before]
    return any(
        drop is not None
        and drop.kind in ("schema", "database")
        and any(scripts.same(names, parts[:-1]) for names, _ in drop.names)
        for drop in drops
    )


def _created(before: tuple[Statement, ...], kind: str, parts: tuple[str, ...]) -> bool:
    """Whether the script made the thing itself (a table for work in between, a rename)."""
    for statement in before:
        create, alter = statement.facts.create, statement.facts.alter
        if create is not None and create.kind == kind and scripts.same(create.parts, parts):
            return True
        if alter is not None and any(scripts.same(action.table, parts) for action in alter.actions):
            return True
    return False


@create_not_rerunnable.fix
def say_if_exists(finding: Finding, one: Defining, ctx: Context) -> Offer | None:
    """IF EXISTS for a DROP, OR REPLACE for a view and a table of a query, IF NOT EXISTS for the rest."""
    what, statement = one.what, one.statement
    dialect = statement.facts.dialect
    word = ctx.text(statement.at(what.keyword))
    behind = Span(what.kind_span.end, what.kind_span.end)
    if isinstance(what, Drop):
        return Offer("Add IF EXISTS", _insert(one, behind, " IF EXISTS", word), Applicability.UNSAFE)
    if what.kind == "view" and dialect not in ("sqlite",):
        start = Span(what.keyword.end, what.keyword.end)
        replacing = " OR ALTER" if dialect in ("tsql", "fabric") else " OR REPLACE"
        return Offer(f"Write CREATE{replacing} VIEW", _insert(one, start, replacing, word), Applicability.UNSAFE)
    table = statement.facts.table
    if what.kind == "table" and table is not None and table.from_query:
        # IF NOT EXISTS would keep the rows of the first run for good.
        if dialect not in _REPLACES:
            return None
        start = Span(what.keyword.end, what.keyword.end)
        return Offer("Write CREATE OR REPLACE TABLE", _insert(one, start, " OR REPLACE", word), Applicability.UNSAFE)
    if (
        dialect in ("tsql", "fabric")
        or (what.kind == "database" and dialect in _NO_DATABASE)
        or (what.kind == "index" and dialect in ("mysql", "redshift"))
    ):
        return None
    return Offer("Add IF NOT EXISTS", _insert(one, behind, " IF NOT EXISTS", word), Applicability.UNSAFE)


def _insert(one: Defining, place: Span, words: str, like: str) -> Replace:
    return Replace(one.statement.at(place), words.lower() if like.islower() else words)
