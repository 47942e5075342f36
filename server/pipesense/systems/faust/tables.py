"""What Faust does with messages; read off faust-streaming 0.15.3.

An error in an agent is logged, its event counts as done (``stream_ack_exceptions`` is on by default), and the agent
starts again: https://faust-streaming.github.io/faust/userguide/settings.html
"""

from __future__ import annotations

from typing import Final

from pipesense.model.broker import ClientRole, CommitMoment
from pipesense.systems.brokers.table import BrokerTable, ClientClass, Kind, Listener, Sends, SettingSpec

LIBRARY: Final = "faust-streaming"
_SENDS: Final = Sends(methods=frozenset({"send"}), loss=None)

CLIENTS: Final = (
    ClientClass(
        names=("faust.App", "faust.app.App"),
        library=LIBRARY,
        package=LIBRARY,
        role=ClientRole.CONSUMER,
        settings=(
            SettingSpec("processing", ("processing_guarantee",), Kind.TEXT, (((), "at_least_once"),)),
            SettingSpec("ack_exceptions", ("stream_ack_exceptions",), Kind.FLAG, (((), True),)),
            SettingSpec("store", ("store",), Kind.TEXT, (((), "memory://"),)),
        ),
        done=frozenset({"ack"}),
        moment=CommitMoment.NEVER,
        listeners=(Listener(message_at=0, done_at=0, decorator="agent", survives=True),),
    ),
    ClientClass(
        names=("faust.App().topic", "faust.app.App().topic"),
        library=LIBRARY,
        package=LIBRARY,
        role=ClientRole.ADMIN,
        topics_from=0,
        sends=(_SENDS,),
    ),
)

TABLE: Final = BrokerTable(system="faust", noun="topic", packages=(LIBRARY,), clients=CLIENTS)
