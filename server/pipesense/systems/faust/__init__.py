"""Faust: stream processors over Kafka as asynchronous functions."""

from __future__ import annotations

from typing import Final

from pipesense.systems.broker import BrokerTable
from pipesense.systems.broker_system import broker_system


def _table() -> BrokerTable:
    from pipesense.systems.faust.tables import TABLE

    return TABLE


SYSTEM: Final = broker_system("faust", ("faust",), ("faust-streaming", "faust"), _table)
