"""What is said about the version, and about a machine without a JDK."""

from __future__ import annotations

import shutil
from importlib.metadata import version

import pytest

JAVA = shutil.which("java")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if JAVA is None:
        missing = pytest.mark.skip(reason="no JDK: nothing is proven on Flink")
        for item in items:
            item.add_marker(missing)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    told = (
        f"proven on apache-flink {version('apache-flink')}"
        if JAVA
        else "NO JDK ON THE PATH: nothing was proven on Flink"
    )
    terminalreporter.write_line(told)
