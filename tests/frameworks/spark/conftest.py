"""One session for all proofs, what they ran on, and a machine without a JDK."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

JAVA = shutil.which("java")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if JAVA is None:
        missing = pytest.mark.skip(reason="no JDK: nothing is proven on Spark")
        for item in items:
            item.add_marker(missing)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    told = f"proven on pyspark {version('pyspark')}" if JAVA else "NO JDK ON THE PATH: nothing was proven on Spark"
    terminalreporter.write_line(told)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A small session; its warehouse is a folder of the run."""
    home: Path = tmp_path_factory.mktemp("spark")
    made = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.warehouse.dir", str(home))
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    made.sparkContext.setLogLevel("OFF")
    yield made
    made.stop()
