"""CREATE, DROP and ALTER beyond names and columns: storage, defaults, keys, indexes, actions."""

from __future__ import annotations

import pytest

from pipesense.lang.sql.facts import read_statement
from pipesense.model.sql import AlterAction, ColumnDef, Create, Drop, Expr, TableDef
from pipesense.text.span import Span


def at(sql: str, span: Span | None) -> str:
    return "-" if span is None else f"`{span.of(sql)}`"


def listed(sql: str, exprs: tuple[Expr, ...]) -> str:
    return ", ".join(f"{expr.op} {at(sql, expr.span)}" for expr in exprs)


def storage(sql: str, table: TableDef) -> list[str]:
    lines = [word for word in ("external", "materialized") if getattr(table, word)]
    if table.partitioned_by:
        lines.append(f"partitioned by {listed(sql, table.partitioned_by)} in {at(sql, table.partition_span)}")
    if table.clustered_by:
        lines.append(f"clustered by {listed(sql, table.clustered_by)}")
    lines += [f"format {table.format} {at(sql, table.format_span)}"] if table.format else []
    lines += [f"location {table.location}"] if table.location else []
    lines += [f"columns {' '.join(column.name for column in table.columns)}"] if table.columns else []
    return lines


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        (
            "CREATE EXTERNAL TABLE t (a INT) PARTITIONED BY (dt STRING, h INT) STORED AS PARQUET LOCATION 's3://x'",
            "hive",
            [
                "external",
                "partitioned by column `dt`, column `h` in `dt STRING, h INT`",
                "format parquet `PARQUET`",
                "location s3://x",
                "columns a dt h",
            ],
        ),
        (
            "CREATE EXTERNAL TABLE t (a INT) PARTITIONED BY (d STRING) STORED AS TEXTFILE",
            "athena",
            ["external", "partitioned by column `d` in `d STRING`", "format textfile `TEXTFILE`", "columns a d"],
        ),
        (
            "CREATE TABLE t (ts TIMESTAMP, id BIGINT) USING iceberg PARTITIONED BY (days(ts), bucket(16, id))",
            "databricks",
            [
                "partitioned by function `days(ts)`, bucket `bucket(16, id)` in `days(ts), bucket(16, id)`",
                "format iceberg `iceberg`",
                "columns ts id",
            ],
        ),
        (
            "CREATE TABLE t (a INT) USING csv LOCATION 'x' CLUSTER BY (a)",
            "databricks",
            ["clustered by column `a`", "format csv `csv`", "location x", "columns a"],
        ),
        (
            "CREATE TABLE t PARTITION BY DATE(ts) CLUSTER BY a, b AS SELECT 1 AS a",
            "bigquery",
            ["partitioned by date `DATE(ts)` in `DATE(ts)`", "clustered by column `a`, column `b`"],
        ),
        (
            "CREATE EXTERNAL TABLE t WITH LOCATION = @s FILE_FORMAT = (TYPE = CSV)",
            "snowflake",
            ["external", "format csv `CSV`", "location s"],
        ),
        (
            "CREATE TABLE t (a INT, d DATE) WITH (format = 'CSV', partitioned_by = ARRAY['d'])",
            "trino",
            ["partitioned by column `'d'` in `'d'`", "format csv `'CSV'`", "columns a d"],
        ),
        (
            "CREATE TABLE t (a INT) PARTITION BY RANGE (a)",
            "postgres",
            ["partitioned by function `RANGE (a)` in `RANGE (a)`", "columns a"],
        ),
        (
            "CREATE TABLE t (a Int32, d Date) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY (a, d)",
            "clickhouse",
            [
                "partitioned by function `toYYYYMM(d)` in `toYYYYMM(d)`",
                "clustered by column `a`, column `d`",
                "columns a d",
            ],
        ),
        ("CREATE TABLE t (a INT) SORTKEY(a)", "redshift", ["clustered by column `a`", "columns a"]),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1 AS a", "postgres", ["materialized"]),
    ],
)
def test_storage(sql: str, dialect: str, expected: list[str]) -> None:
    table = read_statement(sql, dialect).table

    assert table is not None
    assert storage(sql, table) == expected


def column_line(sql: str, column: ColumnDef) -> str:
    words = [f"{column.name} {at(sql, column.type_span)}", *(["not null"] if not column.nullable else [])]
    words += [f"default {at(sql, column.default.span)}"] if column.default is not None else []
    words += [f"generated {at(sql, column.generated.span)}"] if column.generated is not None else []
    words += ["identity"] if column.identity else []
    words += [f"comment {column.comment}"] if column.comment else []
    words += ["partition"] if column.partition else []
    return " ".join(words)


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        ("CREATE TABLE t (a INT DEFAULT 1 + 1)", "", "a `INT` default `1 + 1`"),
        ("CREATE TABLE t (a TIMESTAMP DEFAULT now() NOT NULL)", "postgres", "a `TIMESTAMP` not null default `now()`"),
        ("CREATE TABLE t (a INT DEFAULT NULL)", "", "a `INT` default `NULL`"),
        ("CREATE TABLE t (a INT GENERATED ALWAYS AS (b + 1) STORED)", "postgres", "a `INT` generated `b + 1`"),
        ("CREATE TABLE t (a INT GENERATED BY DEFAULT AS IDENTITY)", "postgres", "a `INT` identity"),
        ("CREATE TABLE t (a INT NOT NULL AUTO_INCREMENT)", "mysql", "a `INT` not null identity"),
        ("CREATE TABLE t (a BIGSERIAL)", "postgres", "a `BIGSERIAL` identity"),
        ("CREATE TABLE t (a INT COMMENT 'how many')", "spark", "a `INT` comment how many"),
        ("CREATE TABLE t (a Int32)", "clickhouse", "a `Int32` not null"),
        ("CREATE TABLE t (a Nullable(Int32))", "clickhouse", "a `Nullable(Int32)`"),
    ],
)
def test_columns(sql: str, dialect: str, expected: str) -> None:
    table = read_statement(sql, dialect).table

    assert table is not None
    assert column_line(sql, table.columns[0]) == expected


def test_keys_that_nobody_enforces() -> None:
    sql = "CREATE TABLE t (a INT, PRIMARY KEY (a) NOT ENFORCED, FOREIGN KEY (a) REFERENCES u (b) NOT ENFORCED)"

    table = read_statement(sql, "snowflake").table

    assert table is not None and not table.primary_key_enforced
    (reference,) = table.references
    assert (reference.target, reference.target_columns, reference.enforced) == (("u",), ("b",), False)
    assert at(sql, reference.span) == "`a`"


def test_a_reference_in_a_column_stands_at_its_name() -> None:
    sql = "CREATE TABLE t (a INT, customer INT REFERENCES u (b))"

    table = read_statement(sql, "postgres").table

    assert table is not None and table.primary_key_enforced
    assert [(at(sql, one.span), one.enforced) for one in table.references] == [("`customer`", True)]


def test_indexes_in_a_column_list() -> None:
    table = read_statement("CREATE TABLE t (a INT, b INT, KEY k (b, a))", "mysql").table

    assert table is not None
    assert [(one.name, [column.name for column in one.columns]) for one in table.indexes] == [("k", ["b", "a"])]


def head(sql: str, create: Create | Drop) -> str:
    words = [create.kind, at(sql, create.kind_span)]
    if isinstance(create, Drop):
        words += [f"{'.'.join(parts)} {at(sql, place)}" for parts, place in create.names]
    else:
        words += [f"{'.'.join(create.parts)} {at(sql, create.name_span)}"]
    flags = ("replace", "if_not_exists", "if_exists", "cascade", "temporary")
    return " ".join([*words, *(flag for flag in flags if getattr(create, flag, False))])


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        ("CREATE TABLE s.t (a INT)", "", "table `TABLE` s.t `s.t`"),
        (
            "CREATE TABLE {{ params.schema }}.t (a INT)",
            "",
            "table `TABLE` {{ params.schema }}.t `{{ params.schema }}.t`",
        ),
        ("CREATE TEMP TABLE IF NOT EXISTS t (a INT)", "postgres", "table `TABLE` t `t` if_not_exists temporary"),
        ("CREATE TABLE #t (a INT)", "tsql", "table `TABLE` #t `#t` temporary"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1 AS a", "", "view `VIEW` v `v` replace"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1 AS a", "postgres", "materialized view `VIEW` v `v`"),
        ("CREATE SCHEMA IF NOT EXISTS s", "", "schema `SCHEMA` s `s` if_not_exists"),
        ("CREATE DATABASE d", "", "database `DATABASE` d `d`"),
        ("CREATE INDEX ON t (a)", "postgres", "index `INDEX`  -"),
        ("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)", "postgres", "index `INDEX` i `i` if_not_exists"),
        ("CREATE NONCLUSTERED INDEX i ON t (a)", "tsql", "index `NONCLUSTERED INDEX` i `i`"),
        ("CREATE OR REPLACE TASK t WAREHOUSE = w AS SELECT 1", "snowflake", "task `TASK` t `t` replace"),
        (
            "CREATE FUNCTION f(a INT) RETURNS INT AS $$ SELECT 1 $$ LANGUAGE sql",
            "postgres",
            "function `FUNCTION` f `f`",
        ),
        ("CREATE TABLE `p.d.t` (a INT64)", "bigquery", "table `TABLE` p.d.t ``p.d.t``"),
        ("DROP TABLE IF EXISTS a.b, c CASCADE", "postgres", "table `TABLE` a.b `a.b` c `c` if_exists cascade"),
        ("DROP SCHEMA s CASCADE", "postgres", "schema `SCHEMA` s `s` cascade"),
        ("DROP INDEX CONCURRENTLY i", "postgres", "index `INDEX` i `i`"),
        ("DROP MATERIALIZED VIEW v", "postgres", "materialized view `VIEW` v `v`"),
        ("DROP FUNCTION f(int)", "postgres", "function `FUNCTION` f `f`"),
        ("DROP TASK t", "snowflake", "task `TASK` t `t`"),
        ("SELECT 1", "", None),
    ],
)
def test_heads(sql: str, dialect: str, expected: str | None) -> None:
    facts = read_statement(sql, dialect)
    found = facts.create or facts.drop

    assert facts.error == ""
    assert (None if found is None else head(sql, found)) == expected


def test_an_index_knows_its_table_and_columns() -> None:
    sql = "CREATE UNIQUE INDEX i ON s.t USING btree (a DESC, lower(b)) WHERE a > 1"

    create = read_statement(sql, "postgres").create

    assert create is not None and create.index is not None
    assert (create.index.table, create.index.unique) == (("s", "t"), True)
    assert listed(sql, create.index.columns) == "desc `a`, lower `lower(b)`"


def action_line(sql: str, action: AlterAction) -> str:
    words = [action.what, *filter(None, (action.name, f"to {action.to}" if action.to else "", action.type))]
    words += [".".join(action.table)] if action.table else []
    words += [action.constraint] if action.constraint else []
    words += [f"({', '.join(action.columns)})"] if action.columns else []
    words += [f"references {'.'.join(action.reference.target)}"] if action.reference is not None else []
    words += [f"check {action.check.text}"] if action.check is not None else []
    words += [f"default {at(sql, action.column.default.span)}"] if action.column and action.column.default else []
    words += [flag for flag in ("exists", "cascade") if getattr(action, flag)]
    return " ".join([*words, at(sql, action.span)])


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        (
            "ALTER TABLE s.t ADD COLUMN a INT NOT NULL DEFAULT 0, ADD COLUMN IF NOT EXISTS b TEXT",
            "postgres",
            [
                "add column a INT default `0` `ADD COLUMN a INT NOT NULL DEFAULT 0`",
                "add column b TEXT exists `ADD COLUMN IF NOT EXISTS b TEXT`",
            ],
        ),
        (
            "ALTER TABLE t ADD COLUMNS (a INT, b STRING)",
            "spark",
            ["add column a INT `a INT`", "add column b STRING `b STRING`"],
        ),
        (
            "ALTER TABLE t DROP COLUMN IF EXISTS a CASCADE, DROP COLUMN b",
            "postgres",
            ["drop column a exists cascade `DROP COLUMN IF EXISTS a CASCADE`", "drop column b `DROP COLUMN b`"],
        ),
        (
            "ALTER TABLE t DROP COLUMNS (a, b)",
            "spark",
            ["drop column a `DROP COLUMNS (a, b)`", "drop column b `DROP COLUMNS (a, b)`"],
        ),
        ("ALTER TABLE t RENAME COLUMN a TO b", "", ["rename column a to b `RENAME COLUMN a TO b`"]),
        ("ALTER TABLE t RENAME TO u", "postgres", ["rename u `RENAME TO u`"]),
        ("ALTER TABLE t SWAP WITH u", "snowflake", ["swap u `SWAP WITH u`"]),
        (
            "ALTER TABLE t ALTER COLUMN a TYPE numeric(10, 2) USING a::numeric",
            "postgres",
            ["change type a NUMERIC(10,2) `ALTER COLUMN a TYPE numeric(10, 2) USING a::numeric`"],
        ),
        (
            "ALTER TABLE t ALTER COLUMN a BIGINT NOT NULL",
            "tsql",
            ["change type a BIGINT `ALTER COLUMN a BIGINT NOT NULL`"],
        ),
        ("ALTER TABLE t MODIFY a BIGINT", "mysql", ["change type a BIGINT `MODIFY a BIGINT`"]),
        ("ALTER TABLE t CHANGE COLUMN a b INT", "mysql", ["change type a to b INT `CHANGE COLUMN a b INT`"]),
        ("ALTER TABLE t ALTER COLUMN a SET NOT NULL", "postgres", ["set not null a `ALTER COLUMN a SET NOT NULL`"]),
        ("ALTER TABLE t ALTER COLUMN a DROP NOT NULL", "postgres", ["drop not null a `ALTER COLUMN a DROP NOT NULL`"]),
        ("ALTER TABLE t ALTER COLUMN a SET DEFAULT 3", "postgres", ["set default a `ALTER COLUMN a SET DEFAULT 3`"]),
        (
            "ALTER TABLE t ADD CONSTRAINT x FOREIGN KEY (a) REFERENCES u (b)",
            "postgres",
            ["add constraint x foreign key (a) references u `ADD CONSTRAINT x FOREIGN KEY (a) REFERENCES u (b)`"],
        ),
        ("ALTER TABLE t ADD UNIQUE (a, b)", "postgres", ["add constraint unique (a, b) `ADD UNIQUE (a, b)`"]),
        (
            "ALTER TABLE t ADD CONSTRAINT x CHECK (a > 1)",
            "postgres",
            ["add constraint x check check a > 1 `ADD CONSTRAINT x CHECK (a > 1)`"],
        ),
        ("ALTER TABLE t DROP CONSTRAINT x", "postgres", ["drop constraint x `DROP CONSTRAINT x`"]),
        (
            "ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u",
            "mysql",
            ["exchange partition u `EXCHANGE PARTITION p WITH TABLE u`"],
        ),
        ("ALTER TABLE t SWITCH PARTITION 1 TO u", "tsql", ["exchange partition u `SWITCH PARTITION 1 TO u`"]),
        (
            "ALTER TABLE t DROP IF EXISTS PARTITION (dt='2024')",
            "spark",
            ["drop partition exists `DROP IF EXISTS PARTITION (dt='2024')`"],
        ),
        ("ALTER TABLE t OWNER TO x", "postgres", ["owner x `OWNER TO x`"]),
    ],
)
def test_alter(sql: str, dialect: str, expected: list[str]) -> None:
    facts = read_statement(sql, dialect)

    assert facts.error == "" and facts.alter is not None
    assert facts.alter.parts[-1] == "t"
    assert [action_line(sql, action) for action in facts.alter.actions] == expected
