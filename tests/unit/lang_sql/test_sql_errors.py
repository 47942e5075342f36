"""What cannot be read is said in a sentence, at the place, and nothing is raised."""

from __future__ import annotations

import logging

import pytest

from pipesense.lang.sql.facts import read_statement
from pipesense.text.span import Span

UNREADABLE = [
    ("SELECT a frm t", "", "Unexpected `t`", "t"),
    ("SELECT a FROM FROM t WHERE a = 1", "", "Unexpected `FROM`", "FROM"),
    ("SELECT a FROM (SELECT b", "", "Expected ) at the end of the statement.", "b"),
    ("drop tabel t", "", "This form of DROP is not understood", "drop"),
    ("selct a from t", "", "`selct` starts no statement", "selct"),
    ("foo", "", "`foo` starts no statement", "foo"),
    ("SELECT 'a FROM t", "", "The quote that opens here with ' is never closed", "'"),
    ("SELECT a /* b", "", "The comment that opens here with /* is never closed", "/*"),
    ("DELETE FR", "", "DELETE names no table yet", "DELETE"),
    ("SELECT a", "snowflaek", "`snowflaek` is no SQL dialect that is known here", None),
    ("SELECT a FROM `b`", "postgres", "Backticks are no quotes in this dialect.", "`"),
    ("FOR r IN (SELECT 1) DO SELECT 2;", "bigquery", "`FOR` starts no statement", "FOR"),
    ("SELECT " + "(" * 400 + "1" + ")" * 400, "", "This statement nests 400 levels deep", None),
    ("SELECT " + "CASE WHEN a THEN " * 310 + "1" + " END" * 310, "", "This statement nests 310 levels deep", None),
]


@pytest.mark.parametrize(("sql", "dialect", "sentence", "place"), UNREADABLE, ids=[case[0][:40] for case in UNREADABLE])
def test_unreadable_statements(sql: str, dialect: str, sentence: str, place: str | None) -> None:
    facts = read_statement(f"-- 😀\n{sql}", dialect)

    assert facts.error.startswith(sentence)
    assert facts.error.endswith(".")
    assert facts.error_span is not None
    if place is not None:
        assert facts.error_span.of(f"-- 😀\n{sql}") == place
    assert facts.blocks == ()
    assert facts.write is None


@pytest.mark.parametrize(
    "before",
    [
        "/* don't */",
        "{# don't #}",
        "-- don't\n",
        "{% macro a() %} don't {% endmacro %}",
        "COPY b FROM stdin;\ndon't\n\\.\n",
    ],
)
def test_apostrophes_in_a_long_statement_open_nothing(before: str) -> None:
    text = f"{before} SELECT {', '.join(f'column_{number}' for number in range(3000))} FROM t"

    assert read_statement(text, "").error == ""


def test_an_open_quote_in_a_long_statement_is_said_where_it_stands() -> None:
    text = f"/* don't */ SELECT {', '.join(f'column_{number}' for number in range(3000))} FROM t WHERE a = 'b"
    facts = read_statement(text, "")

    assert facts.error
    assert facts.error_span == Span(text.index("'b"), text.index("'b") + 1)


KINDS = [
    ("SELECT 1", "select"),
    ("WITH a AS (SELECT 1) SELECT * FROM a", "select"),
    ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", "insert"),
    ("(SELECT 1) UNION (SELECT 2)", "select"),
    ("BEGIN", "begin"),
    ("COMMIT;", "commit"),
    ("VACUUM t", "vacuum"),
    ("CLUSTER s.t USING i", "cluster"),
    ("SET a = 1", "set"),
    ("GRANT ALL ON t TO PUBLIC", "grant"),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$", "create"),
    ("\\c orders", "psql"),
    ("GO", "go"),
    ("DELIMITER //", "delimiter"),
    ("{{ is_unique(['id']) }}", "template"),
    ("-- nothing", ""),
    (";", ""),
    ("", ""),
]


@pytest.mark.parametrize(("sql", "kind"), KINDS, ids=[case[0] for case in KINDS])
def test_kinds(sql: str, kind: str) -> None:
    facts = read_statement(sql, "")

    assert facts.error == ""
    assert facts.kind == kind


def test_words_for_the_client_are_no_part_of_a_statement() -> None:
    for sql in ("SELECT a FROM t\nGO\n", "SELECT a FROM t \\gx", "#standardSQL\nSELECT a FROM t"):
        facts = read_statement(sql, "")
        assert facts.error == "", sql
        assert facts.blocks[0].sources[0].alias == "t", sql


def test_data_behind_copy_is_not_read() -> None:
    sql = "COPY t (a, b) FROM stdin;\n1\t'x\n2\ty;z\n\\.\n"

    facts = read_statement(sql, "postgres")

    assert facts.error == ""
    assert facts.write is not None
    assert facts.write.verb == "copy"


def test_an_assertion_is_a_query() -> None:
    sql = "ASSERT (SELECT COUNT(*) FROM mart WHERE x = NULL) > 0 AS 'no rows'"

    facts = read_statement(sql, "bigquery")

    assert facts.kind == "assert"
    assert [one.op for one in facts.comparisons] == ["eq", "gt"]
    assert facts.reads[0][0] == ("mart",)


def test_unknown_options_of_a_table_leave_its_columns_readable() -> None:
    facts = read_statement("CREATE TABLE t (a INT, b TEXT) ON [PRIMARY] WITH SOMETHING ODD (1)", "tsql")

    assert facts.error == ""
    assert facts.table is not None
    assert [column.name for column in facts.table.columns] == ["a", "b"]


def test_generic_text_is_read_in_another_dialect_when_it_must_be() -> None:
    facts = read_statement("SELECT a FROM `p.d.t` WHERE b = 'it\\'s' AND SAFE_CAST(c AS INT64) = NULL", "")

    assert facts.error == ""
    assert facts.dialect == "bigquery"
    assert [one.op for one in facts.comparisons] == ["eq", "eq"]


def test_the_parser_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="pipesense"):
        read_statement("VACUUM t", "")

    assert caplog.records == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM t {{ dbt_utils.group_by(2) }}",
        "SELECT CAST(a AS {{ dbt.type_string() }}) FROM t",
        "SELECT a::{{ dbt.type_string() }} FROM t",
        "SELECT a FROM t JOIN{{ ref('u') }} ON t.k = u.k",
        "{{ header }}\nCREATE TABLE t (a INT)",
        "SELECT a, {{ star }} FROM t WHERE {{ x }} AND b = {{ y }}",
        "{% for c in cs %}SELECT {{ c }} FROM t{% if not loop.last %} UNION ALL {% endif %}{% endfor %}",
        "{% macro m() %} not sql {% endmacro %}SELECT 1",
        '{{ config(post_hook="{{ x() }}") }} SELECT 1',
        "SELECT * FROM t WHERE d = '{{ ds }}' AND e = {{ params.e }} LIMIT {{ n }}",
    ],
)
def test_templates_are_read(sql: str) -> None:
    assert read_statement(sql, "snowflake").error == ""


def test_nesting_beyond_the_stack_is_an_error_of_its_statement() -> None:
    facts = read_statement("SELECT " + "(" * 290 + "1" + ")" * 290, "")

    assert facts.error == "" or facts.error.startswith("This statement nests too deeply")


def test_blocks_that_do_not_nest_make_the_facts_unsure() -> None:
    assert read_statement("SELECT a FROM t {% if x %} WHERE b", "").unsure
    assert not read_statement("SELECT a FROM t {% if x %} WHERE b {% endif %}", "").unsure


def test_an_argument_that_is_not_written_yet_is_unknown() -> None:
    facts = read_statement("SELECT round(div0(a.amount, ), 2) AS share FROM t AS a WHERE a.day > 1", "snowflake")
    assert not facts.error
    (output,) = facts.blocks[0].outputs
    assert output.name == "share" and output.expr.opaque
