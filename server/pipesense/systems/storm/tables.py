"""What streamparse does with tuples; read off streamparse 5.0.1 and pystorm 3.1.4.

A bolt acknowledges each tuple behind ``process`` and fails it when that raises, unless ``auto_ack`` is switched off:
https://streamparse.readthedocs.io/en/stable/topologies.html
"""

from __future__ import annotations

from typing import Final

from pipesense.model.broker import ClientRole, CommitMoment
from pipesense.systems.brokers.table import BrokerTable, ClientClass, Listener

LIBRARY: Final = "streamparse"
_BOLTS: Final = (
    "streamparse.Bolt",
    "streamparse.bolt.Bolt",
    "streamparse.storm.Bolt",
    "streamparse.storm.bolt.Bolt",
    "pystorm.Bolt",
    "pystorm.bolt.Bolt",
)
_BATCHING: Final = tuple(
    name.replace(".Bolt", f".{kind}") for name in _BOLTS for kind in ("BatchingBolt", "TicklessBatchingBolt")
)

CLIENTS: Final = (
    ClientClass(
        names=(*_BOLTS, *_BATCHING),
        library=LIBRARY,
        package=LIBRARY,
        role=ClientRole.CONSUMER,
        done=frozenset({"ack"}),
        again=frozenset({"fail"}),
        finish="{consumer}.ack({message})",
        moment=CommitMoment.NEVER,
        individual=True,
        listeners=(
            Listener(message_at=0, done_at=None, bases=_BOLTS, name="process", asks_if="auto_ack", survives=True),
            Listener(
                message_at=1, done_at=None, bases=_BATCHING, name="process_batch", asks_if="auto_ack", survives=True
            ),
        ),
    ),
)

TABLE: Final = BrokerTable(system="storm", noun="stream", packages=(LIBRARY,), clients=CLIENTS)
