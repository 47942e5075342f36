"""What Azure's client of Event Hubs does; azure-eventhub 5.15 is held against it by ``tests/frameworks/brokers``.

Without a checkpoint store ``update_checkpoint`` only logs a warning: nothing is kept.
https://learn.microsoft.com/python/api/overview/azure/eventhub-readme
"""

from __future__ import annotations

from typing import Final

from pipesense.model.broker import ClientRole, CommitMoment
from pipesense.model.change import imported
from pipesense.systems.brokers.table import BrokerTable, ClientClass, Kind, Listener, SettingSpec

LIBRARY: Final = "azure-eventhub"


_STORES: Final = {
    "": "azure.eventhub.extensions.checkpointstoreblob",
    "aio.": "azure.eventhub.extensions.checkpointstoreblobaio",
}
"""The package of the client, and the one whose checkpoint store goes with it."""


def _names(name: str, package: str) -> tuple[str, ...]:
    return tuple(f"azure.eventhub.{package}{name}{maker}" for maker in ("", ".from_connection_string"))


def _consumer(package: str, store: str) -> ClientClass:
    rest = f'.from_connection_string({imported("environ")}["CHECKPOINT_STORE"], "checkpoints")'
    example = ("BlobCheckpointStore", store, rest)
    return ClientClass(
        names=_names("EventHubConsumerClient", package),
        library=LIBRARY,
        package=LIBRARY,
        role=ClientRole.CONSUMER,
        settings=(
            SettingSpec("group", ("consumer_group",), Kind.TEXT, at=1),
            SettingSpec("checkpoint_store", ("checkpoint_store",), Kind.ANY, (((), None),), example=example),
            SettingSpec("retries", ("retry_total",), Kind.NUMBER, (((), 3),)),
        ),
        topic_setting="eventhub_name",
        done=frozenset({"update_checkpoint"}),
        finish="{consumer}.update_checkpoint({message})",
        moment=CommitMoment.NEVER,
        listeners=(
            Listener(message_at=1, done_at=0, method="receive", argument="on_event", position=0),
            Listener(message_at=1, done_at=0, method="receive_batch", argument="on_event_batch", position=0),
        ),
        close=frozenset({"close"}),
    )


CLIENTS: Final = (
    ClientClass(
        names=tuple(name for package in _STORES for name in _names("EventHubProducerClient", package)),
        library=LIBRARY,
        package=LIBRARY,
        role=ClientRole.PRODUCER,
        settings=(
            SettingSpec("buffered", ("buffered_mode",), Kind.FLAG, (((), False),)),
            SettingSpec("retries", ("retry_total",), Kind.NUMBER, (((), 3),)),
        ),
        topic_setting="eventhub_name",
        close=frozenset({"close"}),
    ),
    *(_consumer(package, store) for package, store in _STORES.items()),
)

TABLE: Final = BrokerTable(system="eventhubs", noun="event hub", packages=(LIBRARY,), clients=CLIENTS)
