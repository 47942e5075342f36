"""CREATE, ALTER and DROP: names, columns, types and keys, in the words of the text."""

from __future__ import annotations

import pytest
from sql_text import Shown

from pipesense.lang.sql.facts import read_statement
from pipesense.lang.sql.relation import relation
from pipesense.model.where import Loc
from pipesense.text.span import Span

CASES = [
    (
        "CREATE TABLE f (\n  id BIGINT PRIMARY KEY,\n  k INT FOREIGN KEY  REFERENCES d.dim(k),\n  x DECIMAL(10, 2) NOT NULL DEFAULT 0\n);",
        "",
        [
            "table f `f` closed",
            "id: BIGINT primary_key not_null",
            "k: INT references d.dim inline `FOREIGN KEY`",
            "x: DECIMAL(10,2) has_default not_null",
            "primary key id",
            "foreign key k",
        ],
    ),
    (
        "CREATE TABLE f (k INT REFERENCES d(k))",
        "postgres",
        ["table f `f` closed", "k: INT references d", "foreign key k"],
    ),
    (
        "CREATE TABLE f (a INT, b INT, CONSTRAINT p PRIMARY KEY CLUSTERED (a ASC, b ASC), "
        "CONSTRAINT u UNIQUE NONCLUSTERED (b DESC))",
        "tsql",
        ["table f `f` closed", "a: INT", "b: INT", "primary key a b", "unique b"],
    ),
    (
        "CREATE TABLE f (a INT, b INT, PRIMARY KEY (a, b), UNIQUE (b), CONSTRAINT c FOREIGN KEY (b) REFERENCES d(b))",
        "",
        ["table f `f` closed", "a: INT", "b: INT", "primary key a b", "unique b", "foreign key b"],
    ),
    (
        "CREATE TABLE t (a timestamp with time zone, b double precision unique, c character varying (20), d text[])",
        "postgres",
        [
            "table t `t` closed",
            "a: TIMESTAMP WITH TIME ZONE",
            "b: DOUBLE PRECISION unique",
            "c: CHARACTER VARYING(20)",
            "d: TEXT[]",
            "unique b",
        ],
    ),
    (
        "CREATE TABLE t (a ARRAY<STRUCT<x INT64, y STRING>> NOT NULL, b STRING OPTIONS (description='x, y'))",
        "bigquery",
        ["table t `t` closed", "a: ARRAY<STRUCT<X INT64,Y STRING>> not_null", "b: STRING"],
    ),
    (
        "CREATE TABLE t (a INT IDENTITY(1,1) NOT NULL)\nGO\n",
        "tsql",
        ["table t `t` closed", "a: INT has_default not_null"],
    ),
    (
        "CREATE OR REPLACE TABLE s.t AS SELECT a, b AS c FROM u",
        "snowflake",
        ["table s.t `s.t` replace from_query closed"],
    ),
    ("CREATE TABLE t AS SELECT * FROM u", "", ["table t `t` from_query"]),
    (
        "CREATE TEMP TABLE IF NOT EXISTS t (a INT)",
        "postgres",
        ["table t `t` temporary if_not_exists closed", "a: INT", "temporary = "],
    ),
    ("CREATE VIEW v AS SELECT a FROM u", "", ["view v `v` from_query closed"]),
    (
        "CREATE TABLE t (a INT) USING delta PARTITIONED BY (a)",
        "databricks",
        ["table t `t` closed", "a: INT", "format = delta", "partitioned_by = (a)"],
    ),
    ("CREATE TABLE t LIKE u", "", ["table t `t`", "like = u"]),
    (
        "CREATE TABLE {{ params.schema }}.t (a INT)",
        "",
        ["table {{ params.schema }}.t `{{ params.schema }}.t` closed", "a: INT"],
    ),
    ("CREATE TABLE t (a INT, {{ more_columns }} TEXT)", "", ["table t `t`", "a: INT", "{{ more_columns }}: TEXT"]),
    ("ALTER TABLE t ADD COLUMN a INT NOT NULL", "", ["alter t `t`", "a: INT not_null"]),
    ("ALTER TABLE t DROP COLUMN a", "", ["alter t `t`"]),
    ("CREATE INDEX i ON t (a)", "", []),
    ("SELECT 1", "", []),
]


@pytest.mark.parametrize(("sql", "dialect", "expected"), CASES, ids=[case[0] for case in CASES])
def test_tables(sql: str, dialect: str, expected: list[str]) -> None:
    facts = read_statement(sql, dialect)

    assert facts.error == ""
    assert Shown(sql).table(facts) == expected


def test_column_ranges_are_exact() -> None:
    sql = "CREATE TABLE f (a INT, k INT FOREIGN KEY REFERENCES d(k))"

    table = read_statement(sql, "").table

    assert table is not None
    column = table.columns[1]
    assert column.span.of(sql) == "k INT FOREIGN KEY REFERENCES d(k)"
    assert column.name_span.of(sql) == "k"
    assert column.constraints_span is not None
    assert column.constraints_span.of(sql) == "FOREIGN KEY REFERENCES d(k)"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("DROP TABLE IF EXISTS a.b, c", (("a", "b"), ("c",))),
        ("DROP VIEW v", (("v",),)),
        ("DROP INDEX i", ()),
        ("DROP SCHEMA s", ()),
    ],
)
def test_drops(sql: str, expected: tuple[tuple[str, ...], ...]) -> None:
    assert read_statement(sql, "postgres").drops == expected


@pytest.mark.parametrize(
    ("sql", "columns", "opened"),
    [
        ("CREATE TABLE s.T (A INT NOT NULL, b TEXT)", [("A", "INT", False), ("b", "TEXT", True)], False),
        ("CREATE TABLE t LIKE u", [], True),
        ("ALTER TABLE t ADD COLUMN a INT", [("a", "INT", True)], True),
        # What a query gives is worked out when somebody asks.
        ("CREATE VIEW t AS SELECT a, b + 1 AS c FROM u", [], False),
        ("CREATE VIEW t (x, y) AS SELECT a, b + 1 AS c FROM u", [("x", "", True), ("y", "", True)], False),
    ],
)
def test_relations(sql: str, columns: list[tuple[str, str, bool]], opened: bool) -> None:
    found = relation(read_statement(sql, ""), Loc("/f.sql", 7, Span(0, len(sql))))

    assert found is not None
    assert [(one.name, one.type, one.nullable) for one in found.columns] == columns
    assert (found.opened is not None) == opened
    assert found.loc.unit == 7
    assert found.dataset.table == "t"


def test_a_relation_with_a_masked_name_is_none() -> None:
    facts = read_statement("CREATE TABLE {{ params.table }} (a INT)", "")

    assert relation(facts, Loc("/f.sql", 1, Span(0, 0))) is None


KEYS = """CREATE TABLE mart.orders (
  id BIGINT PRIMARY KEY,
  customer_id INT NOT NULL REFERENCES crm.customers (id),
  shop INT REFERENCES shops,
  a INT, b INT,
  CONSTRAINT two FOREIGN KEY (a, b) REFERENCES pairs (x, y)
)"""


def test_foreign_keys_name_their_targets() -> None:
    found = relation(read_statement(KEYS, "postgres"), Loc("/f.sql", 7, Span(0, len(KEYS))))

    assert found is not None
    assert [(each.columns, str(each.target), each.target_columns) for each in found.foreign_keys] == [
        (("customer_id",), "crm.customers", ("id",)),
        (("shop",), "shops", ()),
        (("a", "b"), "pairs", ("x", "y")),
    ]


@pytest.mark.parametrize(
    ("condition", "values", "bounds", "columns"),
    [
        ("status IN ('new', 'it''s')", ("'new'", "'it''s'"), ("", ""), ("status",)),
        ("level IN (1, 2)", ("1", "2"), ("", ""), ("level",)),
        ("age BETWEEN 0 AND 150", (), ("0", "150"), ("age",)),
        ("amount >= -1.5 AND 100 >= amount", (), ("-1.5", "100"), ("amount",)),
        ("0 <= amount", (), ("0", ""), ("amount",)),
        ("amount > 0", (), ("", ""), ("amount",)),
        ("amount >= 0 AND amount < 5", (), ("", ""), ("amount",)),
        ("amount >= 0 OR amount <= -5", (), ("", ""), ("amount",)),
        ("amount NOT BETWEEN 0 AND 5", (), ("", ""), ("amount",)),
        ("status NOT IN ('x')", (), ("", ""), ("status",)),
        ("started <= ended", (), ("", ""), ("started", "ended")),
        ("lower(status) IN ('x')", (), ("", ""), ("status",)),
    ],
)
@pytest.mark.parametrize("form", ["CREATE TABLE t (x INT CHECK ({}))", "CREATE TABLE t (x INT, CHECK ({}))"])
def test_what_a_check_demands(
    form: str, condition: str, values: tuple[str, ...], bounds: tuple[str, str], columns: tuple[str, ...]
) -> None:
    sql = form.format(condition)
    found = relation(read_statement(sql, "postgres"), Loc("/f.sql", 7, Span(0, len(sql))))

    assert found is not None
    (check,) = found.checks
    assert (check.text, check.values, (check.minimum, check.maximum), check.columns) == (
        condition,
        values,
        bounds,
        columns,
    )


def test_a_check_with_a_masked_part_demands_nothing_known() -> None:
    sql = "CREATE TABLE t (x INT CHECK (x > {{ least }}))"
    found = relation(read_statement(sql, "postgres"), Loc("/f.sql", 7, Span(0, len(sql))))

    assert found is not None and found.checks == ()


def test_values_of_an_enum_keep_their_case() -> None:
    sql = "CREATE TABLE t (mood enum ('Happy', 'so  so'))"
    found = relation(read_statement(sql, "mysql"), Loc("/f.sql", 7, Span(0, len(sql))))

    assert found is not None
    assert found.columns[0].type == "ENUM('Happy','so  so')"
