"""A producer is given settings that it refuses together with idempotence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipesense.model.broker import SettingConflict, StreamClient
from pipesense.model.change import SetClientSettings
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import EVERYWHERE, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="streaming/idempotence-conflict",
    wants=StreamClient,
    pattern="delivery-guarantees",
    since="0.2",
    roles=EVERYWHERE - {FileRole.GENERATED, FileRole.TEST},
    messages={
        "refused": Message(
            Severity.ERROR,
            "{library} refuses {text} together with {other}.",
            "The producer is not made, and the program stops there: {reason}.",
            "Change one of the two; the fix keeps idempotence.",
        ),
    },
)


@dataclass(frozen=True, slots=True)
class _Refused:
    client: StreamClient
    conflict: SettingConflict


@rule(META)
def idempotence_conflict(client: StreamClient, ctx: Context) -> Iterator[Finding]:
    """At the setting that stands against idempotence."""
    for conflict in client.conflicts:
        yield ctx.finding(
            "refused",
            at=conflict.loc,
            subject=_Refused(client, conflict),
            library=client.library,
            text=conflict.text,
            other=conflict.other,
            reason=conflict.reason,
        )


@idempotence_conflict.fix
def agree(finding: Finding, refused: _Refused, ctx: Context) -> Offer:
    """The value under which the producer starts; with the old one it never did."""
    change = SetClientSettings(refused.client, refused.conflict.change)
    name, value = refused.conflict.text.partition(" = ")[0], refused.conflict.change[0][1]
    return Offer(f"Set {name} to {value}", change, Applicability.SAFE)
