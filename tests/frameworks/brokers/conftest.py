"""What the proofs ran on."""

from __future__ import annotations

from importlib.metadata import version

import pytest

PACKAGES = (
    "kafka-python",
    "confluent-kafka",
    "aiokafka",
    "pulsar-client",
    "azure-eventhub",
    "google-cloud-pubsub",
    "boto3",
)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line("proven on " + ", ".join(f"{name} {version(name)}" for name in PACKAGES))
