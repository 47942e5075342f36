"""What is said about the version."""

from __future__ import annotations

from importlib.metadata import version

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"proven on dagster {version('dagster')}")
