"""The server, and what the proofs ran on."""

from __future__ import annotations

import pytest

from support.postgres_server import server, told

__all__ = ["server"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"proven on {told()}")
