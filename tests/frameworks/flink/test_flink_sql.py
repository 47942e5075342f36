"""What the rules call refused is refused by Flink's own planner, and what their fixes write it accepts."""

from __future__ import annotations

import re

import pytest
from pyflink.table import EnvironmentSettings, TableEnvironment

from pipesense.host.rulepacks import load_registry
from pipesense.host.testing import EngineChecker
from pipesense.lang.sql.split import split
from pipesense.rule.harness import Seen
from pipesense.systems.flink.options import KNOWN

pytestmark = pytest.mark.framework

CLICKS = "CREATE TABLE clicks (\n    user_id BIGINT,\n    ts TIMESTAMP(3){}\n) WITH ('connector' = 'datagen');\n"
MARKED = CLICKS.format(",\n    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND")
PRINT = "CREATE TABLE totals (user_id BIGINT, n BIGINT) WITH ('connector' = 'print');\n"
FILES = "CREATE TABLE totals (user_id BIGINT, n BIGINT) WITH ('connector' = 'filesystem', 'path' = '/tmp/totals'{});\n"
WINDOW = (
    "INSERT INTO totals SELECT user_id, COUNT(*)\n"
    "FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' HOUR))\n"
    "GROUP BY user_id, window_start, window_end;\n"
)
OLD_WINDOW = (
    "INSERT INTO totals SELECT user_id, COUNT(*)\nFROM clicks\nGROUP BY user_id, TUMBLE(ts, INTERVAL '1' HOUR);\n"
)
GROUP = "INSERT INTO totals SELECT user_id, COUNT(*) FROM clicks GROUP BY user_id;\n"


def plan(script: str) -> str:
    """The plans of a script's queries; what Flink refuses raises."""
    tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    found: list[str] = []
    for cut in split(script):
        statement = script[cut.start : cut.end].strip().rstrip(";")
        setting = re.fullmatch(r"SET '([^']+)' = '([^']+)'", statement)
        if setting is not None:
            tables.get_config().set(setting[1], setting[2])
        elif statement.startswith("CREATE"):
            tables.execute_sql(statement)
        else:
            found.append(tables.explain_sql(statement))
    return "\n".join(found)


def refused(script: str) -> str:
    """Why Flink refuses a script."""
    with pytest.raises(Exception) as caught:
        plan(script)
    return str(caught.value)


@pytest.fixture(scope="module")
def checker() -> EngineChecker:
    return EngineChecker(load_registry())


def found(checker: EngineChecker, script: str, rule: str) -> Seen:
    return next(each for each in checker.check({"job.sql": script}).findings if each.rule == rule)


def fixed(checker: EngineChecker, script: str, rule: str) -> str:
    seen = found(checker, script, rule)
    files = checker.fix({"job.sql": script}, seen, seen.fixes[0])
    assert not isinstance(files, str), files
    return files["job.sql"]


@pytest.mark.parametrize("query", [WINDOW, OLD_WINDOW], ids=["table function", "group by"])
def test_a_window_needs_a_watermark(checker: EngineChecker, query: str) -> None:
    script = CLICKS.format("") + PRINT + query
    assert "time attribute" in refused(script)
    assert "watermark" in plan(fixed(checker, script, "streaming/no-watermark")).lower()


def test_a_window_over_the_machines_time_needs_none(checker: EngineChecker) -> None:
    script = CLICKS.format(",\n    seen AS PROCTIME()") + PRINT + WINDOW.replace("(ts)", "(seen)")
    assert plan(script)
    assert [each for each in checker.check({"job.sql": script}).findings if each.rule.startswith("streaming/")] == []


def test_files_need_a_format(checker: EngineChecker) -> None:
    script = MARKED + FILES.format("") + WINDOW
    assert "required options are missing" in refused(script)
    assert plan(fixed(checker, script, "streaming/connector-option-missing"))


KAFKA = """\
CREATE TABLE orders (id BIGINT, ts TIMESTAMP(3)) WITH (
    'connector' = 'kafka',
    'topic' = 'orders',
    'properties.bootstrap.servers' = 'broker:9092'
);
"""


def test_a_table_of_kafka_is_accepted_up_to_create(checker: EngineChecker) -> None:
    """Kafka's connector is no Python package, so how the table is read cannot be planned here."""
    after = fixed(checker, KAFKA, "streaming/connector-option-missing")
    assert "'format' = 'json'" in after
    assert plan(after) == ""
    assert "Could not find any factory for identifier 'kafka'" in refused(after + "SELECT * FROM orders;")


def test_an_option_that_is_one_slip_away_is_refused(checker: EngineChecker) -> None:
    script = MARKED + FILES.format(", 'format' = 'csv', 'sink.parallelsim' = '1'") + WINDOW
    assert "Unsupported options" in refused(script)
    assert plan(fixed(checker, script, "streaming/connector-option-missing"))


@pytest.mark.parametrize("connector", ["filesystem", "datagen", "print"])
def test_the_options_of_a_connector_are_those_that_it_names(connector: str) -> None:
    own = {"filesystem": ", 'path' = '/tmp/totals', 'format' = 'csv'"}.get(connector, "")
    table = f"CREATE TABLE t (id BIGINT) WITH ('connector' = '{connector}'{own}, 'no.such.option' = '1');\n"
    use = "SELECT * FROM t;" if connector == "datagen" else "INSERT INTO t SELECT CAST(1 AS BIGINT);"
    told = refused(table + use).partition("Supported options:")[2].partition("\tat ")[0].split()
    named = {each for each in told if not each.startswith(("fields.", "scan.watermark."))}
    assert named - {"connector", "property-version"} == set(KNOWN[connector])


def test_files_take_no_updates(checker: EngineChecker) -> None:
    files = FILES.format(", 'format' = 'csv'")
    assert "doesn't support consuming update changes" in refused(MARKED + files + GROUP)
    assert found(checker, MARKED + files + GROUP, "streaming/unbounded-state").variant == "append-sink"
    assert plan(MARKED + files + WINDOW)


def test_a_time_to_live_is_taken(checker: EngineChecker) -> None:
    script = MARKED + PRINT + GROUP
    after = fixed(checker, script, "streaming/unbounded-state")
    assert "'table.exec.state.ttl' = '1 d'" in after
    assert plan(after)


def test_the_window_table_function_gives_the_same_groups(checker: EngineChecker) -> None:
    before = MARKED + PRINT + OLD_WINDOW
    after = fixed(checker, before, "streaming/legacy-window")
    assert "GroupWindowAggregate" in plan(before)
    assert "WindowAggregate(groupBy=[user_id], window=[TUMBLE(time_col=[ts], size=[1 h])]" in plan(after)


@pytest.mark.parametrize("script", [MARKED, CLICKS.format(""), PRINT + MARKED + WINDOW], ids=["marked", "bare", "job"])
def test_what_flink_accepts_is_read(checker: EngineChecker, script: str) -> None:
    plan(script)
    assert checker.check({"job.sql": script}).unread == ()
