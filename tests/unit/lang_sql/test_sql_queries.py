"""What a query is for, what it reads and how: roles, sources, joins, stars, windows, set operations."""

from __future__ import annotations

import pytest
from sqlglot import exp, parse_one

from pipesense.lang.sql.facts import read_statement
from pipesense.model.sql import Block, Clause, Expr, Join, Role, Source, StatementFacts
from pipesense.text.span import Span


def facts_of(sql: str, dialect: str) -> StatementFacts:
    facts = read_statement(sql, dialect)
    assert facts.error == ""
    return facts


def outermost(facts: StatementFacts) -> Block:
    return next(block for block in facts.blocks if block.depth == 0)


def shown(sql: str, span: Span | None) -> str:
    return "-" if span is None else span.of(sql)


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        ("SELECT 1", "", ["statement"]),
        ("INSERT INTO t SELECT a FROM u", "", ["statement"]),
        ("CREATE VIEW v AS SELECT a FROM u", "", ["statement"]),
        ("WITH c AS (SELECT 1 AS a) SELECT a FROM c", "", ["cte c", "statement"]),
        ("SELECT a FROM (SELECT 1 AS a) q", "", ["statement", "from q"]),
        ("SELECT q.a FROM t CROSS JOIN LATERAL (SELECT t.a) q", "postgres", ["statement", "lateral q"]),
        ("SELECT q.a FROM t CROSS APPLY (SELECT t.a) q", "tsql", ["statement", "lateral q"]),
        ("SELECT (SELECT max(b) FROM u) AS m FROM t", "", ["statement", "scalar"]),
        ("SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM u)", "", ["statement", "exists"]),
        ("SELECT 1 FROM t WHERE a IN (SELECT b FROM u)", "", ["statement", "in"]),
        ("SELECT 1 FROM t WHERE a NOT IN (SELECT b FROM u)", "snowflake", ["statement", "in"]),
        ("SELECT 1 FROM t WHERE a = ANY (SELECT b FROM u)", "postgres", ["statement", "in"]),
        ("SELECT ARRAY(SELECT b FROM u) AS x FROM t", "bigquery", ["statement", "array"]),
        (
            "SELECT a FROM t UNION ALL (SELECT b FROM u) UNION SELECT c FROM v",
            "",
            ["statement 0", "statement 1", "statement 2"],
        ),
        ("SELECT a FROM (SELECT 1 AS a UNION SELECT 2) q", "", ["statement", "from q 0", "from q 1"]),
        ("UPDATE t SET a = (SELECT max(b) FROM u)", "", ["scalar"]),
        ("MERGE INTO t USING (SELECT a FROM u) s ON t.a = s.a WHEN MATCHED THEN DELETE", "", ["from s"]),
    ],
)
def test_roles(sql: str, dialect: str, expected: list[str]) -> None:
    found = [
        " ".join(filter(None, (block.role.value, block.name, "" if block.branch is None else str(block.branch))))
        for block in facts_of(sql, dialect).blocks
    ]

    assert found == expected


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        ("SELECT a FROM t LIMIT 10", "", ["limit `10` of `LIMIT 10`"]),
        ("SELECT a FROM t LIMIT 10 OFFSET 5", "", ["limit `10` of `LIMIT 10`", "offset `5`"]),
        ("SELECT TOP 3 a FROM t", "tsql", ["limit `3` of `TOP 3`"]),
        ("SELECT a FROM t FETCH FIRST 7 ROWS ONLY", "", ["limit `7` of `FETCH FIRST 7`"]),
        ("SELECT a FROM t LIMIT ALL", "postgres", []),
        ("(SELECT a FROM t ORDER BY a) LIMIT 4", "", ["order `a` of `ORDER BY a`", "limit `4` of `LIMIT 4`"]),
        ("SELECT a FROM t ORDER BY a DESC, 2", "", ["order desc `a` literal `2` of `ORDER BY a DESC, 2`"]),
        ("SELECT a, count(*) FROM t GROUP BY 1", "", ["group `1` of `GROUP BY 1`"]),
        ("SELECT a, count(*) FROM t GROUP BY ALL", "duckdb", ["grouping all"]),
        (
            "SELECT a, b, count(*) FROM t GROUP BY ROLLUP (a, b)",
            "postgres",
            ["group `a` `b` of `GROUP BY ROLLUP (a, b)`", "grouping rollup"],
        ),
        ("SELECT DISTINCT ON (a, b) a FROM t", "postgres", ["distinct on `a` `b`"]),
        ("SELECT AS STRUCT a FROM t", "bigquery", ["as struct"]),
        ("SELECT AS VALUE a FROM t", "bigquery", ["as value"]),
    ],
)
def test_clauses(sql: str, dialect: str, expected: list[str]) -> None:
    block = outermost(facts_of(sql, dialect))
    lines: list[str] = []
    if block.distinct_on:
        lines.append("distinct on " + " ".join(f"`{one.span.of(sql)}`" for one in block.distinct_on))
    if block.group:
        group = " ".join(f"`{part.span.of(sql)}`" for one in block.group for part in (one.args or (one,)))
        lines.append(f"group {group} of `{shown(sql, block.group_span)}`")
    if block.grouping:
        lines.append("grouping " + " ".join(sorted(block.grouping)))
    if block.order:
        order = " ".join(
            f"{one.op} `{one.span.of(sql)}`" if one.op != "column" else f"`{one.span.of(sql)}`" for one in block.order
        )
        lines.append(f"order {order} of `{shown(sql, block.order_span)}`")
    if block.limit is not None:
        lines.append(f"limit `{block.limit.span.of(sql)}` of `{shown(sql, block.limit_span)}`")
    if block.offset is not None:
        lines.append(f"offset `{block.offset.span.of(sql)}`")
    if block.as_struct:
        lines.append(f"as {block.as_struct}")

    assert lines == expected


def source_line(sql: str, source: Source) -> str:
    name = shown(sql, source.name_span) if source.name_span else ".".join(source.parts) or "-"
    words = [f"{source.kind} {name} as {source.alias or '-'}"]
    if source.columns:
        words.append(f"({', '.join(source.columns)})")
    if source.call is not None:
        words.append(f"{source.call.op}")
    words += [word for word, on in (("lateral", source.lateral), ("sampled", source.sampled)) if on]
    if source.reshaped:
        words.append(source.reshaped)
    if source.as_of is not None:
        words.append(f"as of {source.as_of.span.of(sql)}")
    words += source.hints
    words.append(f"`{source.span.of(sql)}`")
    return " ".join(words)


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        ("SELECT 1 FROM s.t AS x", "", ["table s.t as x `s.t AS x`"]),
        ("SELECT 1 FROM t AS x(a, b)", "postgres", ["table t as x (a, b) `t AS x(a, b)`"]),
        ("WITH c(a) AS (SELECT 1) SELECT a FROM c", "", ["cte c as c `c`"]),
        (
            "SELECT 1 FROM generate_series(1, 2) AS g(n)",
            "postgres",
            ["function - as g (n) generate_series `generate_series(1, 2) AS g(n)`"],
        ),
        (
            "SELECT 1 FROM t CROSS JOIN UNNEST(t.a) AS x WITH OFFSET AS pos",
            "bigquery",
            ["table t as t `t`", "function - as x (x, pos) unnest `UNNEST(t.a) AS x WITH OFFSET AS pos`"],
        ),
        ("SELECT 1 FROM t, t.items AS x", "bigquery", ["table t as t `t`", "array t.items as x (x) `t.items AS x`"]),
        (
            "SELECT 1 FROM t LATERAL VIEW OUTER explode(x) e AS y",
            "spark",
            ["table t as t `t`", "function - as e (y) explode lateral `explode(x) e AS y`"],
        ),
        (
            "SELECT 1 FROM t CROSS APPLY f(t.a) AS q",
            "tsql",
            ["table t as t `t`", "function - as q function lateral `f(t.a) AS q`"],
        ),
        (
            "SELECT 1 FROM t FOR SYSTEM_TIME AS OF ts",
            "bigquery",
            ["table t as t as of ts `t FOR SYSTEM_TIME AS OF ts`"],
        ),
        (
            "SELECT 1 FROM t VERSION AS OF 3",
            "databricks",
            ["table t as t as of 3 `t VERSION AS OF 3`"],
        ),
        ("SELECT 1 FROM t WITH (NOLOCK)", "tsql", ["table t as t NOLOCK `t`"]),
        ("SELECT 1 FROM t TABLESAMPLE (10)", "snowflake", ["table t as t sampled `t`"]),
        (
            "SELECT p.x FROM t PIVOT(SUM(a) FOR b IN ('x', 'y')) AS p",
            "snowflake",
            ["table t as p pivot `t PIVOT(SUM(a) FOR b IN ('x', 'y')) AS p`"],
        ),
        (
            "SELECT 1 FROM (SELECT a, b FROM t) PIVOT(SUM(a) FOR b IN ('x'))",
            "bigquery",
            ["subquery - as - pivot `(SELECT a, b FROM t) PIVOT(SUM(a) FOR b IN ('x'))`"],
        ),
        (
            "SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY a ORDER BY b MEASURES A.x AS y PATTERN (A B+) DEFINE B AS B.x > 1) m",
            "trino",
            ["table t as t match_recognize `t`"],
        ),
    ],
)
def test_sources(sql: str, dialect: str, expected: list[str]) -> None:
    block = outermost(facts_of(sql, dialect))

    assert [source_line(sql, source) for source in block.every_source] == expected


def join_line(sql: str, join: Join) -> str:
    words = [*(["natural"] if join.natural else []), *filter(None, (join.side, join.kind))]
    return (
        f"{' '.join(words) or '-'}{' comma' if join.comma else ''} `{shown(sql, join.keyword)}` `{join.span.of(sql)}`"
    )


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        ("SELECT 1 FROM a JOIN b ON a.x = b.x", "", "- `JOIN` `JOIN b ON a.x = b.x`"),
        ("SELECT 1 FROM a INNER JOIN b USING (x)", "", "inner `INNER JOIN` `INNER JOIN b USING (x)`"),
        ("SELECT 1 FROM a LEFT OUTER JOIN b ON TRUE", "", "left outer `LEFT OUTER JOIN` `LEFT OUTER JOIN b ON TRUE`"),
        ("SELECT 1 FROM a, b", "bigquery", "- comma `,` `, b`"),
        ("SELECT 1 FROM a CROSS JOIN b", "bigquery", "cross `CROSS JOIN` `CROSS JOIN b`"),
        ("SELECT 1 FROM a NATURAL LEFT JOIN b", "", "natural left `NATURAL LEFT JOIN` `NATURAL LEFT JOIN b`"),
        ("SELECT 1 FROM a STRAIGHT_JOIN b", "mysql", "straight `STRAIGHT_JOIN` `STRAIGHT_JOIN b`"),
        (
            "SELECT 1 FROM a LEFT ANTI JOIN b ON a.x = b.x",
            "spark",
            "left anti `LEFT ANTI JOIN` `LEFT ANTI JOIN b ON a.x = b.x`",
        ),
        ("SELECT 1 FROM a CROSS APPLY f(a.x) q", "tsql", "apply `CROSS APPLY` `CROSS APPLY f(a.x) q`"),
        ("SELECT 1 FROM a OUTER APPLY f(a.x) q", "tsql", "left apply `OUTER APPLY` `OUTER APPLY f(a.x) q`"),
        (
            "SELECT 1 FROM a LATERAL VIEW OUTER explode(x) e AS y",
            "spark",
            "left lateral `LATERAL VIEW OUTER` `LATERAL VIEW OUTER explode(x) e AS y`",
        ),
    ],
)
def test_joins(sql: str, dialect: str, expected: str) -> None:
    (join,) = outermost(facts_of(sql, dialect)).joins

    assert join_line(sql, join) == expected


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        ("SELECT * FROM t", "", "* qualified by - `*`"),
        ("SELECT t.* FROM t", "", "* qualified by t `t.*`"),
        ("SELECT * EXCEPT (a, b) FROM t", "bigquery", "* qualified by - `* EXCEPT (a, b)` without a b"),
        ("SELECT t.* EXCLUDE a FROM t", "snowflake", "* qualified by t `t.* EXCLUDE a` without a"),
        ("SELECT * REPLACE (a + 1 AS a) FROM t", "bigquery", "* qualified by - `* REPLACE (a + 1 AS a)` a = `a + 1`"),
        ("SELECT * RENAME (a AS b) FROM t", "snowflake", "* qualified by - `* RENAME (a AS b)` a as b"),
    ],
)
def test_stars(sql: str, dialect: str, expected: str) -> None:
    (output,) = outermost(facts_of(sql, dialect)).outputs
    line = f"{output.name} qualified by {'.'.join(output.expr.path) or '-'} `{output.span.of(sql)}`"
    if output.star is not None:
        line += " without " + " ".join(output.star.excluded) if output.star.excluded else ""
        line += "".join(f" {name} = `{value.span.of(sql)}`" for name, value in output.star.replaced)
        line += "".join(f" {old} as {new}" for old, new in output.star.renamed)

    assert line == expected


def items(sql: str, exprs: tuple[Expr, ...]) -> str:
    return ", ".join(expr.span.of(sql) for expr in exprs) or "-"


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        ("SELECT row_number() OVER (PARTITION BY a ORDER BY b) AS rn FROM t", "", "row_number by a order b as rn"),
        ("SELECT sum(x) OVER w AS s FROM t WINDOW w AS (PARTITION BY a ORDER BY b)", "", "sum by a order b as s in w"),
        ("SELECT sum(x) OVER (w ORDER BY c) FROM t WINDOW w AS (PARTITION BY a)", "postgres", "sum by a order c in w"),
        (
            "SELECT last_value(x) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING) FROM t",
            "",
            "last_value by - order b rows 1 preceding .. unbounded following",
        ),
        (
            "SELECT sum(x) OVER (ORDER BY b ROWS UNBOUNDED PRECEDING) FROM t",
            "",
            "sum by - order b rows unbounded preceding .. current row",
        ),
        ("SELECT lead(ts) OVER (ORDER BY c) AS end_at FROM t", "", "lead by - order c as end_at"),
        ("SELECT sum(x) OVER w FROM t", "", "sum by - order - in w unknown"),
        ("SELECT last_value(x IGNORE NULLS) OVER (ORDER BY b) FROM t", "", "last_value by - order b skips nulls"),
        ("SELECT last_value(x) IGNORE NULLS OVER (ORDER BY b) FROM t", "oracle", "last_value by - order b skips nulls"),
        ("SELECT last_value(x, true) OVER (ORDER BY b) FROM t", "spark", "last_value by - order b skips nulls"),
        ("SELECT lag(x RESPECT NULLS) OVER (ORDER BY b) FROM t", "", "lag by - order b"),
        (
            "SELECT sum(x) OVER v FROM t WINDOW w AS (PARTITION BY a), v AS (w ORDER BY b)",
            "",
            "sum by a order b in v",
        ),
    ],
)
def test_windows(sql: str, dialect: str, expected: str) -> None:
    (call,) = facts_of(sql, dialect).windows
    line = f"{call.function} by {items(sql, call.partition)} order {items(sql, call.order)}"
    line += f" {call.frame_kind} {call.frame_start} .. {call.frame_end}" if call.frame else ""
    line += f" as {call.alias}" if call.alias else ""
    line += f" in {call.window}" if call.window else ""
    line += "" if call.known else " unknown"
    line += " skips nulls" if call.skips_nulls else ""

    assert line == expected


def test_correlated_columns_know_both_queries() -> None:
    sql = "SELECT t.a, (SELECT max(u.b) FROM u WHERE u.k = t.k) AS m FROM t"

    facts = facts_of(sql, "")

    outer, inner = sql.index("SELECT"), sql.rindex("SELECT")
    assert [(".".join(one.path), one.inside, one.owner) for one in facts.columns] == [
        ("t.a", outer, outer),
        ("u.b", inner, inner),
        ("u.k", inner, inner),
        ("t.k", inner, outer),
    ]


def test_a_derived_table_does_not_see_the_query_around_it() -> None:
    sql = "SELECT q.a FROM ev JOIN (SELECT ev.name AS a FROM log) q ON ev.a = q.a"

    uses = {".".join(one.path): one.source for one in facts_of(sql, "bigquery").columns}

    assert uses["ev.name"] is None
    assert uses["ev.a"] == "ev"


def test_columns_of_a_subquery_in_update_are_those_of_the_target() -> None:
    sql = "UPDATE t SET a = (SELECT max(u.b) FROM u WHERE u.k = t.k)"

    (use,) = [one for one in facts_of(sql, "").columns if one.path == ("t", "k")]

    assert (use.source, use.owner, use.inside) == ("t", 0, sql.index("SELECT"))


def test_set_operations_know_their_chain() -> None:
    sql = "SELECT a FROM t UNION ALL BY NAME SELECT b FROM u EXCEPT SELECT c FROM v ORDER BY 1 LIMIT 3"

    first, second = facts_of(sql, "duckdb").set_operations

    assert first.branches is second.branches
    assert [block.outputs[0].name for block in first.branches if block is not None] == ["a", "b", "c"]
    assert (first.kind, first.by_name, shown(sql, first.operator)) == ("union", True, "UNION ALL BY NAME")
    assert (second.kind, second.by_name, shown(sql, second.operator)) == ("except", False, "EXCEPT")
    assert first.limit is None and first.order == ()
    assert second.limit is not None and second.limit.span.of(sql) == "3"
    assert items(sql, second.order) == "1"


def test_a_cte_is_known_where_it_is_read() -> None:
    sql = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c"

    facts = facts_of(sql, "")

    main = outermost(facts)
    (cte,) = main.ctes
    assert (cte.name, cte.columns, cte.recursive) == ("c", ("n",), True)
    assert cte.name_span.of(sql) == "c"
    assert cte.span.of(sql) == "c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)"
    assert main.sources[0].block is cte.block
    inner = next(block for block in facts.blocks if block.branch == 1)
    assert inner.sources[0].kind == "cte" and inner.sources[0].block is None


@pytest.mark.parametrize("dialect", ["bigquery", "redshift"])
def test_an_array_of_an_earlier_source_is_a_column_that_is_read(dialect: str) -> None:
    sql = "SELECT o.id, i.sku, d.n FROM (SELECT id, items FROM s.orders) AS O, o.items AS i, I.parts d"
    facts = facts_of(sql, dialect)
    assert [(source.kind, source.parts) for source in outermost(facts).every_source] == [
        ("subquery", ()),
        ("array", ("o", "items")),
        ("array", ("I", "parts")),
    ]
    assert [use.path for use in facts.columns if use.clause is Clause.FROM] == [("o", "items"), ("I", "parts")]
    assert [parts for parts, _ in facts.reads] == [("s", "orders")]


def test_a_table_whose_path_starts_like_no_earlier_source_stays_a_table() -> None:
    facts = facts_of("SELECT 1 FROM a.t, b.u JOIN a.w ON TRUE", "bigquery")
    assert [source.kind for source in outermost(facts).every_source] == ["table", "table", "table"]


def test_the_parser_is_left_as_it_was() -> None:
    read_statement("SELECT 1 FROM t, t.items", "bigquery")
    read_statement("SELECT 1 FROM t, t.items WHERE (", "bigquery")
    assert parse_one("SELECT 1 FROM t, t.items", read="bigquery").find(exp.Unnest) is not None


def test_values_in_the_place_of_a_query_have_their_own_range() -> None:
    text = "WITH v (a, b) AS (\n  -- two rows\n  VALUES (1, 2), (3, 4)\n), w AS (SELECT * FROM v) SELECT a FROM w"
    facts = read_statement(text, "postgres")
    values = facts.blocks[0]

    assert (values.name, values.role) == ("v", Role.CTE)
    assert values.span.of(text) == "VALUES (1, 2), (3, 4)"
    assert values.keyword.of(text) == "VALUES"
    assert [source.kind for source in values.sources] == ["values"]
    assert [block.span.of(text) for block in facts.blocks[1:]] == ["SELECT * FROM v", "SELECT a FROM w"]


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("SELECT a FROM t PREWHERE day = today() AND b > 1", ["day = today()", "b > 1"]),
        ("SELECT a FROM t PREWHERE day = today() WHERE c = 2 GROUP BY a", ["day = today()", "c = 2"]),
        ("SELECT a FROM t WHERE c = 2", ["c = 2"]),
    ],
)
def test_clickhouse_filters_in_prewhere_as_well(text: str, filters: list[str]) -> None:
    facts = facts_of(text, "clickhouse")
    assert [expr.span.of(text) for expr in outermost(facts).where] == filters
    assert [use.span.of(text) for use in facts.columns if use.clause is Clause.WHERE] == [
        each.split()[0] for each in filters
    ]
