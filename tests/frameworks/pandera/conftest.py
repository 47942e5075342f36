"""What the proofs ran on."""

from __future__ import annotations

from importlib.metadata import version

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    told = ", ".join(f"{name} {version(name)}" for name in ("pandera", "pandas", "sqlalchemy"))
    terminalreporter.write_line(f"proven on {told}")
