"""Quix Streams: stream processors over Kafka as chains of operations."""

from __future__ import annotations

from typing import Final

from pipesense.systems.brokers.system import broker_system
from pipesense.systems.brokers.table import BrokerTable


def _table() -> BrokerTable:
    from pipesense.systems.quix.tables import TABLE

    return TABLE


SYSTEM: Final = broker_system("quix", ("quixstreams",), ("quixstreams",), _table)
