"""Statements that are known by their words: commands, grants, settings, transactions."""

from __future__ import annotations

import pytest

from pipesense.lang.sql.facts import read_statement
from pipesense.model.sql import Argument, Command


def argument(sql: str, one: Argument) -> str:
    value = "-" if one.value is None else f"{one.value.op} `{one.value.span.of(sql)}`"
    return f"{one.name or '_'}: {value} in `{one.span.of(sql)}`"


def lines(sql: str, command: Command) -> list[str]:
    target = "-" if command.target_span is None else f"{'.'.join(command.target)} `{command.target_span.of(sql)}`"
    found = [f"{command.verb} {target}", *(argument(sql, one) for one in command.arguments)]
    if command.dynamic is not None:
        found.append(f"runs {command.dynamic.op} `{command.dynamic.span.of(sql)}`")
    return found


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        (
            "VACUUM s.t RETAIN 0 HOURS DRY RUN;",
            "databricks",
            ["vacuum s.t `s.t`", "retain: literal `0` in `RETAIN 0 HOURS`", "dry run: - in `DRY RUN`"],
        ),
        ("VACUUM (FULL, ANALYZE) t", "postgres", ["vacuum t `t`", "full: - in `FULL`", "analyze: - in `ANALYZE`"]),
        ("vacuum full {{ table }}", "redshift", ["vacuum {{ table }} `{{ table }}`", "full: - in `full`"]),
        (
            "OPTIMIZE t WHERE d > '2024' ZORDER BY (a, b)",
            "databricks",
            [
                "optimize t `t`",
                "where: gt `d > '2024'` in `WHERE d > '2024'`",
                "zorder by: column `a` in `a`",
                "zorder by: column `b` in `b`",
            ],
        ),
        (
            "ALTER TABLE t EXECUTE optimize(file_size_threshold => '10MB') WHERE d > 1",
            "trino",
            ["optimize t `t`", "where: gt `d > 1` in `WHERE d > 1`"],
        ),
        (
            "CALL cat.system.rewrite_data_files(table => 'db.t', where => 'd > 1')",
            "spark",
            [
                "call cat.system.rewrite_data_files `cat.system.rewrite_data_files`",
                "table: literal `'db.t'` in `table => 'db.t'`",
                "where: literal `'d > 1'` in `where => 'd > 1'`",
            ],
        ),
        (
            "EXECUTE IMMEDIATE 'DELETE FROM ' || tbl USING 1",
            "bigquery",
            ["execute immediate -", "using: literal `1` in `1`", "runs concat `'DELETE FROM ' || tbl`"],
        ),
        (
            'EXECUTE IMMEDIATE "SELECT 1 WHERE a = \'" || b || "\'"',
            "bigquery",
            ["execute immediate -", 'runs concat `"SELECT 1 WHERE a = \'" || b || "\'"`'],
        ),
        ("EXECUTE IMMEDIATE $$ SELECT 1 $$", "snowflake", ["execute immediate -", "runs literal `$$ SELECT 1 $$`"]),
        ("EXECUTE IMMEDIATE FROM @stage/f.sql", "snowflake", ["execute immediate -"]),
        ("EXEC ('DELETE FROM ' + @t)", "tsql", ["execute immediate -", "runs add `'DELETE FROM ' + @t`"]),
        (
            "EXEC sp_executesql N'SELECT 1', N'@a INT', @a = 1",
            "tsql",
            [
                "execute immediate sp_executesql `sp_executesql`",
                "_: literal `N'@a INT'` in `N'@a INT'`",
                "a: literal `1` in `@a = 1`",
                "runs literal `N'SELECT 1'`",
            ],
        ),
        ("EXEC dbo.p @a = 1", "tsql", ["call dbo.p `dbo.p`", "a: literal `1` in `@a = 1`"]),
        ("EXECUTE stmt (1)", "postgres", ["execute stmt `stmt`", "_: literal `1` in `1`"]),
        ("MSCK REPAIR TABLE t", "hive", ["msck repair t `t`"]),
        (
            "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
            "postgres",
            ["refresh v `v`", "materialized view: - in `MATERIALIZED`"],
        ),
        (
            "CREATE TASK t WAREHOUSE = w SCHEDULE = '1 minute' AFTER s.u AS INSERT INTO x SELECT 1",
            "snowflake",
            [
                "create task t `t`",
                "warehouse: column `w` in `WAREHOUSE = w`",
                "schedule: literal `'1 minute'` in `SCHEDULE = '1 minute'`",
                "after: column `s.u` in `AFTER s.u`",
            ],
        ),
        (
            "CREATE STREAM s ON TABLE d.t",
            "snowflake",
            ["create stream s `s`", "on table: column `d.t` in `ON TABLE d.t`"],
        ),
    ],
)
def test_commands(sql: str, dialect: str, expected: list[str]) -> None:
    facts = read_statement(sql, dialect)

    assert facts.error == "" and facts.command is not None
    assert lines(sql, facts.command) == expected


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        ("GRANT SELECT, INSERT (a) ON s.t, u TO a, PUBLIC", "postgres", "grant SELECT,INSERT on s.t,u to a,PUBLIC"),
        (
            "GRANT ALL PRIVILEGES ON ALL TABLES IN SCHEMA s TO GROUP g WITH GRANT OPTION",
            "postgres",
            "grant ALL PRIVILEGES! on all tables in schema s to group g with grant option",
        ),
        ("GRANT ALL ON TABLE t TO ROLE r", "snowflake", "grant ALL! on table t to role r"),
        ("GRANT ROLE a TO USER b", "snowflake", "grant  on role a to user b"),
        ("GRANT ALL ON *.* TO 'u'@'%'", "mysql", "grant ALL! on *.* to 'u'@'%'"),
        (
            "GRANT USAGE ON SCHEMA {{ s }} TO `account users`",
            "databricks",
            "grant USAGE on schema {{ s }} to account users",
        ),
        ("REVOKE ALL ON t FROM PUBLIC", "postgres", "revoke ALL! on t to PUBLIC"),
        ("DENY SELECT ON t TO x", "tsql", "deny SELECT on t to x"),
    ],
)
def test_grants(sql: str, dialect: str, expected: str) -> None:
    grant = read_statement(sql, dialect).grant

    assert grant is not None
    privileges = ",".join(grant.privileges) + ("!" if grant.everything else "")
    objects = ",".join(".".join(parts) for parts in grant.objects)
    principals = ",".join(f"{one.kind} {one.name}".strip() for one in grant.principals)
    on = f"{grant.kind} {objects}".strip()
    assert f"{grant.verb} {privileges} on {on} to {principals}{' with grant option' * grant.grant_option}" == expected
    assert all(one.name in one.span.of(sql) for one in grant.principals)


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        (
            "SET spark.sql.sources.partitionOverwriteMode=dynamic",
            "spark",
            [("spark.sql.sources.partitionOverwriteMode", "dynamic", "")],
        ),
        ("SET 'table.exec.state.ttl' = '1 d'", "", [("table.exec.state.ttl", "1 d", "")]),
        ("SET search_path TO a, b", "postgres", [("search_path", "a, b", "")]),
        ("SET LOCAL statement_timeout = '5s'", "postgres", [("statement_timeout", "5s", "local")]),
        ("SET @x = 1, GLOBAL y = 2", "mysql", [("@x", "1", ""), ("y", "2", "global")]),
        ("SET NOCOUNT ON", "tsql", [("NOCOUNT", "ON", "")]),
        ("SET TIME ZONE 'UTC'", "spark", [("timezone", "UTC", "")]),
        ("ALTER SESSION SET TIMEZONE = 'UTC'", "snowflake", [("TIMEZONE", "UTC", "session")]),
        ("SET (a, b) = (1, 2)", "bigquery", []),
        ("SELECT 1", "", []),
    ],
)
def test_settings(sql: str, dialect: str, expected: list[tuple[str, str, str]]) -> None:
    found = read_statement(sql, dialect).settings

    assert [(one.name, one.value, one.scope) for one in found] == expected
    assert all(one.value in one.value_span.of(sql) for one in found)


def test_a_variable_that_is_set_from_a_query_reads_its_tables() -> None:
    facts = read_statement("SET latest = (SELECT MAX(day) FROM shop.orders)", "bigquery")

    assert [parts for parts, _ in facts.reads] == [("shop", "orders")]


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        ("BEGIN", "postgres", "begin"),
        ("BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE", "postgres", "begin"),
        ("START TRANSACTION", "mysql", "begin"),
        ("BEGIN TRANSACTION", "bigquery", "begin"),
        ("COMMIT TRANSACTION", "bigquery", "commit"),
        ("BEGIN TRAN", "tsql", "begin"),
        ("BEGIN SELECT 1; END", "bigquery", ""),
        ("COMMIT", "", "commit"),
        ("END", "postgres", "commit"),
        ("ROLLBACK", "", "rollback"),
        ("ROLLBACK TO SAVEPOINT a", "postgres", "savepoint"),
        ("SAVEPOINT a", "postgres", "savepoint"),
        ("SELECT 1", "", ""),
    ],
)
def test_transactions(sql: str, dialect: str, expected: str) -> None:
    assert read_statement(sql, dialect).transaction == expected
