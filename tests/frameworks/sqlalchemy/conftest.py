"""What the proofs ran on."""

from __future__ import annotations

from importlib.metadata import version

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"proven on sqlalchemy {version('sqlalchemy')}")
