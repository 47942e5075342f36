"""Whole scripts of Flink SQL with all rules: what must be found, and what must not."""

from __future__ import annotations

from pipesense.host.rulepacks import load_registry
from support.memory import ROOT, workspace

REGISTRY = load_registry()

JOB = """CREATE TABLE source_table (
    user_id BIGINT,
    event_time TIMESTAMP(3),
    event_type STRING,
    WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH (
    'connector' = 'kafka',
    'topic' = 'user_events',
    'properties.bootstrap.servers' = 'kafka:9092'
);

INSERT INTO sink_table
SELECT
    user_id,
    TUMBLE_START(event_time, INTERVAL '1' HOUR) as window_start,
    COUNT(*) as event_count
FROM source_table
WHERE event_type = 'click'
GROUP BY user_id, TUMBLE(event_time, INTERVAL '1' HOUR);
"""


def found(files: dict[str, str], name: str) -> list[tuple[str, int, str]]:
    made = workspace(files, registry=REGISTRY)
    made.index_all()
    path = f"{ROOT}/{name}"
    buffer = made.text(path)
    assert buffer is not None
    assert made.not_analysed(path) == ()
    return sorted(
        (each.rule, buffer.lines.position(each.span.start)[0] + 1, each.severity.word) for each in made.findings(path)
    )


def test_a_source_without_format_and_a_window_of_the_old_form() -> None:
    assert found({"job.sql": JOB}, "job.sql") == [
        ("streaming/connector-option-missing", 1, "error"),
        ("streaming/legacy-window", 19, "info"),
    ]


def test_a_table_of_another_file_is_known_by_its_name() -> None:
    tables, _, job = JOB.partition("\n\n")
    files = {
        "tables.sql": tables.replace("    WATERMARK FOR", "    -- WATERMARK FOR").replace("STRING,", "STRING"),
        "job.sql": job,
    }
    assert [each for each in found(files, "job.sql") if each[2] == "error"] == [("streaming/no-watermark", 8, "error")]


def test_two_files_with_a_table_of_one_name_say_nothing_of_each_other() -> None:
    without = "CREATE TABLE t (ts TIMESTAMP(3)) WITH ('connector' = 'datagen');\n"
    having = without.replace("(3))", "(3), WATERMARK FOR ts AS ts)")
    window = "SELECT window_start FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY));\n"
    assert found({"a.sql": without, "b.sql": having + window}, "b.sql") == []
    assert found({"a.sql": without, "b.sql": having + window}, "a.sql") == []
    assert found({"a.sql": having, "b.sql": without, "c.sql": "-- pipesense: dialect=flink\n" + window}, "c.sql") == []


def test_an_edit_of_the_table_reaches_the_job() -> None:
    tables = "CREATE TABLE t (ts TIMESTAMP(3)) WITH ('connector' = 'datagen');\n"
    window = "SELECT window_start FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY));\n"
    made = workspace({"a.sql": tables, "b.sql": window}, registry=REGISTRY)
    made.index_all()
    assert [each.rule for each in made.findings(f"{ROOT}/b.sql")] == ["streaming/no-watermark"]
    made.open(f"{ROOT}/a.sql", tables.replace("(3))", "(3), WATERMARK FOR ts AS ts)"))
    made.index_all()
    assert made.findings(f"{ROOT}/b.sql") == ()


PYTHON = '''from pyflink.table import EnvironmentSettings, TableEnvironment

tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
tables.get_config().set("table.exec.state.ttl", "1 d")
tables.execute_sql("""
    CREATE TABLE clicks (user_id BIGINT, ts TIMESTAMP(3)) WITH ('connector' = 'datagen')
""")
tables.execute_sql("CREATE TABLE totals (user_id BIGINT, n BIGINT) WITH ('connector' = 'print')")
INSERT = """
    INSERT INTO totals SELECT user_id, COUNT(*) FROM clicks
    GROUP BY user_id, window_start, window_end"""
tables.execute_sql(INSERT.replace("clicks", "elsewhere"))
tables.create_statement_set().add_insert_sql("INSERT INTO totals SELECT user_id, COUNT(*) FROM clicks GROUP BY user_id")
tables.sql_query("SELECT user_id FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' HOUR))").print_schema()
'''


def test_sql_in_strings_of_pyflink() -> None:
    assert found({"job.py": PYTHON}, "job.py") == [("streaming/no-watermark", 6, "error")]


def test_pyflink_in_batch_mode_is_left_alone() -> None:
    assert found({"job.py": PYTHON.replace("in_streaming_mode", "in_batch_mode")}, "job.py") == []
