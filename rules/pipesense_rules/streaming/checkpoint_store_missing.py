"""A consumer checkpoints, and has nowhere to keep the checkpoints."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.broker import MessageLoop, StepKind, StreamClient
from pipesense.model.change import PythonCode, SetClientSettings
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import brokers

META = RuleMeta(
    id="streaming/checkpoint-store-missing",
    wants=MessageLoop,
    pattern="delivery-guarantees",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "kept-nowhere": Message(
            Severity.WARNING,
            "This consumer has no checkpoint_store, so {done} keeps nothing.",
            "The call logs a warning and returns; after a restart the consumer begins where starting_position says.",
            "Give the client a checkpoint_store, such as BlobCheckpointStore.",
        ),
        "none": Message(
            Severity.INFO,
            "This consumer has no checkpoint_store: it keeps no position, and shares its partitions with nobody.",
            "After a restart it begins where starting_position says, and a second instance reads the same events.",
            "Give the client a checkpoint_store, and call {done} behind the work.",
        ),
    },
)


@rule(META)
def checkpoint_store_missing(loop: MessageLoop, ctx: Context) -> Iterator[Finding]:
    """At the class or function that makes the client."""
    client = loop.client
    if client is None or client.setting("checkpoint_store") is None:
        return
    if not brokers.holds(client, "checkpoint_store", None):
        return
    done = next((step for step in loop.steps if step.kind is StepKind.DONE), None)
    if done is not None:
        called = Related(done.loc, "this keeps nothing")
        yield ctx.finding("kept-nowhere", at=client.loc, related=[called], subject=client, done=loop.done)
    elif brokers.work(loop):
        yield ctx.finding("none", at=client.loc, subject=client, done=loop.done)


@checkpoint_store_missing.fix
def keep_them(finding: Finding, client: StreamClient, ctx: Context) -> Offer | None:
    """The library's own store, by a connection that the environment names."""
    setting = client.setting("checkpoint_store")
    if setting is None or not setting.example[0] or finding.variant != "kept-nowhere":
        return None
    value = PythonCode(*setting.example, imports=(("environ", "os"),))
    change = SetClientSettings(client, (("checkpoint_store", value),))
    return Offer(f"Keep checkpoints in a {setting.example[0]} (name its connection)", change, Applicability.UNSAFE)
