"""SELECT blocks: outputs, sources, joins, clauses, and which source each column belongs to."""

from __future__ import annotations

import pytest
from sql_text import Shown

from pipesense.lang.sql.facts import read_statement

BLOCKS = [
    (
        "SELECT DISTINCT a, t.b AS x, count(*) n, * FROM s.t WHERE a > 1 AND (b = 2 OR c) GROUP BY 1, a ORDER BY n DESC LIMIT 5",
        "",
        [
            "depth 0 `SELECT`",
            "out a=column `a`",
            "out x=column `t.b AS x`",
            "out n=count `count(*) n`",
            "out *=star `*`",
            "from table s.t as t `s.t`",
            "where `a > 1` `(b = 2 OR c)`",
            "group `1` `a`",
            "order `n`",
            "limit distinct",
        ],
    ),
    (
        "SELECT 1 FROM a, b x JOIN c ON a.i = c.i AND c.j = 1 LEFT OUTER JOIN d USING (k, l) CROSS JOIN e",
        "",
        [
            "depth 0 `SELECT`",
            "out -=literal `1`",
            "from table a as a `a`",
            "comma b `, b x`",
            "join c on `a.i = c.i` `c.j = 1` `JOIN c ON a.i = c.i AND c.j = 1`",
            "left outer join d using k,l `LEFT OUTER JOIN d USING (k, l)`",
            "cross join e `CROSS JOIN e`",
        ],
    ),
    (
        "SELECT 1 FROM `p.d.t`, UNNEST(arr) u WHERE d = @day",
        "bigquery",
        [
            "depth 0 `SELECT`",
            "out -=literal `1`",
            "from table p.d.t as t ``p.d.t``",
            "comma function `, UNNEST(arr) u`",
            "where `d = @day`",
        ],
    ),
    (
        "SELECT 1 FROM a QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY t) = 1",
        "snowflake",
        [
            "depth 0 `SELECT`",
            "out -=literal `1`",
            "from table a as a `a`",
            "qualify `ROW_NUMBER() OVER (PARTITION BY k ORDER BY t) = 1`",
        ],
    ),
]


@pytest.mark.parametrize(("sql", "dialect", "expected"), BLOCKS, ids=[case[0] for case in BLOCKS])
def test_blocks_say_what_is_written(sql: str, dialect: str, expected: list[str]) -> None:
    facts = read_statement(sql, dialect)

    assert facts.error == ""
    assert Shown(sql).block(facts.blocks[0]) == expected


def test_ctes_and_subqueries_are_blocks_of_their_own() -> None:
    sql = "WITH c AS (SELECT id FROM raw) SELECT c.id, (SELECT max(v) FROM w) m FROM c JOIN (SELECT k FROM u) d ON c.id = d.k"

    facts = read_statement(sql, "")

    assert [(block.depth, block.span.of(sql)) for block in facts.blocks] == [
        (1, "SELECT id FROM raw"),
        (0, sql[sql.index("SELECT c.id") :]),
        (1, "SELECT max(v) FROM w"),
        (1, "SELECT k FROM u"),
    ]
    main = facts.blocks[1]
    assert [(cte.name, cte.block) for cte in main.ctes] == [("c", facts.blocks[0])]
    assert [source.kind for source in main.sources] == ["cte"]
    assert main.joins[0].source.kind == "subquery"
    assert main.joins[0].source.block == facts.blocks[3]
    assert main.outputs[1].expr.query == facts.blocks[2]
    assert [parts for parts, _ in facts.reads] == [("raw",), ("w",), ("u",)]


COLUMNS = [
    ("SELECT a FROM t", ["select: a of t `a`"]),
    (
        "SELECT x.a, b FROM t x JOIN u ON x.i = u.i",
        ["select: x.a of x `x.a`", "select: b of - `b`", "on: x.i of x `x.i`", "on: u.i of u `u.i`"],
    ),
    ("SELECT s.t.a FROM s.t", ["select: s.t.a of t `s.t.a`"]),
    ("SELECT a AS b FROM t ORDER BY b, a", ["select: a of t `a`", "order: b of - `b`", "order: a of t `a`"]),
    (
        "SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.k = t.k AND z = 1)",
        ["where: u.k of u `u.k`", "where: t.k of t `t.k`", "where: z of - `z`"],
    ),
    ("SELECT d.k FROM (SELECT k FROM u) d", ["select: d.k of d `d.k`", "select: k of u `k`"]),
    ("UPDATE t SET a = b WHERE c", ["set: b of t `b`", "where: c of t `c`"]),
]


@pytest.mark.parametrize(("sql", "expected"), COLUMNS, ids=[case[0] for case in COLUMNS])
def test_columns_are_bound_by_lexical_scope(sql: str, expected: list[str]) -> None:
    assert Shown(sql).columns(read_statement(sql, "")) == expected


def test_window_calls_know_their_partition_order_frame_and_alias() -> None:
    sql = (
        "SELECT LEAD(ts) OVER (ORDER BY cid, ts) AS end_dtm, "
        "SUM(x) OVER (PARTITION BY a, b ORDER BY c ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) s FROM t"
    )

    shown = Shown(sql)
    facts = read_statement(sql, "")

    assert [
        (one.function, shown.exprs(one.partition), shown.exprs(one.order), one.frame, one.alias)
        for one in facts.windows
    ] == [("lead", "", "`cid` `ts`", False, "end_dtm"), ("sum", "`a` `b`", "`c`", True, "s")]
    assert shown.at(facts.windows[0].span) == "`LEAD(ts) OVER (ORDER BY cid, ts)`"


def test_set_operations_know_both_sides() -> None:
    sql = "SELECT a FROM t UNION ALL SELECT b FROM u UNION SELECT c FROM v EXCEPT SELECT d FROM w ORDER BY 1"

    facts = read_statement(sql, "")

    assert [(one.kind, one.distinct) for one in facts.set_operations] == [
        ("union", False),
        ("union", True),
        ("except", True),
    ]
    assert [one.right.span.of(sql) for one in facts.set_operations if one.right][:2] == [
        "SELECT b FROM u",
        "SELECT c FROM v",
    ]
    assert all(one.left == facts.blocks[0] for one in facts.set_operations)


HOLES = [
    ("SELECT a FROM t WHERE {{ condition }}", "where"),
    ("SELECT a FROM t WHERE d = '{{ ds }}'", ""),
    ("SELECT a FROM t WHERE d = %(day)s AND e = :x", ""),
    ("SELECT a FROM t {{ filter }}", "from group having on order qualify where"),
    ("SELECT a FROM t {{ filter }} ORDER BY a", "from group having on qualify where"),
    ("SELECT a {{ more }} FROM t", "select"),
    ("SELECT {{ columns }} FROM t", "select"),
    ("SELECT a FROM {{ params.table }} WHERE a = 1", "from"),
    ("SELECT a FROM t {% if x %} WHERE a = 1 {% else %} WHERE b = 2 {% endif %}", "where"),
    ("SELECT a FROM t {% if false %} WHERE a = 1 {% endif %}", "from group having on order qualify where"),
    ("SELECT a FROM (SELECT b FROM u WHERE {{ x }}) d", ""),
]


@pytest.mark.parametrize(("sql", "expected"), HOLES, ids=[case[0] for case in HOLES])
def test_a_clause_that_a_tag_may_fill_is_marked(sql: str, expected: str) -> None:
    facts = read_statement(sql, "")

    assert facts.error == ""
    marked = " ".join(sorted(clause.value for clause in facts.blocks[0].holes))
    if expected:
        assert set(expected.split()) <= set(marked.split())
    else:
        assert marked == ""


def test_masked_names_keep_what_is_really_written() -> None:
    sql = "SELECT x FROM {{ params.schema }}.orders_{{ ds_nodash }} o WHERE o.d = {{ ds }}"

    facts = read_statement(sql, "")

    source = facts.blocks[0].sources[0]
    assert source.parts == ("{{ params.schema }}", "orders_{{ ds_nodash }}")
    assert source.opaque
    assert facts.comparisons[0].right[0].op == "hole"
    assert facts.comparisons[0].right[0].name == "{{ ds }}"
    assert [hole.text for hole in facts.holes] == ["{{ params.schema }}", "{{ ds_nodash }}", "{{ ds }}"]
