"""Apache Storm through streamparse: bolts and spouts in Python."""

from __future__ import annotations

from typing import Final

from pipesense.systems.broker import BrokerTable
from pipesense.systems.broker_system import broker_system


def _table() -> BrokerTable:
    from pipesense.systems.storm.tables import TABLE

    return TABLE


SYSTEM: Final = broker_system("storm", ("streamparse", "pystorm"), ("streamparse",), _table)
