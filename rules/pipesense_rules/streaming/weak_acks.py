"""A producer counts a message as written before all replicas have it."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.broker import ClientRole, StreamClient
from pipesense.model.change import SetClientSettings
from pipesense.model.value import Absent, Known, effective
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import brokers

_LEADER = "The leader alone confirms: if it fails before a follower has the message, a confirmed message is gone."
_DO = "Set {written} to all, and idempotence where the client has it."

META = RuleMeta(
    id="streaming/weak-acks",
    wants=StreamClient,
    pattern="delivery-guarantees",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "leader": Message(Severity.WARNING, "This producer waits for one replica only: {written} is 1.", _LEADER, _DO),
        "none": Message(
            Severity.WARNING,
            "This producer does not wait for the broker at all: {written} is 0.",
            "A message that the broker never got counts as sent, and is not sent again.",
            _DO,
        ),
        "default": Message(
            Severity.WARNING,
            "This producer waits for one replica only: {written} is not set, and {library} has 1 as its default.",
            _LEADER,
            _DO,
        ),
        "example": Message(
            Severity.INFO,
            "This producer does not wait for all replicas: {written} is {value}.",
            "A message can be confirmed and then lost; examples are copied, this setting with them.",
            _DO,
        ),
    },
)


@rule(META)
def weak_acks(client: StreamClient, ctx: Context) -> Iterator[Finding]:
    """At the setting, or at the class where the default does it."""
    if client.role is not ClientRole.PRODUCER or client.conflicts:
        return
    setting = client.setting("acks")
    if setting is None:
        return
    value = setting.value
    now = effective(value) if isinstance(value, Known | Absent) else None
    if now not in ("0", "1"):
        return
    # Idempotence and transactions need all replicas: the client sets that by itself, or refuses to start.
    if brokers.holds(client, "idempotence", True) and not isinstance(value, Known):
        return
    if isinstance(value, Absent) and (_may_be_set(client, "idempotence") or _may_be_set(client, "transactional_id")):
        return
    variant = "default" if isinstance(value, Absent) else "none" if now == "0" else "leader"
    if ctx.role is FileRole.EXAMPLE:
        variant = "example"
    yield ctx.finding(
        variant,
        at=setting.loc or client.loc,
        written=setting.written,
        library=brokers.of_default(client),
        value=now,
    )


def _may_be_set(client: StreamClient, name: str) -> bool:
    """Whether the setting is given, or may be, in a way that makes the client wait for all replicas."""
    value = client.value(name)
    if isinstance(value, Known):
        return bool(value.value)
    found = client.setting(name)
    return found is not None and not isinstance(value, Absent)


@weak_acks.fix
def wait_for_all(finding: Finding, client: StreamClient, ctx: Context) -> Offer:
    """All replicas, and no repeats by the client's own retries."""
    items: tuple[tuple[str, object], ...] = (("acks", "all"),)
    found = client.setting("idempotence")
    if found is not None and found.loc is None and not _refuses_idempotence(client):
        items += (("idempotence", True),)
    return Offer("Wait for all replicas (acks=all)", SetClientSettings(client, items), Applicability.UNSAFE)


def _refuses_idempotence(client: StreamClient) -> bool:
    """Whether another setting would make the client refuse idempotence."""
    retries, in_flight = client.setting("retries"), client.setting("in_flight")
    return any(each is not None and each.loc is not None for each in (retries, in_flight))
