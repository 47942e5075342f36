"""Tokens spliced around an edit are the tokens of the whole text."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlglot import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token

from pipesense.lang.sql.retokenise import Retokeniser

QUERY = """-- the orders of a day, by customer
SELECT o.id, o.customer_id, /* what they paid */ SUM(l.price * l.quantity) AS paid, -- in euros
  CASE WHEN o.state = 'open, not paid' THEN 1 ELSE 0 END AS is_open, "a, b" AS odd,
  COUNT(*) FILTER (WHERE l.kind IN ('a', 'b', 'c')), CAST(o.at AS DATE) AS day, x'ff', 1.5e3, .5, a.b.c
FROM orders AS o, lines AS l, (SELECT 1 AS one, 2 AS two) AS t
WHERE o.id = l.order_id AND o.at >= '2024-01-01' AND o.note <> 'it''s, well, fine'
GROUP BY 1, 2, 4, o.at, o.note
ORDER BY 1, 2 DESC, 3"""

DIALECTS = ("", "postgres", "bigquery", "snowflake", "spark", "mysql", "tsql", "clickhouse", "oracle", "duckdb")
PIECES = st.sampled_from(
    [
        *(
            "x",
            ",",
            " ",
            "\n",
            "'",
            '"',
            "`",
            "(",
            ")",
            "--",
            "/*",
            "*/",
            "#",
            "$$",
            "$a$",
            ";",
            ".",
            "1",
            "e",
            "_",
            "\\",
        ),
        *("SHOW ", "execute x", "group\nby", ", a", "a,", "'a,b'", "é", "\r\n", "\t", "::", "||", "{", "[", "@", "//"),
    ]
)


def whole(text: str, dialect: str) -> list[Token] | str:
    try:
        return Dialect.get_or_raise(dialect).tokenize(text)
    except SqlglotError as error:
        return type(error).__name__


def again(kept: Retokeniser, text: str, dialect: str) -> list[Token] | str:
    try:
        return kept.tokens(text, dialect, Dialect.get_or_raise(dialect).tokenize)
    except SqlglotError as error:
        return type(error).__name__


def said(tokens: list[Token] | str) -> object:
    if isinstance(tokens, str):
        return tokens
    return [(each.token_type, each.text, each.line, each.col, each.start, each.end, each.comments) for each in tokens]


@given(
    dialect=st.sampled_from(DIALECTS),
    edits=st.lists(st.tuples(st.integers(0, len(QUERY)), st.integers(0, 12), PIECES | st.just("")), max_size=6),
)
@example(dialect="", edits=[(100, 0, "a"), (101, 0, "b")])
@settings(max_examples=400, deadline=None)
def test_tokens_after_edits_are_those_of_the_whole_text(dialect: str, edits: list[tuple[int, int, str]]) -> None:
    kept = Retokeniser()
    text = QUERY
    again(kept, text, dialect)
    for at, removed, put in edits:
        at = min(at, len(text))
        text = text[:at] + put + text[at + removed :]
        assert said(again(kept, text, dialect)) == said(whole(text, dialect))


def test_a_letter_in_a_long_statement_is_read_by_itself() -> None:
    kept = Retokeniser()
    read: list[str] = []

    def tokenise(text: str) -> list[Token]:
        read.append(text)
        return Dialect.get_or_raise("").tokenize(text)

    at = QUERY.index("customer_id")
    kept.tokens(QUERY, "", tokenise)
    kept.tokens(QUERY[:at] + "x" + QUERY[at:], "", tokenise)
    assert [len(each) for each in read] == [len(QUERY), len(", o.xcustomer_id,")]
    assert kept.spared == 1


def test_what_a_parser_adds_to_comments_is_not_remembered() -> None:
    kept = Retokeniser()
    tokenise = Dialect.get_or_raise("").tokenize
    for token in kept.tokens(QUERY, "", tokenise):
        token.comments.append("added")
    changed = QUERY.replace("customer_id", "customer_idx")
    assert said(kept.tokens(changed, "", tokenise)) == said(tokenise(changed))


@pytest.mark.parametrize("opened", ["'", "--", "/*", "$$"])
def test_what_is_opened_reaches_as_far_as_in_the_whole_text(opened: str) -> None:
    kept = Retokeniser()
    again(kept, QUERY, "postgres")
    at = QUERY.index("o.customer_id")
    text = QUERY[:at] + opened + QUERY[at:]
    assert said(again(kept, text, "postgres")) == said(whole(text, "postgres"))
