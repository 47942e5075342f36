"""What MERGE and INSERT say beside their target."""

from __future__ import annotations

import pytest

from pipesense.lang.sql.facts import read_statement
from pipesense.model.sql import MergeBranch, Write


def write_of(sql: str, dialect: str) -> Write:
    facts = read_statement(sql, dialect)
    assert facts.error == "" and facts.write is not None
    return facts.write


def branch_line(sql: str, branch: MergeBranch) -> str:
    words = [f"{branch.match}: {branch.action}"]
    if branch.condition is not None:
        words.append(f"if `{branch.condition.span.of(sql)}`")
    values = [value.span.of(sql) for value in branch.values]
    words += [f"{name} = {value}" for name, value in zip(branch.columns, values, strict=bool(branch.columns))]
    words += values if not branch.columns else []
    return " ".join([*words, *(["*"] if branch.star else []), f"`{branch.span.of(sql)}`"])


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        (
            "MERGE INTO t USING s ON t.k = s.k WHEN MATCHED AND s.op = 'D' THEN DELETE "
            "WHEN MATCHED THEN UPDATE SET a = CASE WHEN s.a > 0 THEN s.a END "
            "WHEN NOT MATCHED THEN INSERT (k, a) VALUES (s.k, s.a)",
            "snowflake",
            [
                "matched: delete if `s.op = 'D'` `WHEN MATCHED AND s.op = 'D' THEN DELETE`",
                "matched: update a = CASE WHEN s.a > 0 THEN s.a END "
                "`WHEN MATCHED THEN UPDATE SET a = CASE WHEN s.a > 0 THEN s.a END`",
                "not matched: insert k = s.k a = s.a `WHEN NOT MATCHED THEN INSERT (k, a) VALUES (s.k, s.a)`",
            ],
        ),
        (
            "MERGE INTO t USING s ON t.k = s.k WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
            "databricks",
            [
                "matched: update * `WHEN MATCHED THEN UPDATE SET *`",
                "not matched: insert * `WHEN NOT MATCHED THEN INSERT *`",
            ],
        ),
        (
            "MERGE t USING s ON FALSE WHEN NOT MATCHED THEN INSERT ROW WHEN NOT MATCHED BY SOURCE AND d > 1 THEN DELETE",
            "bigquery",
            [
                "not matched: insert * `WHEN NOT MATCHED THEN INSERT ROW`",
                "not matched by source: delete if `d > 1` `WHEN NOT MATCHED BY SOURCE AND d > 1 THEN DELETE`",
            ],
        ),
        (
            "MERGE INTO t USING s ON t.k = s.k WHEN MATCHED THEN DO NOTHING",
            "postgres",
            ["matched: nothing `WHEN MATCHED THEN DO NOTHING`"],
        ),
    ],
)
def test_branches(sql: str, dialect: str, expected: list[str]) -> None:
    merge = write_of(sql, dialect).merge

    assert merge is not None
    assert [branch_line(sql, branch) for branch in merge.branches] == expected


def test_source_and_condition() -> None:
    sql = "WITH c AS (SELECT 1 AS k) MERGE INTO t AS x USING (SELECT k FROM c) AS s ON x.k = s.k AND x.d = 1 WHEN MATCHED THEN DELETE"

    write = write_of(sql, "snowflake")

    assert write.merge is not None and write.merge.source.block is not None
    assert write.merge.source.alias == "s"
    assert write.merge.source.span.of(sql) == "(SELECT k FROM c) AS s"
    assert [part.span.of(sql) for part in write.merge.on] == ["x.k = s.k", "x.d = 1"]
    assert write.alias == "x"
    assert [cte.name for cte in write.ctes] == ["c"]


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        ("INSERT INTO t SELECT a FROM u", "", "source"),
        ("INSERT INTO t (a, b) SELECT a, b FROM u", "", "source columns (a, b)"),
        ("INSERT INTO t BY NAME SELECT a FROM u", "duckdb", "source by name"),
        ("INSERT INTO t VALUES (1, 2), (3, 4)", "", "2 rows of 2"),
        ("INSERT INTO t VALUES (1, 2), (3)", "", "2 rows of 0"),
        (
            "INSERT OVERWRITE TABLE t PARTITION (d = '2024-01-01', e) SELECT a FROM s",
            "spark",
            "source partition d='2024-01-01' e=-",
        ),
        (
            "INSERT INTO t AS x (a) VALUES (1) ON CONFLICT (a, b) DO UPDATE SET a = excluded.a",
            "postgres",
            "as x columns (a) 1 rows of 1 conflict update a,b a=excluded.a",
        ),
        (
            "INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING",
            "postgres",
            "columns (a) 1 rows of 1 conflict nothing ",
        ),
        (
            "INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = 2",
            "mysql",
            "columns (a) 1 rows of 1 conflict update  a=2",
        ),
        ("INSERT OR REPLACE INTO t (a) VALUES (1)", "sqlite", "columns (a) 1 rows of 1 conflict replace "),
        ("INSERT IGNORE INTO t (a) VALUES (1)", "mysql", "columns (a) 1 rows of 1 conflict ignore "),
        ("UPDATE t AS x SET a = 1, b = s.b FROM s WHERE x.k = s.k", "postgres", "as x a=1 b=s.b from s"),
        ("UPDATE t JOIN s ON t.k = s.k SET t.b = s.b", "mysql", "b=s.b join s"),
        ("DELETE FROM t USING u JOIN v ON u.k = v.k WHERE t.k = u.k", "postgres", "from u join v"),
        ("INSERT INTO {{ params.table }} SELECT a FROM u", "", "opaque source"),
    ],
)
def test_what_is_written(sql: str, dialect: str, expected: str) -> None:
    write = write_of(sql, dialect)
    words = ["opaque"] if write.opaque else []
    words += [f"as {write.alias}"] if write.alias else []
    words += ["source"] if write.source is not None else []
    words += [f"columns {write.columns_span.of(sql)}"] if write.columns_span is not None else []
    words += ["by name"] if write.by_name else []
    words += [f"{write.values} rows of {write.width}"] if write.values else []
    if write.partition:
        parts = [f"{name}={value.span.of(sql) if value is not None else '-'}" for name, value in write.partition]
        words.append("partition " + " ".join(parts))
    words += [f"conflict {write.conflict} {','.join(write.conflict_columns)}"] if write.conflict else []
    words += [f"{name}={value.span.of(sql)}" for name, value in write.assignments]
    words += ["from " + " ".join(source.alias for source in write.sources)] if write.sources else []
    words += ["join " + " ".join(join.source.alias for join in write.joins)] if write.joins else []

    assert " ".join(words) == expected
