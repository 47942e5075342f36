"""What is said about the versions."""

from __future__ import annotations

from importlib.metadata import version

import pytest

PACKAGES = ("streamparse", "mrjob", "faust-streaming", "quixstreams", "avro", "fastavro")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line("proven on " + ", ".join(f"{name} {version(name)}" for name in PACKAGES))
