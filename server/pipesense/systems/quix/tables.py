"""What Quix Streams does with messages; read off quixstreams 3.28.

Positions are committed behind the processing, with the state and what was sent; an error that ``on_processing_error``
does not take ends the application: https://quix.io/docs/quix-streams/configuration.html

Consumers and producers that an application hands out are confluent-kafka's underneath. Such a consumer commits by a
timer what ``store_offsets`` was told, and nothing else; leaving a producer's ``with`` block flushes it:
https://quix.io/docs/quix-streams/consumer.html, https://quix.io/docs/quix-streams/producer.html
"""

from __future__ import annotations

from typing import Final

from pipesense.model.broker import ClientRole, CommitMoment, Loss
from pipesense.systems.brokers.table import BrokerTable, ClientClass, Kind, Sends, SettingSpec

LIBRARY: Final = "quixstreams"

_APPLICATIONS: Final = ("quixstreams.Application", "quixstreams.app.Application")

CLIENTS: Final = (
    ClientClass(
        names=_APPLICATIONS,
        library=LIBRARY,
        package=LIBRARY,
        role=ClientRole.CONSUMER,
        settings=(
            SettingSpec("processing", ("processing_guarantee",), Kind.TEXT, (((), "at-least-once"),)),
            SettingSpec("group", ("consumer_group",), Kind.TEXT),
            SettingSpec("offset_reset", ("auto_offset_reset",), Kind.TEXT, (((), "latest"),)),
        ),
        moment=CommitMoment.NEVER,
    ),
    ClientClass(
        names=tuple(f"{name}().topic" for name in _APPLICATIONS),
        library=LIBRARY,
        package=LIBRARY,
        role=ClientRole.ADMIN,
        topics_from=0,
        topic_setting="name",
    ),
    ClientClass(
        names=tuple(f"{name}().get_producer" for name in _APPLICATIONS),
        library=LIBRARY,
        package=LIBRARY,
        role=ClientRole.PRODUCER,
        sends=(
            Sends(
                methods=frozenset({"produce"}),
                topic="topic",
                loss=Loss.AT_EXIT,
                settles=frozenset({"flush", "poll", "commit_transaction", "__exit__"}),
                callbacks=frozenset({"on_delivery"}),
                remedy="Open it in a with block, and give produce() an on_delivery that looks at the error",
                by_itself=True,
            ),
        ),
        dead_letter='{producer}.produce(f"{{{message}.topic()}}.dlq", {message}.value())',
    ),
    ClientClass(
        names=tuple(f"{name}().get_consumer" for name in _APPLICATIONS),
        library=LIBRARY,
        package=LIBRARY,
        role=ClientRole.CONSUMER,
        settings=(SettingSpec("timer", ("auto_commit_enable",), Kind.FLAG, (((), True),), at=0),),
        receives=frozenset({"poll", "consume"}),
        subscribes=frozenset({"subscribe"}),
        done=frozenset({"store_offsets", "commit"}),
        again=frozenset({"seek"}),
        finish="{consumer}.store_offsets(message={message})",
        moment=CommitMoment.NEVER,
        close=frozenset({"close"}),
    ),
)

TABLE: Final = BrokerTable(system="quix", noun="topic", packages=(LIBRARY,), clients=CLIENTS)
