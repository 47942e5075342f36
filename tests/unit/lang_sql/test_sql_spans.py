"""Every range of every fact covers the characters that it claims to cover."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from span_claims import Claims

from pipesense.lang.sql.facts import read_statement
from pipesense.lang.sql.split import split

ROOT = Path(__file__).parents[3]
PAGES = sorted((ROOT / "rules" / "pipesense_rules").rglob("*.md"))
SCRIPTS = sorted((*(ROOT / "examples").rglob("*.sql"), *(ROOT / "tests").rglob("*.sql")))
DIALECTS = ("", "bigquery", "snowflake", "postgres", "databricks", "tsql")
_BLOCKS = re.compile(r"^```sql[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)

STATEMENTS = [
    ("SELECT a, -b, NOT c, a.b.c.d.e FROM s.t AS x WHERE (a = 1 OR b IS NOT NULL) AND c NOT IN (1, .5, 'x''y')", ""),
    ("SELECT CASE WHEN a IS NULL THEN NULL ELSE (CASE b WHEN 1 THEN TRUE END) END AS z, 'a' || 'b' FROM t", ""),
    ("SELECT EXTRACT(YEAR FROM a), DATE_SUB(b, INTERVAL 1 DAY), INTERVAL '1 day', MOD(a + 1, 5) * 5, DIV(a, b) FROM t", "bigquery"),
    ("SELECT a[SAFE_OFFSET(0)], [1, 2], [], STRUCT(CAST(NULL AS STRING) AS x, 1 AS y), REGEXP_CONTAINS(a, r'(x)') FROM t", "bigquery"),
    ("SELECT ARRAY_AGG(udf.os(a) ORDER BY b)[OFFSET(0)], `p.d.f`(a), CONTAINS_SUBSTR(a, 'X'), DATE(@d) FROM `p.d.t`, t.items", "bigquery"),
    ("SELECT a:b.c[0]::string, DIV0(a, b), ROUND(DIV0(a, b), 2), LISTAGG(a, ',') WITHIN GROUP (ORDER BY b) FROM t", "snowflake"),
    ("SELECT NULLIF(a #>> '{x,y}', ''), a -> 'b' ->> 'c', MAX(a) FILTER (WHERE b = (c)), (a, b) = (1, 2) FROM t", "postgres"),
    ("SELECT v.x FROM t CROSS JOIN LATERAL (VALUES (1, t.a), (2, t.b)) AS v(x, y) JOIN (VALUES (1)) w(z) ON TRUE", "postgres"),
    ("SELECT CONVERT(DECIMAL(10, 2), a, 1), TRY_CONVERT(INT, b), N'x' FROM t WITH (NOLOCK) CROSS APPLY f(t.a) q", "tsql"),
    ("WITH a AS (SELECT 1 AS x), b(y) AS (SELECT x FROM a) SELECT y FROM b UNION ALL (SELECT x FROM a) EXCEPT SELECT 2 ORDER BY 1 LIMIT 3", ""),
    ("SELECT SUM(x) OVER w, LAST_VALUE(y) OVER (PARTITION BY a ORDER BY b DESC ROWS UNBOUNDED PRECEDING) AS l FROM t WINDOW w AS (PARTITION BY a)", ""),
    ("MERGE INTO t USING (SELECT k FROM s) AS s ON t.k = s.k WHEN MATCHED AND s.d THEN DELETE WHEN NOT MATCHED THEN INSERT (k) VALUES (s.k)", ""),
    ("INSERT INTO s.t (a, b) SELECT a, b FROM u ON CONFLICT (a) DO UPDATE SET b = excluded.b", "postgres"),
    ("UPDATE t SET a = (SELECT MAX(u.b) FROM u WHERE u.k = t.k), b = b + 1 WHERE c LIKE '%x' AND NOT EXISTS (SELECT 1 FROM v)", ""),
    ("DELETE FROM t USING u WHERE t.k = u.k AND t.d BETWEEN DATE '2024-01-01' AND CURRENT_DATE", "postgres"),
    ("CREATE TABLE s.t (a INT NOT NULL DEFAULT 0, b TEXT CHECK (b <> ''), c INT REFERENCES u (v), PRIMARY KEY (a)) PARTITION BY RANGE (a)", "postgres"),
    ("ALTER TABLE t ADD COLUMN a INT, DROP COLUMN b, ALTER COLUMN c TYPE BIGINT", "postgres"),
    ("SELECT `a b`, \"c\" FROM [d e].[f]", "sqlite"),
    ("SELECT /* (x */ a -- )\n, b # (\nFROM t", "mysql"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "dialect"), STATEMENTS, ids=[sql[:60] for sql, _ in STATEMENTS])
def test_statements(sql: str, dialect: str) -> None:
    facts = read_statement(sql, dialect)
    claims = Claims(facts, sql)

    assert facts.error == ""
    assert claims.wrong == []
    assert [one for one in claims.missing if one not in ("Expr.span literal", "Expr.span null")] == []


def _texts() -> list[str]:
    found = [block for page in PAGES for block in _BLOCKS.findall(page.read_text(encoding="utf-8"))]
    return found + [path.read_text(encoding="utf-8") for path in SCRIPTS]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_sql_of_pages_and_examples(dialect: str) -> None:
    checked, wrong = 0, []
    for text in _texts():
        for cut in split(text):
            unit = text[cut.start : cut.end]
            claims = Claims(read_statement(unit, dialect), unit)
            checked += claims.checked
            wrong += claims.wrong

    assert checked > 2000
    assert wrong == []


def test_ranges_that_cover_something_else_are_found() -> None:
    sql = "SELECT a, lower(b) AS c FROM s.t WHERE d = 1 GROUP BY a"
    facts = read_statement(sql, "")

    moved = Claims(facts, " " + sql)
    changed = Claims(facts, sql.replace("a", "z").replace("SELECT", "DELETE").replace("1", "2"))

    assert len(moved.wrong) > 10
    assert {one.partition(":")[0] for one in changed.wrong} >= {
        "Expr.span is not a",
        "Expr.span is not 1",
        "ColumnUse.span is not a",
        "Block.keyword does not start with SELECT",
    }
