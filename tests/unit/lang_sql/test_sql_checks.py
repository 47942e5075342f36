"""Which statements check data, and what they look at."""

from __future__ import annotations

import pytest

from pipesense.lang.sql.checks import is_check_file, quality_checks
from pipesense.lang.sql.facts import read_statement
from pipesense.model.value import Known
from pipesense.model.where import Loc
from pipesense.text.span import Span

QUERIES = [
    ("SELECT * FROM t WHERE a IS NULL", "no nulls t a"),
    ("SELECT a, b, COUNT(*) FROM s.t GROUP BY a, b HAVING COUNT(*) > 1", "no duplicates s.t a b"),
    ("SELECT * FROM t WHERE age < 0 OR age > 150", "value range t age"),
    ("SELECT * FROM t WHERE age NOT BETWEEN 0 AND 150", "value range t age"),
    ("SELECT * FROM t WHERE status NOT IN ('a', 'b')", "valid values t status"),
    ("SELECT COUNT(*) FROM t", "row count t"),
    ("SELECT MAX(loaded_at) AS newest FROM t HAVING MAX(loaded_at) < CURRENT_DATE", "freshness t loaded_at"),
    (
        "SELECT c.a FROM t AS c WHERE NOT EXISTS (SELECT 1 FROM p WHERE p.id = c.a)",
        "references t a; references p id",
    ),
    ("-- validity check: it is so\nSELECT * FROM t WHERE lower(a) = 'x'", "valid values value range t a"),
    ("SELECT a FROM t", "custom check t a"),
    ("INSERT INTO t SELECT a FROM s", ""),
    ("CREATE TABLE t AS SELECT a FROM s", ""),
    ("SELECT 1", ""),
]


def told(sql: str, *, check_file: bool, dialect: str = "") -> str:
    facts = read_statement(sql, dialect)
    assert not facts.error, facts.error
    found = quality_checks(facts, Loc("/f.sql", 1, Span(0, len(sql))), sql, "f.sql", check_file=check_file)
    return "; ".join(
        " ".join([*sorted(kind.value for kind in each.kinds), str(each.dataset.value), *each.columns])
        for each in found
        if isinstance(each.dataset, Known)
    )


@pytest.mark.parametrize(("sql", "expected"), QUERIES)
def test_what_a_query_of_a_check_file_looks_at(sql: str, expected: str) -> None:
    assert told(sql, check_file=True) == expected


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        ("SELECT * FROM t WHERE a IS NULL", "", ""),
        ("-- completeness check: a\nSELECT * FROM t WHERE a IS NULL", "", "no nulls t a"),
        ("-- data quality check\nSELECT * FROM t WHERE a IS NULL", "", "no nulls t a"),
        ("-- must return no rows\nSELECT * FROM t WHERE a IS NULL", "", "no nulls t a"),
        ("-- check whether the new join is faster\nSELECT * FROM t WHERE a IS NULL", "", ""),
        ("SELECT * FROM t WHERE a IS NULL -- completeness check: no\n", "", ""),
        ("SELECT COUNT(*) AS invalid_ages FROM t WHERE age < 0", "", "value range t age"),
        ("SELECT COUNT(*) AS orders FROM t WHERE age < 0", "", ""),
        ("SELECT duplicate_of FROM t WHERE age < 0", "", ""),
        ("ASSERT (SELECT COUNT(*) FROM t) > 0 AS 'rows'", "bigquery", "row count t"),
        ("SELECT 1 / CASE WHEN COUNT(*) > 0 THEN 1 ELSE 0 END FROM t", "postgres", "row count t"),
        ("SELECT 1 / 0 FROM t WHERE age < 0", "postgres", "value range t age"),
        ("SELECT IF(COUNT(*) = 0, ERROR('no rows'), NULL) FROM t", "bigquery", "row count t"),
        ("SELECT RAISE_ERROR('no key') FROM t WHERE a IS NULL", "spark", "no nulls t a"),
        ("SELECT 100 / CASE WHEN b = 0 THEN 1 ELSE b END FROM t WHERE age < 0", "postgres", ""),
        ("SELECT a / NULLIF(b, 0) FROM t WHERE age < 0", "postgres", ""),
    ],
)
def test_what_makes_a_query_of_another_file_a_check(sql: str, dialect: str, expected: str) -> None:
    assert told(sql, check_file=False, dialect=dialect) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/p/checks/orders.sql", True),
        ("/p/data_quality/orders.sql", True),
        ("/p/sql/orders_check.sql", True),
        ("/p/sql/dq-orders.sql", True),
        ("/p/tests/orders.sql", True),
        ("/p/sql/checkout.sql", False),
        ("/p/checks/load/orders.sql", False),
        ("/p/sql/orders.sql", False),
    ],
)
def test_files_of_checks(path: str, expected: bool) -> None:
    assert is_check_file(path) is expected
