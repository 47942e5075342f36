"""Statements that change rows: target, keyword, filter, and what makes a second run harmless."""

from __future__ import annotations

import pytest
from sql_text import Shown

from pipesense.lang.sql.facts import read_statement

CASES = [
    ("INSERT INTO s.t (a, b) SELECT a, b FROM u", "", ["insert s.t `s.t` `INSERT`", "columns a b"]),
    ("INSERT INTO t VALUES (1, 2)", "", ["insert t `t` `INSERT`"]),
    (
        "INSERT INTO t SELECT a FROM s WHERE dt = '{{ ds }}'",
        "",
        ["insert t `t` `INSERT`", "filtered", "where `dt = '{{ ds }}'`", "run date `{{ ds }}`"],
    ),
    (
        "INSERT INTO t (a) SELECT a FROM u ON CONFLICT (a) DO NOTHING",
        "postgres",
        ["insert t `t` `INSERT`", "columns a", "guard ON CONFLICT"],
    ),
    (
        "INSERT INTO t (a) SELECT a FROM u ON CONFLICT (a) DO UPDATE SET a = 1",
        "",
        ["insert t `t` `INSERT`", "columns a", "guard ON CONFLICT"],
    ),
    (
        "INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = 1",
        "mysql",
        ["insert t `t` `INSERT`", "columns a", "guard ON DUPLICATE KEY UPDATE"],
    ),
    ("INSERT IGNORE INTO t (a) VALUES (1)", "mysql", ["insert t `t` `INSERT`", "columns a", "guard INSERT IGNORE"]),
    (
        "INSERT OR REPLACE INTO t (a) VALUES (1)",
        "sqlite",
        ["insert t `t` `INSERT`", "columns a", "guard INSERT OR REPLACE"],
    ),
    (
        "INSERT OVERWRITE TABLE t SELECT a FROM s",
        "spark",
        ["insert t `t` `INSERT`", "guard INSERT OVERWRITE", "overwrite"],
    ),
    (
        "INSERT OVERWRITE TABLE t PARTITION (d = '2024-01-01') SELECT a FROM s",
        "spark",
        ["insert t `t` `INSERT`", "guard INSERT OVERWRITE of a partition", "overwrite"],
    ),
    (
        "INSERT INTO hub SELECT s.k FROM s LEFT JOIN hub h ON s.k = h.k WHERE h.k IS NULL",
        "",
        ["insert hub `hub` `INSERT`", "guard anti-join on the target", "filtered reads_target", "where `h.k IS NULL`"],
    ),
    (
        "INSERT INTO t SELECT a FROM s WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.a = s.a)",
        "",
        [
            "insert t `t` `INSERT`",
            "guard WHERE NOT EXISTS on the target",
            "filtered reads_target",
            "where `NOT EXISTS (SELECT 1 FROM t WHERE t.a = s.a)`",
        ],
    ),
    (
        "INSERT INTO t SELECT a FROM s WHERE a NOT IN (SELECT a FROM t)",
        "",
        [
            "insert t `t` `INSERT`",
            "guard NOT IN over the target",
            "filtered reads_target",
            "where `a NOT IN (SELECT a FROM t)`",
        ],
    ),
    (
        "INSERT INTO t SELECT a FROM s WHERE NOT EXISTS (SELECT 1 FROM other o WHERE o.a = s.a)",
        "",
        ["insert t `t` `INSERT`", "filtered", "where `NOT EXISTS (SELECT 1 FROM other o WHERE o.a = s.a)`"],
    ),
    (
        "INSERT INTO t SELECT a FROM s EXCEPT SELECT a FROM t",
        "",
        ["insert t `t` `INSERT`", "guard EXCEPT of the target", "reads_target"],
    ),
    (
        "INSERT INTO t SELECT a FROM s {{ where }}",
        "",
        ["insert t `t` `INSERT`", "holes from group having on order qualify where"],
    ),
    ("WITH c AS (SELECT 1 AS a) INSERT INTO t SELECT a FROM c", "", ["insert t `t` `INSERT`"]),
    ("DELETE FROM fct", "", ["delete fct `fct` `DELETE`", "guard DELETE"]),
    (
        "DELETE FROM fct WHERE a = 1 AND b",
        "",
        ["delete fct `fct` `DELETE`", "guard DELETE", "filtered", "where `a = 1` `b`"],
    ),
    ("DELETE FROM fct whe", "", ["delete fct `fct` `DELETE`", "guard DELETE", "typing whe"]),
    ("DELETE FROM fct f", "", ["delete fct `fct` `DELETE`", "guard DELETE", "typing f"]),
    ("DELETE FROM fct x", "", ["delete fct `fct` `DELETE`", "guard DELETE"]),
    (
        "DELETE FROM fct {{ condition }}",
        "",
        ["delete fct `fct` `DELETE`", "guard DELETE", "holes from group having on order qualify where"],
    ),
    (
        "DELETE FROM t USING u WHERE t.a = u.a",
        "postgres",
        ["delete t `t` `DELETE`", "guard DELETE", "filtered", "where `t.a = u.a`"],
    ),
    ("UPDATE t SET a = 1", "", ["update t `t` `UPDATE`", "columns a", "guard UPDATE"]),
    ("UPDATE t SET a = a + 1 WHERE b = 2", "", ["update t `t` `UPDATE`", "columns a", "filtered", "where `b = 2`"]),
    (
        "MERGE INTO s.t AS x USING u ON x.k = u.k WHEN MATCHED THEN UPDATE SET a = u.a WHEN NOT MATCHED THEN INSERT (k, a) VALUES (u.k, u.a)",
        "",
        ["merge s.t `s.t` `MERGE`", "columns a k", "guard MERGE", "filtered", "where `x.k = u.k`"],
    ),
    (
        "MERGE t USING s ON FALSE WHEN NOT MATCHED THEN INSERT (a) VALUES (a)",
        "bigquery",
        ["merge t `t` `MERGE`", "columns a", "filtered", "where `FALSE`"],
    ),
    (
        "MERGE t USING s ON FALSE WHEN NOT MATCHED THEN INSERT (a) VALUES (a) WHEN NOT MATCHED BY SOURCE AND d = '{{ ds }}' THEN DELETE",
        "bigquery",
        ["merge t `t` `MERGE`", "columns a", "guard MERGE", "filtered", "where `FALSE`", "run date `{{ ds }}`"],
    ),
    ("TRUNCATE TABLE s.t", "", ["truncate s.t `s.t` `TRUNCATE`", "guard TRUNCATE"]),
    ("COPY t (a, b) FROM 's3://x' WITH (FORMAT csv)", "postgres", ["copy t `t` `COPY`", "columns a b"]),
    ("COPY INTO t FROM @stage", "snowflake", ["copy t `t` `COPY`", "guard COPY INTO loads a file once"]),
    ("COPY INTO t FROM @stage FORCE = TRUE", "snowflake", ["copy t `t` `COPY`"]),
    ("COPY t TO 's3://x'", "postgres", []),
    ("SELECT 1", "", []),
]


@pytest.mark.parametrize(("sql", "dialect", "expected"), CASES, ids=[case[0] for case in CASES])
def test_writes(sql: str, dialect: str, expected: list[str]) -> None:
    facts = read_statement(sql, dialect)

    assert facts.error == ""
    assert Shown(sql).write(facts) == expected
