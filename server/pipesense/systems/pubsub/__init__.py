"""Google Cloud Pub/Sub through its Python client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipesense.systems.brokers.system import broker_system

if TYPE_CHECKING:
    from pipesense.systems.brokers.table import BrokerTable


def _table() -> BrokerTable:
    from pipesense.systems.pubsub.tables import TABLE

    return TABLE


SYSTEM: Final = broker_system("pubsub", ("pubsub",), ("google-cloud-pubsub",), _table)
