"""Settings that Airflow reads when it is imported, and what is said about the version."""

from __future__ import annotations

import os
import tempfile
from importlib.metadata import version

import pytest

HOME = tempfile.mkdtemp(prefix="pipesense-airflow2-")
os.environ.update(
    AIRFLOW_HOME=HOME,
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{HOME}/airflow.db",
    AIRFLOW__LOGGING__LOGGING_LEVEL="ERROR",
)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    names = ("apache-airflow", "apache-airflow-providers-common-sql", "apache-airflow-providers-sqlite")
    terminalreporter.write_line("proven on " + ", ".join(f"{name} {version(name)}" for name in names))
