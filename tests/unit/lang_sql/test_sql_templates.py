"""Template tags that stand for more than a name, and files that mean them for a second rendering."""

from __future__ import annotations

import pytest
from sql_text import Shown

from pipesense.lang.sql.facts import read_statement

READ = [
    ("a header of a file", "{#\n  Orders.\n#}\nSELECT a FROM t", "select"),
    ("a header behind a hash", "# Orders.\n/*\n# day\n*/ SELECT a FROM t", "select"),
    ("a whole query", "{{ latest(source('shop', 'orders')) }}\nWHERE NOT deleted", "select"),
    ("the query behind CTEs", "WITH a AS (SELECT 1)\n\n{{ report(['x', 'y']) }}", "select"),
    ("the first CTE", "WITH {{ base('orders', 1) }}, b AS (SELECT 1) SELECT * FROM b", "select"),
    ("a CTE between others", "WITH a AS (SELECT 1), {{ base('x', 1) }}, b AS (SELECT 1) SELECT * FROM b", "select"),
    ("the last CTE", "WITH a AS (SELECT 1), {{ base('x', 1) }} SELECT * FROM a", "select"),
    (
        "a CTE over several lines",
        "WITH {{\n  combine(\n    'orders',\n    'returns'\n  )\n}}, b AS (SELECT 1) SELECT * FROM b",
        "select",
    ),
    ("a CTE of a view", "CREATE VIEW v AS WITH {{ base('orders') }}, b AS (SELECT 1) SELECT * FROM b", "create"),
    ("tags for a second rendering", "SELECT a FROM {% raw %}{% if x %}t{% else %}u{% endif %}{% endraw %}", "select"),
    ("union between rounds", "{% for a in b %}{% if not outer_loop.first %}UNION ALL{% endif %} SELECT 1", "select"),
    ("a format that looks like a tag", "SELECT FORMAT('{\"n\":{%d}}', a), 'b'\nFROM t", "select"),
    ("only tags", "#fail\n{{ is_unique(['id']) }}\n\n#fail\n{{ min_rows(10) }}", "template"),
    ("a check behind a check", "{{ is_unique(['id']) }}\n\n#warn\nASSERT (SELECT COUNT(*) FROM `p.d.t`) = 0", "assert"),
    ("a raw string", "SELECT f(r'((?:a|b)(?:.|\\n)*?)', ['x'])", "select"),
    ("a dictionary in a dictionary", "{{ config(meta={'api': {'off': true}}) }}\nSELECT a FROM t", "select"),
    (
        "a condition of a macro's own",
        "WITH b AS (SELECT toDate(t) AS d FROM u WHERE t < today() {{ only_new('t') }} GROUP BY d) SELECT d FROM b",
        "select",
    ),
    ("a path into JSON", "{{ config(tags=['a']) }}\nSELECT lower(to_varchar(u.agent:family)) FROM u", "select"),
]


@pytest.mark.parametrize(("text", "kind"), [case[1:] for case in READ], ids=[case[0] for case in READ])
def test_statements_are_read(text: str, kind: str) -> None:
    facts = read_statement(text, "")

    assert facts.error == ""
    assert facts.kind == kind


def test_a_tag_for_a_query_says_nothing_of_what_it_selects() -> None:
    text = "{{ latest(source('shop', 'orders')) }} WHERE paid = NULL"
    facts = read_statement(text, "")

    assert [(output.name, output.expr.op) for output in facts.blocks[0].outputs] == [("*", "star")]
    assert [Shown(text).at(one.span) for one in facts.comparisons] == ["`paid = NULL`"]
    assert facts.reads == ()


def test_a_tag_before_and_is_a_condition() -> None:
    facts = read_statement("SELECT a FROM t {{ only_live_rows() }} AND b = NULL", "")
    block = facts.blocks[0]

    assert (facts.error, [source.alias for source in block.sources]) == ("", ["t"])
    assert [part.op for part in block.where] == ["hole", "eq"]
    assert {clause.value for clause in block.holes} == {"where"}


def test_a_tag_on_the_line_before_a_path_is_columns() -> None:
    text = "SELECT a.x, {{ select_columns('orders') }}\n  b.y, b.z FROM a JOIN b ON a.i = b.i"
    facts = read_statement(text, "")
    block = facts.blocks[0]

    assert [(output.name, output.expr.op) for output in block.outputs] == [
        ("x", "column"),
        ("", "hole"),
        ("y", "column"),
        ("z", "column"),
    ]
    assert {clause.value for clause in block.holes} == {"select"}


def test_a_tag_on_the_line_of_a_path_is_no_columns() -> None:
    assert read_statement("SELECT {{ cents('a') }} b.y FROM b", "").error


def test_a_tag_on_the_line_before_a_call_is_columns() -> None:
    facts = read_statement("SELECT\n  {{ group_columns }}\n  count(*) AS n\nFROM t\n{{ group_by }}", "")

    assert facts.error == ""
    assert [(output.name, output.expr.op) for output in facts.blocks[0].outputs] == [("", "hole"), ("n", "count")]


def test_a_tag_of_a_set_operation_is_one() -> None:
    facts = read_statement("WITH c AS (SELECT a FROM t {{ dbt.except() }} SELECT a FROM u) SELECT * FROM c", "")

    assert facts.error == ""
    assert [operation.kind for operation in facts.set_operations] == ["except"]
    assert read_statement("SELECT a FROM t {{ more() }} SELECT a FROM u", "").error


def test_a_tag_between_two_operands_is_an_operator() -> None:
    facts = read_statement("SELECT a {{ op }} b FROM t", "")

    assert [(output.name, output.expr.op) for output in facts.blocks[0].outputs] == [("", "add")]
    assert facts.comparisons == ()


@pytest.mark.parametrize("text", ["WITH {{ c }} SELECT 1", "WITH {{ c }}, b AS (SELECT 1) SELECT 1 FROM b"])
def test_a_tag_too_short_for_a_cte_is_left_out(text: str) -> None:
    assert read_statement(text, "").error == ""


def test_a_tag_too_short_for_a_query_stays_unread() -> None:
    assert read_statement("{{q}} WHERE a", "").error


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("DELETE FROM `{{ project }}.shop.orders`", ("{{ project }}", "shop", "orders")),
        ("DELETE FROM `p.{{ env.name }}.orders_{{ day }}`", ("p", "{{ env.name }}", "orders_{{ day }}")),
        ("DELETE FROM `{project}.{dataset}.orders`", ("{project}", "{dataset}", "orders")),
        ("DELETE FROM `p.shop.orders`", ("p", "shop", "orders")),
        ("DELETE FROM {{ schema }}.orders", ("{{ schema }}", "orders")),
    ],
)
def test_paths_keep_their_parts(text: str, target: tuple[str, ...]) -> None:
    facts = read_statement(text, "bigquery")

    assert facts.write is not None
    assert facts.write.target == target


# What a hole may hide: a part of a name hides no clause, anything at the end of one may.
HIDDEN = [
    ("INSERT INTO a SELECT b FROM s_{{ ts_nodash }} x", ""),
    ("INSERT INTO a SELECT b FROM {{ schema }}.s", ""),
    ("INSERT INTO a SELECT b FROM {{ schema }}.{{ name }}", ""),
    ("INSERT INTO a SELECT b FROM {{ env }}_s", ""),
    ("INSERT INTO a SELECT b FROM s{{ rest }}", "from"),
    ("INSERT INTO a SELECT b FROM {{ s }}", "from"),
    ("UPDATE {{ t }} SET a = 1", "select"),
    ("UPDATE t SET a = {{ x }}", "set"),
    ("UPDATE t SET a = 1 {{ x }}", "from set where"),
    ("UPDATE t SET a = b{{ x }}", "from set where"),
    ("UPDATE t SET {{ x }}", "from set where"),
    ("UPDATE t SET a = 1, {{ x }}", "from set where"),
    ("UPDATE t SET {{ x }} WHERE b", "set"),
]


@pytest.mark.parametrize(("text", "clauses"), HIDDEN, ids=[case[0] for case in HIDDEN])
def test_clauses_that_a_hole_may_hold(text: str, clauses: str) -> None:
    facts = read_statement(text, "")

    assert facts.write is not None
    assert " ".join(sorted(clause.value for clause in facts.write.holes)) == clauses
