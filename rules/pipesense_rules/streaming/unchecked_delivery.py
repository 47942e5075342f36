"""Messages are handed to a client, and nobody finds out what became of them."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.broker import Loss, UncheckedSend
from pipesense.model.change import FlushSends, Replace, Rewrite
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="streaming/unchecked-delivery",
    wants=UncheckedSend,
    pattern="delivery-guarantees",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "at-exit": Message(
            Severity.WARNING,
            "{call}() only puts the message into a queue in memory, and nothing here makes {library} send that queue.",
            "Messages that are still in the queue when the program ends are lost, and no error says so.",
            "{remedy}.",
        ),
        "unseen": Message(
            Severity.INFO,
            "Nothing looks at what became of the messages that {call}() hands over.",
            "A message that the broker refuses, or that it does not get in time, is lost without an error.",
            "{remedy}.",
        ),
        "partly": Message(
            Severity.WARNING,
            "{call}() succeeds even when some of its records were refused, and nothing counts those.",
            "Throttled records are lost without an error.",
            "{remedy}.",
        ),
    },
)

_VARIANTS = {Loss.AT_EXIT: "at-exit", Loss.UNSEEN: "unseen", Loss.PARTLY: "partly"}


@rule(META)
def unchecked_delivery(send: UncheckedSend, ctx: Context) -> Iterator[Finding]:
    """At the first call that sends."""
    yield ctx.finding(
        _VARIANTS[send.loss],
        at=send.loc,
        related=[Related(each, "sent unchecked as well") for each in send.again],
        call=send.call,
        library=send.library,
        remedy=send.remedy,
    )


@unchecked_delivery.fix
def check(finding: Finding, send: UncheckedSend, ctx: Context) -> Offer | None:
    """Wait for the answer of every call."""
    if not send.repair and send.flush:
        change = FlushSends(send.system, (send.loc, *send.again), send.flush)
        return Offer(f"Call {send.flush}() behind what is sent", change, Applicability.UNSAFE)
    if not send.repair:
        return None
    rewrite = Rewrite(tuple(Replace(loc, text) for loc, text in send.repair))
    return Offer(send.repair_title, rewrite, Applicability.UNSAFE)
