"""An event store lets two events of one stream have the same version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipesense.model.change import Replace
from pipesense.model.sql import Script, Statement, TableDef
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import event_store, tables

META = RuleMeta(
    id="correctness/event-version-not-unique",
    wants=Script,
    pattern="event-sourcing",
    since="0.1",
    roles=PRODUCTION | {FileRole.MIGRATION},
    messages={
        "both": Message(
            Severity.WARNING,
            "Nothing keeps two events of one {stream} in {table} from having the same {version}.",
            "Two writers that have read the same state both append their event. The second was decided on a state that "
            "was gone, and a replay applies both.",
            "Add UNIQUE ({stream}, {version}): the second writer fails, reads again and decides anew.",
        ),
    },
)


@dataclass(frozen=True, slots=True)
class _Keyless:
    statement: Statement
    table: TableDef
    stream: str
    version: str


@rule(META)
def event_version_not_unique(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the table's name. A key on the version alone, over all streams, does as well."""
    for made in tables.tables(script, ctx):
        if made.statement.facts.dialect in tables.WITHOUT_KEYS:
            continue
        found = event_store.stream_and_version(made.table.parts[-1], [column.name for column in made.table.columns])
        if found is None:
            continue
        stream, version = found
        keys = [{name.casefold() for name in key} for key in (made.primary_key, *made.unique)]
        single = {column.name.casefold() for column in made.table.columns if column.unique or column.primary_key}
        # A counter over all streams is unique by itself; a key may name a tenant or a type beside both.
        if version.casefold() in single or any(version.casefold() in key for key in keys):
            continue
        if any(column.identity and column.name == version for column in made.table.columns):
            continue
        at = made.statement.at(made.table.name_span)
        subject = _Keyless(made.statement, made.table, stream, version)
        yield ctx.finding(
            "both", at=at, subject=subject, table=".".join(made.table.parts), stream=stream, version=version
        )


@event_version_not_unique.fix
def add_key(finding: Finding, keyless: object, ctx: Context) -> Offer | None:
    """UNIQUE behind the last column, laid out as the columns are."""
    if not isinstance(keyless, _Keyless):
        return None
    listed = [column for column in keyless.table.columns if not column.partition]
    if not listed or listed[-1].span.end < 0:
        return None
    end = listed[-1].span.end
    key = f"UNIQUE ({keyless.stream}, {keyless.version})"
    before = ctx.text(keyless.statement.at(Span(0, listed[-1].span.start)))
    indent = before.rpartition("\n")[2]
    gap = f"\n{indent}" if "\n" in before and not indent.strip() else " "
    change = Replace(keyless.statement.at(Span(end, end)), f",{gap}{key}")
    return Offer(f"Add {key}", change, Applicability.UNSAFE)
