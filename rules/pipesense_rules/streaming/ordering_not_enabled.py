"""A message is sent with an ordering key through a publisher that refuses such messages."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.broker import OrderedSend
from pipesense.model.change import PythonCode, SetClientSettings
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import EVERYWHERE, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="streaming/ordering-not-enabled",
    wants=OrderedSend,
    pattern="delivery-guarantees",
    since="0.2",
    roles=EVERYWHERE - {FileRole.GENERATED, FileRole.TEST},
    messages={
        "refused": Message(
            Severity.ERROR,
            "{call}() refuses a message with an ordering key.",
            "The publisher is made without message ordering, and raises ValueError at the first message with a key.",
            "Make it with {setting}=PublisherOptions(enable_message_ordering=True).",
        ),
    },
)


@rule(META)
def ordering_not_enabled(sent: OrderedSend, ctx: Context) -> Iterator[Finding]:
    """At the argument, once for each publisher."""
    related = [Related(sent.client.whole, "the publisher is made here")]
    setting = sent.client.setting(sent.setting)
    written = setting.written if setting is not None else sent.setting
    yield ctx.finding("refused", at=sent.loc, related=related, subject=sent, call=sent.call, setting=written)


@ordering_not_enabled.fix
def enable(finding: Finding, sent: OrderedSend, ctx: Context) -> Offer | None:
    """Message ordering where the publisher is made."""
    setting = sent.client.setting(sent.setting)
    if setting is None or setting.loc is not None or not setting.example[0]:
        return None
    name, source, rest = setting.example
    items = ((sent.setting, PythonCode(name, source, rest)),)
    return Offer("Enable message ordering", SetClientSettings(sent.client, items), Applicability.SAFE)
