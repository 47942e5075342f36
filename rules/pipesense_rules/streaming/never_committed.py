"""Messages are worked on, and nobody ever says that they are done."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.broker import MessageLoop, StreamClient
from pipesense.model.change import Replace
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import brokers

META = RuleMeta(
    id="streaming/never-committed",
    wants=MessageLoop,
    pattern="delivery-guarantees",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "position": Message(
            Severity.WARNING,
            "Nothing here ever calls {done}, and {library} keeps no position by itself.",
            "After every restart the group begins as a new one does: all over again, or at the end.",
            "Call {done} behind the work.",
        ),
        "message": Message(
            Severity.WARNING,
            "Nothing here ever calls {done} for a message.",
            "The broker hands every message out again and again, and keeps all of them.",
            "Call {done} behind the work.",
        ),
    },
)


@rule(META)
def never_committed(loop: MessageLoop, ctx: Context) -> Iterator[Finding]:
    """Where the loop or function starts."""
    if not loop.never_done or not brokers.work(loop):
        return
    client = loop.client
    if client is None and not loop.called:
        return
    if loop.individual:
        variant = "message"
    elif client is None or _keeps_positions(client):
        variant = "position"
    else:
        return
    yield ctx.finding(variant, at=loop.loc, done=loop.done, library=loop.library)


def _keeps_positions(client: StreamClient) -> bool:
    """Whether the consumer is meant to keep its position, and surely does not do so by itself."""
    if client.setting("checkpoint_store") is not None:
        return brokers.is_set(client, "checkpoint_store")
    return brokers.is_set(client, "group") and brokers.holds(client, "auto_commit", False)


@never_committed.fix
def commit(finding: Finding, loop: MessageLoop, ctx: Context) -> Offer | None:
    """The call behind the last piece of work."""
    found = brokers.behind(brokers.work(loop))
    if not loop.finish or found is None:
        return None
    place, indent = found
    return Offer(f"Call {loop.done} behind the work", Replace(place, f"\n{indent}{loop.finish}"), Applicability.UNSAFE)
