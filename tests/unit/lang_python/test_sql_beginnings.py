"""Text in code that begins with comments as statements may, and is none."""

from __future__ import annotations

from pipesense.lang.python.sql_calls import _SQL, _SURELY

COMMENTS = "/* a */ /** b **/\n-- c -- d\n" * 60


def test_comments_are_left_out_before_a_statement() -> None:
    assert _SQL.match(COMMENTS + "select 1") is not None
    assert _SURELY.match(COMMENTS + "select a from t") is not None


def test_many_comments_before_what_is_no_statement_are_read_once() -> None:
    """Comments that may be put together in several ways double the work with each of them."""
    assert _SQL.match(COMMENTS + "nothing") is None
    assert _SURELY.match(COMMENTS + "nothing") is None
