"""Apache Kafka through kafka-python, confluent-kafka and aiokafka."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipesense.systems.brokers.system import broker_system

if TYPE_CHECKING:
    from pipesense.systems.brokers.table import BrokerTable


def _table() -> BrokerTable:
    from pipesense.systems.kafka.tables import TABLE

    return TABLE


SYSTEM: Final = broker_system("kafka", ("kafka",), ("kafka-python", "confluent-kafka", "aiokafka"), _table)
