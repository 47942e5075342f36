"""A server of Prefect for the whole run, and what is said about the version."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

import pytest


@pytest.fixture(scope="session", autouse=True)
def harness() -> Iterator[None]:
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"proven on prefect {version('prefect')}")
