"""Faust: stream processors over Kafka as asynchronous functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipesense.systems.brokers.system import broker_system

if TYPE_CHECKING:
    from pipesense.systems.brokers.table import BrokerTable


def _table() -> BrokerTable:
    from pipesense.systems.faust.tables import TABLE

    return TABLE


SYSTEM: Final = broker_system("faust", ("faust",), ("faust-streaming", "faust"), _table)
