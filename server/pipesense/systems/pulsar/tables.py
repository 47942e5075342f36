"""What Apache Pulsar's client does; read off pulsar-client 3.13 and held against it by ``tests/frameworks/brokers``.

https://pulsar.apache.org/docs/4.1.x/client-libraries-python/
"""

from __future__ import annotations

from typing import Final

from pipesense.model.broker import ClientRole, CommitMoment, Loss
from pipesense.systems.brokers.table import BrokerTable, ClientClass, Kind, Listener, Sends, SettingSpec

LIBRARY: Final = "pulsar-client"

CLIENTS: Final = (
    ClientClass(
        names=("pulsar.Client().create_producer", "pulsar.asyncio.Client().create_producer"),
        library=LIBRARY,
        package=LIBRARY,
        role=ClientRole.PRODUCER,
        settings=(
            SettingSpec("waits_for_room", ("block_if_queue_full",), Kind.FLAG, (((), False),)),
            SettingSpec("timeout", ("send_timeout_millis",), Kind.NUMBER, (((), 30000),)),
        ),
        topics_from=0,
        topic_setting="topic",
        sends=(
            Sends(
                methods=frozenset({"send_async"}),
                loss=Loss.AT_EXIT,
                settles=frozenset({"flush", "close", "__exit__"}),
                callbacks=frozenset({"callback"}),
                callback_at=1,
            ),
            Sends(methods=frozenset({"send"}), loss=None),
        ),
        dead_letter="{producer}.send({message}.data())",
        close=frozenset({"close"}),
    ),
    ClientClass(
        names=("pulsar.Client().subscribe", "pulsar.asyncio.Client().subscribe"),
        library=LIBRARY,
        package=LIBRARY,
        role=ClientRole.CONSUMER,
        settings=(
            SettingSpec("group", ("subscription_name",), Kind.TEXT, at=1),
            SettingSpec("consumer_type", ("consumer_type",), at=2),
            SettingSpec("dead_letter", ("dead_letter_policy",), Kind.ANY, (((), None),)),
            SettingSpec("ack_timeout", ("unacked_messages_timeout_ms",), Kind.NUMBER, (((), None),)),
            SettingSpec("offset_reset", ("initial_position",)),
        ),
        topics_from=0,
        topic_setting="topic",
        receives=frozenset({"receive", "batch_receive"}),
        done=frozenset({"acknowledge", "acknowledge_cumulative"}),
        again=frozenset({"negative_acknowledge", "redeliver_unacknowledged_messages"}),
        finish="{consumer}.acknowledge({message})",
        moment=CommitMoment.NEVER,
        individual=True,
        listeners=(Listener(message_at=1, done_at=0, argument="message_listener", survives=True),),
        close=frozenset({"close", "unsubscribe"}),
    ),
)

TABLE: Final = BrokerTable(system="pulsar", noun="topic", packages=(LIBRARY,), clients=CLIENTS)
