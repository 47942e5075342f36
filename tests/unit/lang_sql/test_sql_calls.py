"""Functions have one name in every dialect, and their ranges hold the whole call."""

from __future__ import annotations

import pytest

from pipesense.lang.sql.facts import read_statement
from pipesense.model.sql import CLOCKS, HASHES, RANDOM, Expr

ALL = ("", "bigquery", "snowflake", "postgres", "tsql", "spark", "mysql", "trino", "oracle", "redshift", "duckdb")


def first_output(sql: str, dialect: str) -> Expr:
    facts = read_statement(sql, dialect)
    assert facts.error == ""
    return next(block for block in facts.blocks if block.depth == 0).outputs[0].expr


@pytest.mark.parametrize(
    ("written", "op"),
    [
        *((text, "current_timestamp") for text in ("now()", "current_timestamp", "getdate()", "sysdate()")),
        *((text, "current_timestamp") for text in ("sysdatetime()", "getutcdate()", "current_datetime()")),
        *((text, "current_date") for text in ("current_date", "current_date()", "curdate()", "today()")),
        *((text, "rand") for text in ("rand()", "random()")),
        *((text, "uuid") for text in ("uuid()", "newid()", "gen_random_uuid()", "generate_uuid()", "sys_guid()")),
        *((text, "md5") for text in ("md5(a)", "md5_hex(a)", "md5_number(a)")),
        *((text, "sha1") for text in ("sha(a)", "sha1(a)", "sha1_hex(a)")),
        *((text, "sha2") for text in ("sha2(a, 256)", "sha256(a)", "sha512(a)")),
        *(
            (text, "hash")
            for text in ("hash(a)", "xxhash64(a)", "crc32(a)", "cityHash64(a)", "standard_hash(a, 'MD5')")
        ),
        ("farm_fingerprint(a)", "farm_fingerprint"),
        ("extract(year from a)", "extract"),
        *(
            (text, "date_trunc")
            for text in ("date_trunc('day', a)", "timestamp_trunc(a, day)", "datetime_trunc(a, day)")
        ),
        *((text, "date_add") for text in ("date_add(a, interval 1 day)", "dateadd(day, 1, a)")),
        *((text, "date_diff") for text in ("datediff(day, a, b)", "date_diff(a, b, day)")),
        *((text, "extract") for text in ("extract(year from a)", "date_part('year', a)")),
        *((text, "coalesce") for text in ("coalesce(a, b)", "ifnull(a, b)", "nvl(a, b)")),
        *((text, "string_agg") for text in ("string_agg(a, ',')", "group_concat(a)")),
        ("at_home(a)", "function"),
        ("s.at_home(a)", "function"),
        ("interval '1' day", "interval"),
        ("interval 1 day", "interval"),
        ("interval '1 day'", "interval"),
        ("a at time zone 'UTC'", "at_time_zone"),
        ("case when a then b end", "case"),
    ],
)
def test_one_name_in_every_dialect(written: str, op: str) -> None:
    sql = f"SELECT {written} AS x FROM t"

    found = {dialect: first_output(sql, dialect) for dialect in ALL if read_statement(sql, dialect).error == ""}

    assert len(found) >= len(ALL) - 2, "a few dialects refuse some spellings"
    assert {dialect: expr.op for dialect, expr in found.items() if expr.op != op} == {}
    assert {expr.span.of(sql) for expr in found.values()} == {written}


@pytest.mark.parametrize(
    ("written", "dialect", "op", "kind"),
    [
        ("sysdate", "oracle", "current_timestamp", "function"),
        ("sysdate", "", "current_timestamp", "function"),
        ("sysdate", "bigquery", "column", ""),
        ("localtimestamp", "snowflake", "current_timestamp", "function"),
        ("hashbytes('MD5', a)", "tsql", "md5", "function"),
        ("hashbytes('MD5', a)", "", "hash", "function"),
        ("to_date(a, 'YYYY')", "oracle", "parse_date", "function"),
        ("date '2024-01-01'", "oracle", "cast", "DATE"),
        ("date '2024-01-01'", "", "cast", "DATE"),
        ("date(a)", "spark", "cast", "DATE"),
        ("convert(decimal(10, 2), a, 1)", "tsql", "cast", "DECIMAL(10,2)"),
        ("convert(date, a)", "redshift", "cast", "DATE"),
        ("try_convert(int, a)", "tsql", "cast", "INT"),
        ("a::timestamp with time zone", "postgres", "cast", "TIMESTAMP WITH TIME ZONE"),
        ("safe_cast(a as string)", "bigquery", "cast", "STRING"),
        ("listagg(a, ',') within group (order by b)", "snowflake", "string_agg", "aggregate"),
        ("listagg(a, ',') within group (order by b)", "redshift", "within_group", ""),
        ("N'text'", "tsql", "literal", "string"),
        ("$$text$$", "snowflake", "literal", "string"),
    ],
)
def test_spellings_of_one_dialect(written: str, dialect: str, op: str, kind: str) -> None:
    sql = f"SELECT {written} AS x FROM t"

    found = first_output(sql, dialect)

    assert (found.op, found.kind, found.span.of(sql)) == (op, kind, written)


@pytest.mark.parametrize(
    ("written", "guard"), [("zeroifnull(a)", "coalesce"), ("iff(a, b, c)", "case"), ("try_divide(a, b)", "nullif")]
)
def test_functions_that_no_dialect_says_guard_too(written: str, guard: str) -> None:
    found = first_output(f"SELECT {written} FROM t", "")

    assert found.args[0].guards == {guard}


def test_the_groups_of_operations_are_told_apart() -> None:
    assert not CLOCKS & RANDOM and not RANDOM & HASHES and not CLOCKS & HASHES
