"""What the proofs ran on."""

from __future__ import annotations

from importlib.metadata import version

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    tools = ("statelint", "cfn-lint", "workflows-emulator")
    terminalreporter.write_line("proven on " + ", ".join(f"{name} {version(name)}" for name in tools))
