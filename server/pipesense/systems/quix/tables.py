"""What Quix Streams does with messages; read off quixstreams 3.28.

Positions are committed behind the processing, with the state and what was sent; an error that ``on_processing_error``
does not take ends the application: https://quix.io/docs/quix-streams/configuration.html
"""

from __future__ import annotations

from typing import Final

from pipesense.model.broker import ClientRole, CommitMoment
from pipesense.systems.brokers.table import BrokerTable, ClientClass, Kind, SettingSpec

LIBRARY: Final = "quixstreams"

CLIENTS: Final = (
    ClientClass(
        names=("quixstreams.Application", "quixstreams.app.Application"),
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
        names=("quixstreams.Application().topic", "quixstreams.app.Application().topic"),
        library=LIBRARY,
        package=LIBRARY,
        role=ClientRole.ADMIN,
        topics_from=0,
        topic_setting="name",
    ),
)

TABLE: Final = BrokerTable(system="quix", noun="topic", packages=(LIBRARY,), clients=CLIENTS)
