"""Events that happened are changed or taken away."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.sql import Statement, Write
from pipesense.model.value import Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import event_store, queries

_WHY = (
    "The log is what every state is rebuilt from. Readers that have seen the event keep what they made of it, and a "
    "replay gives another result than the first run."
)
_DO = "Append an event that corrects or cancels the earlier one."

META = RuleMeta(
    id="correctness/event-store-mutated",
    wants=Statement,
    given=("write",),
    pattern="event-sourcing",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO},
    messages={
        "changed": Message(Severity.WARNING, "This {verb} changes events of {table} that have happened.", _WHY, _DO),
        "removed": Message(Severity.WARNING, "This DELETE takes events of {table} away.", _WHY, _DO),
    },
)


@rule(META)
def event_store_mutated(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the target, where its definition shows a stream and a version per event."""
    write = statement.facts.write
    if write is None or statement.facts.error or statement.facts.unsure or write.opaque or not write.target:
        return
    variant = _variant(write)
    if not variant:
        return
    relation = ctx.relation_of(write.target, statement)
    if not isinstance(relation, Known):
        return
    names = [column.name for column in relation.value.columns]
    found = event_store.stream_and_version(write.target[-1], names)
    if found is None or (variant == "removed" and _is_retention(write, found[0])):
        return
    place = ctx.place_of(relation.value.dataset)
    yield ctx.finding(
        variant,
        at=statement.at(write.target_span),
        related=[Related(place, f"one row per {found[0]} and {found[1]}")] if place is not None else [],
        verb=write.verb.upper(),
        table=".".join(write.target),
    )


def _variant(write: Write) -> str:
    if write.verb == "update" or write.conflict in ("update", "replace"):
        return "changed"
    if write.merge is not None:
        actions = {one.action for one in write.merge.branches}
        return "changed" if "update" in actions else "removed" if "delete" in actions else ""
    return "removed" if write.verb == "delete" else ""


def _is_retention(write: Write, stream: str) -> bool:
    """Whether old events go as a whole, by their age, or a whole stream does (a person's right to be forgotten)."""
    if not write.where or any(part.opaque and part.op == "hole" for part in write.where):
        return True
    columns = {queries.last_name(column) for column in queries.columns(*write.where)}
    older = any(part.op in ("lt", "lte") for part in write.where)
    return older or columns == {stream.casefold()}
