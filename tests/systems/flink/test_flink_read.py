"""What Flink SQL says, statement by statement: source to facts, with every range verified against the text."""

from __future__ import annotations

import pytest

from pipesense.model.sql import StatementFacts
from pipesense.model.stream import Changes
from pipesense.model.value import known
from pipesense.systems.flink import SYSTEM
from pipesense.systems.flink.signs import sign
from support.memory import ROOT, workspace

ORDERS = """-- orders as they come
CREATE TEMPORARY TABLE IF NOT EXISTS shop.`orders` (
  id BIGINT NOT NULL,
  item ROW<name STRING, tags ARRAY<STRING>> COMMENT 'a, b',
  `ts` TIMESTAMP(3) METADATA FROM 'timestamp' VIRTUAL,
  seen AS PROCTIME(),
  cents AS price * 100,
  WATERMARK FOR `ts` AS `ts` - INTERVAL '5' SECOND,
  PRIMARY KEY (id) NOT ENFORCED
) PARTITIONED BY (id) WITH (
  'connector' = 'kafka', -- the broker
  'topic' = 'it''s',
  'properties.bootstrap.servers' = '${BROKERS}',
  'format' = 'json'
);"""


def read(text: str) -> StatementFacts:
    facts = SYSTEM.read_statement(text, "flink")
    assert facts.error == ""
    assert facts.dialect == "flink"
    return facts


def test_create_table() -> None:
    table = read(ORDERS).table
    assert table is not None
    assert (table.parts, table.temporary, table.if_not_exists, table.closed) == (("shop", "orders"), True, True, True)
    assert [(each.name, each.type, each.nullable) for each in table.columns] == [
        ("id", "BIGINT", False),
        ("item", "ROW<NAME STRING, TAGS ARRAY<STRING>>", True),
        ("ts", "TIMESTAMP(3)", True),
        ("seen", "", True),
        ("cents", "", True),
    ]
    assert [each.name_span.of(ORDERS) for each in table.columns] == ["id", "item", "`ts`", "seen", "cents"]
    assert table.primary_key == ("id",)
    stream = table.stream
    assert stream is not None
    assert (stream.connector, stream.missing, stream.broker) == ("kafka", (), True)
    assert [(each.key, each.value, each.opaque) for each in stream.options] == [
        ("connector", "kafka", False),
        ("topic", "it's", False),
        ("properties.bootstrap.servers", "${BROKERS}", True),
        ("format", "json", False),
    ]
    assert stream.options[1].span.of(ORDERS) == "'topic' = 'it''s'"
    assert stream.watermark is not None
    assert stream.watermark.column == ("ts",)
    assert stream.watermark.delayed == "`ts` - INTERVAL '5' SECOND"
    assert stream.processing_time == ("seen",)
    assert [(each.name, each.computed) for each in stream.time_columns] == [("ts", False), ("cents", True)]


WITH = "CREATE TABLE t (a INT) WITH ({})"


@pytest.mark.parametrize(
    ("options", "unbounded", "emits", "takes"),
    [
        ("'connector' = 'kafka', 'format' = 'json'", True, Changes.APPEND, Changes.APPEND),
        ("'connector' = 'kafka', 'format' = 'debezium-json'", True, Changes.ALL, Changes.ALL),
        (
            "'connector' = 'kafka', 'format' = 'json', 'scan.bounded.mode' = 'latest-offset'",
            False,
            *[Changes.APPEND] * 2,
        ),
        ("'connector' = 'upsert-kafka', 'value.format' = 'json'", True, Changes.UPSERT, Changes.UPSERT),
        ("'connector' = 'datagen'", True, Changes.APPEND, None),
        ("'connector' = 'datagen', 'number-of-rows' = '10'", False, Changes.APPEND, None),
        ("'connector' = 'datagen', 'fields.a.kind' = 'sequence'", False, Changes.APPEND, None),
        ("'connector' = 'filesystem', 'format' = 'csv'", False, Changes.APPEND, Changes.APPEND),
        (
            "'connector' = 'filesystem', 'format' = 'csv', 'source.monitor-interval' = '1 s'",
            True,
            *[Changes.APPEND] * 2,
        ),
        ("'connector' = 'jdbc'", False, Changes.APPEND, Changes.UPSERT),
        ("'connector' = 'mysql-cdc'", True, Changes.ALL, None),
        ("'connector' = 'print'", None, None, Changes.ALL),
        ("'connector' = 'of-our-own'", None, None, None),
        ("'connector' = '${CONNECTOR}'", None, None, None),
    ],
)
def test_what_a_connector_means(
    options: str, unbounded: bool | None, emits: Changes | None, takes: Changes | None
) -> None:
    table = read(WITH.format(options)).table
    assert table is not None and table.stream is not None
    stream = table.stream
    assert (known(stream.unbounded), known(stream.emits), known(stream.takes)) == (unbounded, emits, takes)


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ("'connector' = 'kafka'", ["properties.bootstrap.servers", "topic", "format"]),
        ("'connector' = 'kafka', 'topic-pattern' = 'a.*', 'bootstrap.servers' = 'b'", ["properties.bootstrap.servers", "format"]),
        ("'connector' = 'upsert-kafka', 'topic' = 't', 'properties.bootstrap.servers' = 'b', 'format' = 'json'", ["key.format", "value.format"]),
        ("'connector' = 'jdbc', 'url' = 'jdbc:x'", ["table-name"]),
        ("'connector' = 'print'", []),
        ("'connector' = 'kafka', {{ options() }}", []),
    ],
)  # fmt: skip
def test_options_that_are_missing(options: str, missing: list[str]) -> None:
    table = read(WITH.replace("{}", "%s") % options).table
    assert table is not None and table.stream is not None
    assert [each.names[0] for each in table.stream.missing] == missing


def test_like_brings_options_along_unless_they_are_excluded() -> None:
    included = read("CREATE TABLE t WITH ('connector' = 'kafka') LIKE base").table
    excluded = read("CREATE TABLE t WITH ('connector' = 'datagen') LIKE base (EXCLUDING ALL)").table
    assert included is not None and included.stream is not None
    assert excluded is not None and excluded.stream is not None
    assert (known(included.stream.unbounded), known(excluded.stream.unbounded)) == (None, True)
    assert (included.closed, included.stream.missing) == (False, ())


@pytest.mark.parametrize(
    ("text", "kind", "legacy", "table", "column", "call"),
    [
        (
            "SELECT a FROM TABLE(TUMBLE(TABLE db.t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) AS w GROUP BY window_start",
            *("tumble", False, ("db", "t"), ("ts",), "TUMBLE(TABLE db.t, DESCRIPTOR(ts), INTERVAL '1' HOUR)"),
        ),
        (
            "SELECT a FROM HOP(DATA => TABLE `t`, TIMECOL => DESCRIPTOR(ts), SLIDE => INTERVAL '1' HOUR,"
            " SIZE => INTERVAL '1' DAY)",
            *("hop", False, ("t",), ("ts",), None),
        ),
        (
            "SELECT a FROM TABLE(SESSION(TABLE t PARTITION BY u, DESCRIPTOR(ts), INTERVAL '1' HOUR))",
            *("session", False, ("t",), ("ts",), None),
        ),
        (
            "SELECT a FROM TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '2' MINUTES, INTERVAL '10' MINUTES))",
            *("cumulate", False, ("t",), ("ts",), None),
        ),
        (
            "SELECT a, TUMBLE_END(x.ts, INTERVAL '1' HOUR) FROM t AS x GROUP BY a, TUMBLE(x.ts, INTERVAL '1' HOUR)",
            *("tumble", True, (), ("x", "ts"), "TUMBLE(x.ts, INTERVAL '1' HOUR)"),
        ),
        ("SELECT a FROM t GROUP BY SESSION(ts, INTERVAL '1' HOUR)", "session", True, (), ("ts",), None),
    ],
)
def test_windows(
    text: str, kind: str, legacy: bool, table: tuple[str, ...], column: tuple[str, ...], call: str | None
) -> None:
    facts = read(text)
    assert facts.stream is not None
    (window,) = facts.stream.windows
    assert (window.kind.value, window.legacy, window.table, window.column) == (kind, legacy, table, column)
    assert window.column_span.of(text).split(".")[-1] == column[-1]
    assert call is None or window.span.of(text) == call
    (source,) = facts.blocks[0].sources
    assert (source.parts[-1], source.reshaped) == ("t", "" if legacy else "window")


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("SELECT * FROM o JOIN r FOR SYSTEM_TIME AS OF o.ts AS x ON o.a = x.a", [("o", "o", ""), ("r", "x", "")]),
        ("SELECT * FROM t /*+ OPTIONS('a' = 'b') */ AS o", [("t", "o", "")]),
        (
            "SELECT m.y FROM t MATCH_RECOGNIZE (ORDER BY b MEASURES x AS y PATTERN (A B+?) DEFINE A AS A.x > 1) AS m",
            [("t", "m", "match_recognize")],
        ),
        ("SELECT w FROM t, LATERAL TABLE(words(x)) AS T2(w)", [("t", "t", ""), (None, "T2", "")]),
    ],
)
def test_sources(text: str, sources: list[tuple[str | None, str, str]]) -> None:
    found = [each for block in read(text).blocks for each in block.every_source]
    assert [(each.parts[-1] if each.parts else None, each.alias, each.reshaped) for each in found] == sources


def test_a_time_in_the_other_table_is_as_of() -> None:
    (block,) = read("SELECT * FROM o JOIN r FOR SYSTEM_TIME AS OF o.ts AS x ON o.a = x.a").blocks
    assert [each.as_of is not None for each in block.every_source] == [False, True]


@pytest.mark.parametrize(
    ("text", "kind", "settings"),
    [
        ("SET 'table.exec.state.ttl' = '1 d';", "set", (("table.exec.state.ttl", "1 d"),)),
        ("SET table.exec.state.ttl=1d;", "set", (("table.exec.state.ttl", "1d"),)),
        ("RESET 'table.exec.state.ttl';", "set", ()),
        ("EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT * FROM b;", "insert", ()),
        ("BEGIN STATEMENT SET;", "begin", ()),
        ("END;", "end", ()),
        ("CREATE CATALOG c WITH ('type' = 'hive');", "create", ()),
        ("CREATE TEMPORARY SYSTEM FUNCTION f AS 'a.b.C' LANGUAGE JAVA;", "create", ()),
        ("INSERT OVERWRITE t PARTITION (d = '1') SELECT a FROM b", "insert", ()),
        ("INSERT INTO t SELECT a FROM b ON CONFLICT DO DEDUPLICATE;", "insert", ()),
        ("USE CATALOG c;", "use", ()),
    ],
)
def test_kinds(text: str, kind: str, settings: tuple[tuple[str, str], ...]) -> None:
    facts = read(text)
    assert facts.stream is not None
    assert (facts.kind, facts.stream.settings) == (kind, settings)


@pytest.mark.parametrize(
    ("text", "sentence", "there"),
    [
        ("CREATE TABLE t (a INT", "never closed", "("),
        ("CREATE TABLE t (a INT,, b INT)", "A column is missing", ","),
        ("CREATE TABLE t (a INT) WITH ('connector' 'kafka')", "'key' = 'value'", "'kafka'"),
        ("CREATE TABLE t (a INT) WITH ('a' = 'b' 'c' = 'd')", "comma is missing", "'c'"),
        ("CREATE TABLE t (a INT) WIHT ('a' = 'b')", "Unexpected `WIHT`", "WIHT"),
        ("CREATE TABLE", "no table yet", "TABLE"),
    ],
)
def test_what_cannot_be_read(text: str, sentence: str, there: str) -> None:
    facts = SYSTEM.read_statement(text, "flink")
    assert sentence in facts.error
    assert facts.error_span is not None
    assert text[facts.error_span.start :].startswith(there)


def test_no_prefix_of_a_statement_fails() -> None:
    text = ORDERS + "\nINSERT INTO x SELECT a FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) /*+ A */;"
    for end in range(len(text)):
        SYSTEM.read_statement(text[:end], "flink")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("CREATE TABLE t (a INT) WITH ('topic' = 'x', 'connector' = 'kafka')", "'connector' ="),
        ("CREATE TABLE t (ts TIMESTAMP(3), WATERMARK FOR ts AS ts)", "WATERMARK FOR"),
        ("SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY))", "a window over DESCRIPTOR"),
        ("SELECT a FROM t GROUP BY a, HOP(x.ts, INTERVAL '1' HOUR, INTERVAL '1' DAY)", "a window in GROUP BY"),
        ("SELECT a FROM TUMBLE(t, ts, INTERVAL '1' HOUR) GROUP BY a", ""),
        ("CREATE SOURCE t (ts TIMESTAMP, WATERMARK FOR ts AS ts) WITH (connector = 'kafka')", ""),
        ("-- WATERMARK FOR ts AS ts in a comment\nSELECT 1", ""),
        ("SELECT 'connector' = a FROM t", ""),
        ("SELECT 1", ""),
    ],
)
def test_signs(text: str, told: str) -> None:
    assert sign(text) == told


def test_one_sign_decides_for_the_script() -> None:
    made = workspace({"a.sql": f"SET 'x' = 'y';\n{ORDERS}\nSELECT * FROM orders FOR SYSTEM_TIME AS OF ts;\n"})
    made.index_all()
    assert made.not_analysed(f"{ROOT}/a.sql") == ()
