"""Apache Storm through streamparse: bolts and spouts in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipesense.systems.brokers.system import broker_system

if TYPE_CHECKING:
    from pipesense.systems.brokers.table import BrokerTable


def _table() -> BrokerTable:
    from pipesense.systems.storm.tables import TABLE

    return TABLE


SYSTEM: Final = broker_system("storm", ("streamparse", "pystorm"), ("streamparse",), _table)
