"""What Google's client of Pub/Sub does; google-cloud-pubsub is held against it by ``tests/frameworks/brokers``.

``publish`` puts the message into a batch and returns a future; ``stop`` sends the batches that wait. An error in the
callback of a streaming pull is told to its future, which ends the pull.
"""

from __future__ import annotations

from typing import Final

from pipesense.model.broker import ClientRole, CommitMoment, Loss
from pipesense.systems.brokers.table import BrokerTable, ClientClass, Kind, Listener, Sends, SettingSpec

LIBRARY: Final = "google-cloud-pubsub"

_ORDERED: Final = ("PublisherOptions", "google.cloud.pubsub_v1.types", "(enable_message_ordering=True)")

CLIENTS: Final = (
    ClientClass(
        names=(
            "google.cloud.pubsub_v1.PublisherClient",
            "google.cloud.pubsub_v1.publisher.Client",
            "google.cloud.pubsub.PublisherClient",
        ),
        library=LIBRARY,
        package=LIBRARY,
        role=ClientRole.PRODUCER,
        settings=(
            SettingSpec("batching", ("batch_settings",), at=0),
            SettingSpec("ordering", ("publisher_options",), Kind.OPTIONS, at=1, example=_ORDERED),
        ),
        sends=(
            Sends(
                methods=frozenset({"publish"}),
                topic="topic",
                loss=Loss.AT_EXIT,
                settles=frozenset({"stop"}),
                remedy="Keep the futures that publish() returns, and wait for them with result()",
                repair=".result()",
                repair_title="Wait for the broker's answer",
                ordered_by=("ordering_key", "ordering"),
                by_itself=True,
            ),
        ),
        close=frozenset({"stop"}),
    ),
    ClientClass(
        names=(
            "google.cloud.pubsub_v1.SubscriberClient",
            "google.cloud.pubsub_v1.subscriber.Client",
            "google.cloud.pubsub.SubscriberClient",
        ),
        library=LIBRARY,
        package=LIBRARY,
        role=ClientRole.CONSUMER,
        settings=(SettingSpec("options", ("client_options",), Kind.ANY),),
        receives=frozenset({"pull"}),
        done=frozenset({"ack", "ack_with_response", "acknowledge"}),
        again=frozenset({"nack", "nack_with_response", "modify_ack_deadline"}),
        finish="{message}.ack()",
        moment=CommitMoment.NEVER,
        individual=True,
        listeners=(Listener(message_at=0, done_at=0, method="subscribe", argument="callback", position=1),),
        close=frozenset({"close"}),
    ),
)

TABLE: Final = BrokerTable(system="pubsub", noun="topic", packages=(LIBRARY,), clients=CLIENTS)
