"""Amazon Kinesis: data streams and Firehose through boto3, and consumers of the Kinesis Client Library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipesense.systems.brokers.system import broker_system

if TYPE_CHECKING:
    from pipesense.systems.brokers.table import BrokerTable


def _table() -> BrokerTable:
    from pipesense.systems.kinesis.tables import TABLE

    return TABLE


SYSTEM: Final = broker_system("kinesis", ("kinesis", "firehose", "amazon_kclpy"), ("boto3", "amazon_kclpy"), _table)
