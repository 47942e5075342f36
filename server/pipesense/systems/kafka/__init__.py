"""Apache Kafka through kafka-python, confluent-kafka and aiokafka."""

from __future__ import annotations

from typing import Final

from pipesense.systems.broker import BrokerTable
from pipesense.systems.broker_system import broker_system


def _table() -> BrokerTable:
    from pipesense.systems.kafka.tables import TABLE

    return TABLE


SYSTEM: Final = broker_system("kafka", ("kafka",), ("kafka-python", "confluent-kafka", "aiokafka"), _table)
