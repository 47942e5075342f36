"""An event store lets two events of one stream have the same version."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.sql import Script
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
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
        yield ctx.finding("both", at=at, table=".".join(made.table.parts), stream=stream, version=version)
