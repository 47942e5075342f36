"""PyFlink's jobs run on a real Flink: what the rules warn of fails or stays silent there, and what they ask for works.

Kafka's connector is no Python package, so a collection stands in for the topic when a job runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import EnvironmentSettings, StreamTableEnvironment, TableEnvironment

from frameworks.proving import Script
from pipesense.systems.flink.obsolete import IMPORTS, REMOVED

pytestmark = pytest.mark.framework

TOPIC = 'env.from_source(KafkaSource.builder().set_topics("numbers").build(), {strategy}, "numbers")'
STAND_IN = 'env.from_collection([("a", 1), ("a", 2), ("b", 3)])'
FAILS_ONCE = f"""from pathlib import Path

from pyflink.common import WatermarkStrategy
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.datastream.connectors.kafka import KafkaSource

SEEN = Path("seen")


def work(number):
    if not SEEN.exists():
        SEEN.write_text("the broker was gone for a moment")
        raise ConnectionError("gone for a moment")
    return number


env = StreamExecutionEnvironment.get_execution_environment()
env.set_parallelism(1)
numbers = {TOPIC.format(strategy="WatermarkStrategy.for_monotonous_timestamps()")}
numbers.map(work).print()
env.execute("numbers")
"""
WINDOW = f"""from pyflink.common import Duration, Time, WatermarkStrategy
from pyflink.common.watermark_strategy import TimestampAssigner
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.datastream.connectors.kafka import KafkaSource
from pyflink.datastream.window import TumblingEventTimeWindows


class Second(TimestampAssigner):
    def extract_timestamp(self, value, record_timestamp):
        return value[1] * 1000


env = StreamExecutionEnvironment.get_execution_environment()
env.set_parallelism(1)
clicks = {TOPIC.format(strategy="WatermarkStrategy.no_watermarks()")}
clicks.key_by(lambda click: click[0]).window(
    TumblingEventTimeWindows.of(Time.hours(1))
).reduce(lambda a, b: (a[0], a[1] + b[1])).print()
env.execute("clicks")
"""
MARKED = (
    "env.from_source(KafkaSource.builder().set_topics('numbers').build(), "
    "WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_seconds(5)).with_timestamp_assigner(Second()), 'n')"
)


def run(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A job in a process of its own; the stand-in keeps what the source says of time."""
    for strategy in ("for_monotonous_timestamps()", "no_watermarks()"):
        text = text.replace(TOPIC.format(strategy=f"WatermarkStrategy.{strategy}"), STAND_IN)
    assigned = MARKED.partition("build(), ")[2].removesuffix(", 'n')")
    text = text.replace(MARKED, f"{STAND_IN}.assign_timestamps_and_watermarks({assigned})")
    path = folder / "job.py"
    path.write_text(text.replace("from pyflink.datastream.connectors.kafka import KafkaSource\n", ""), "utf-8")
    # Flink starts its workers with the python of the path.
    path_of_python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, str(path)],
        cwd=folder,
        env={**os.environ, "PATH": path_of_python},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_one_failure_ends_a_job_without_checkpoints_and_not_one_with_them(tmp_path: Path) -> None:
    script = Script(FAILS_ONCE)
    before = run(FAILS_ONCE, tmp_path)
    assert before.returncode != 0
    assert "NoRestartBackoffTimeStrategy" in before.stderr
    assert "gone for a moment" in before.stderr
    (tmp_path / "seen").unlink()
    after = script.fixed("reliability/no-checkpointing")
    assert "env.enable_checkpointing(60_000)" in after
    done = run(after, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "3" in done.stdout


def test_a_window_over_event_time_needs_to_be_told_the_time(tmp_path: Path) -> None:
    assert Script(WINDOW).found("streaming/event-time-without-watermark")
    before = run(WINDOW, tmp_path)
    assert before.returncode != 0
    assert "timestamp" in before.stderr
    after = WINDOW.replace(TOPIC.format(strategy="WatermarkStrategy.no_watermarks()"), MARKED)
    assert after != WINDOW
    seen = Script(after).checker.check({"jobs/script.py": after}).findings
    assert "streaming/event-time-without-watermark" not in [each.rule for each in seen]
    done = run(after, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "('a', 3)" in done.stdout


def test_checkpoints_of_the_table_api_are_switched_on() -> None:
    text = (
        "from pyflink.table import EnvironmentSettings, TableEnvironment\n\n"
        "tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())\n"
        "tables.execute_sql(\"CREATE TABLE orders (id BIGINT) WITH ('connector' = 'kafka')\")\n"
        'tables.execute_sql("SELECT id FROM orders").print()\n'
    )
    after = Script(text).fixed("reliability/no-checkpointing")
    (line,) = [each for each in after.splitlines() if each not in text.splitlines()]
    tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    key = "execution.checkpointing.interval"
    assert tables.get_config().get(key, "") == ""
    exec(line, {"tables": tables})
    assert tables.get_config().get(key, "") == "1 min"


@pytest.mark.parametrize(("owner", "name"), sorted(REMOVED))
def test_what_is_called_gone_is_gone(owner: str, name: str) -> None:
    classes = (StreamExecutionEnvironment, TableEnvironment, StreamTableEnvironment)
    (found,) = [
        each for each in classes if owner.split(".")[-1].startswith(each.__name__) or f".{each.__name__}." in owner
    ]
    assert not hasattr(found, name)


@pytest.mark.parametrize("name", sorted(IMPORTS))
def test_imports_that_are_called_gone_fail(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    with pytest.raises(ImportError):
        exec(f"from {module} import {attribute}", {})


RESTARTS = f"""from pathlib import Path

from pyflink.common import RestartStrategies
from pyflink.datastream import StreamExecutionEnvironment

SEEN = Path("seen")


def work(number):
    if not SEEN.exists():
        SEEN.write_text("the broker was gone for a moment")
        raise ConnectionError("gone for a moment")
    return number


env = StreamExecutionEnvironment.get_execution_environment()
env.set_parallelism(1)
env.set_restart_strategy(RestartStrategies.fixed_delay_restart(2, 100))
{STAND_IN.replace("env.", "numbers = env.")}
numbers.map(work).print()
env.execute("numbers")
"""


def test_a_restart_strategy_of_flink_1_is_refused_and_the_fixed_one_restarts(tmp_path: Path) -> None:
    before = run(RESTARTS, tmp_path)
    assert before.returncode != 0
    assert "no attribute 'set_restart_strategy'" in before.stderr
    after = Script(RESTARTS, "apache-flink==2.3.0\n").fixed("upgrade/removed-api")
    done = run(after, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "seen").exists()
    assert "3" in done.stdout


@pytest.mark.parametrize("kind", ["HashMapStateBackend", "EmbeddedRocksDBStateBackend"])
def test_a_state_backend_of_flink_1_is_written_as_flink_2_takes_it(kind: str) -> None:
    text = (
        f"from pyflink.datastream import {kind}, StreamExecutionEnvironment\n\n"
        "env = StreamExecutionEnvironment.get_execution_environment()\n"
        f"env.set_state_backend({kind}())\n"
    )
    made: dict[str, StreamExecutionEnvironment] = {}
    exec(Script(text, "apache-flink==2.3.0\n").fixed("upgrade/removed-api"), made)
    configured = made["env"]._j_stream_execution_environment.getConfiguration().toString()
    assert {"HashMapStateBackend": "hashmap", "EmbeddedRocksDBStateBackend": "rocksdb"}[kind] in configured


def test_a_table_that_nothing_creates_is_refused() -> None:
    text = (
        "from pyflink.table import EnvironmentSettings, TableEnvironment\n\n"
        "tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())\n"
        "tables.execute_sql(\"CREATE TABLE clicks (id BIGINT) WITH ('connector' = 'datagen')\")\n"
        'tables.execute_sql("INSERT INTO totals SELECT id FROM clicks")\n'
    )
    assert Script(text).found("lineage/unknown-table")
    with pytest.raises(Exception, match="totals"):
        exec(text, {})
