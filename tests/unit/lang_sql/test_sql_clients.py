"""Statements as clients and single dialects spell them."""

from __future__ import annotations

import pytest

from pipesense.lang.sql.facts import read_statement

READ = [
    ("SQL*Plus, behind", "oracle", "SELECT a FROM dual\n/\n", "select"),
    ("SQL*Plus, in front", "oracle", "/\nSELECT a FROM dual", "select"),
    (
        "columns of SQL Server",
        "tsql",
        "CREATE TABLE t (a uniqueidentifier NOT NULL ROWGUIDCOL, b INT NOT FOR REPLICATION)",
        "create",
    ),
    ("psql's settings", "postgres", "\\set day 5\n", "psql"),
]


@pytest.mark.parametrize(("dialect", "text", "kind"), [case[1:] for case in READ], ids=[case[0] for case in READ])
def test_words_for_clients_are_no_errors(dialect: str, text: str, kind: str) -> None:
    facts = read_statement(text, dialect)

    assert (facts.kind, facts.error, facts.unjudged) == (kind, "", "")


@pytest.mark.parametrize("text", ["\\i other.sql", "\\gexec"])
def test_commands_that_run_others_are_recognised(text: str) -> None:
    assert read_statement(text, "postgres").unjudged


@pytest.mark.parametrize("dialect", ["", "mysql", "sqlite"])
def test_replace_into_takes_the_rows_of_a_key_away_first(dialect: str) -> None:
    text = "REPLACE INTO shop.orders (id) SELECT id FROM raw.orders WHERE a = NULL"
    facts = read_statement(text, dialect)

    assert facts.write is not None
    assert (facts.kind, facts.write.verb, facts.write.guard) == ("replace", "insert", "REPLACE INTO")
    assert facts.write.keyword.of(text) == "REPLACE"
    assert [one.span.of(text) for one in facts.comparisons] == ["a = NULL"]


def test_values_for_variables_are_no_comparisons() -> None:
    assert read_statement("SELECT @a = NULL, @b = x FROM t WHERE c = 1", "tsql").comparisons[0].op == "eq"
    assert len(read_statement("SELECT @a = NULL, @b = x FROM t WHERE c = 1", "tsql").comparisons) == 1


@pytest.mark.parametrize("text", ["EXEC dbo.refresh @day = 1", "IF @x > 1 SELECT 1"])
def test_procedural_statements_of_sql_server_are_recognised(text: str) -> None:
    facts = read_statement(text, "tsql")

    assert (facts.error, bool(facts.unjudged)) == ("", True)
