"""A message that fails is asked for again, and nothing says how often."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.broker import MessageLoop, StepKind
from pipesense.model.change import PythonCode, SetClientSettings
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import brokers

META = RuleMeta(
    id="streaming/redelivery-without-limit",
    wants=MessageLoop,
    pattern="dead-letter",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "endless": Message(
            Severity.WARNING,
            "A message that fails is asked for again with {again}, and the subscription has no dead-letter policy.",
            "A message that fails every time comes back for ever, and takes its share of the consumer with it.",
            "Give the subscription a dead-letter policy that puts a message aside after some deliveries.",
        ),
    },
)

_POLICY = PythonCode("ConsumerDeadLetterPolicy", "pulsar", "(max_redeliver_count=5)")
_SHARED = PythonCode("ConsumerType", "pulsar", ".Shared")


@rule(META)
def redelivery_without_limit(loop: MessageLoop, ctx: Context) -> Iterator[Finding]:
    """At the call that asks for the message again."""
    client = loop.client
    again = next((step for step in loop.steps if step.kind is StepKind.AGAIN), None)
    if client is None or again is None or client.setting("dead_letter") is None:
        return
    if brokers.holds(client, "dead_letter", None):
        yield ctx.finding("endless", at=again.loc, again=again.text)


@redelivery_without_limit.fix
def limit(finding: Finding, loop: MessageLoop, ctx: Context) -> Offer | None:
    """Five deliveries; only shared subscriptions have dead letters."""
    client = loop.client
    if client is None:
        return None
    items: tuple[tuple[str, object], ...] = (("dead_letter", _POLICY),)
    if not brokers.is_set(client, "consumer_type"):
        items = (("consumer_type", _SHARED), *items)
    change = SetClientSettings(client, items)
    return Offer("Put a message aside after five deliveries", change, Applicability.UNSAFE)
