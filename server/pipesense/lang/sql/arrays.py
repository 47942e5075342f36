"""Arrays in FROM (BigQuery's and Redshift's ``FROM t, t.items``), which sqlglot finds by copying what a query reads.

For every SELECT it copies what stands in FROM and in each join, subqueries and all, so those of a deep query are
copied once per level. The lift knows the names of the sources anyway and does the same without a copy.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlglot import exp

_FLAG: Final = "SUPPORTS_IMPLICIT_UNNEST"
_DIALECTS: Final = frozenset({"bigquery", "redshift"})


@contextmanager
def left_as_tables(parser: type[Any]) -> Iterator[None]:
    """While the context is open, a parser leaves a path in FROM a table.

    The switch belongs to sqlglot's class, compiled or not, so it is put back at once: others may use it as well.
    """
    switch = vars(parser).get(_FLAG)
    if not switch:
        yield
        return
    setattr(parser, _FLAG, False)
    try:
        yield
    finally:
        setattr(parser, _FLAG, switch)


def read_as_column(join: exp.Expr, dialect: str, sources: Container[str]) -> None:
    """Make an array of the table that a join reads, where its path starts with one of the names (in lower case)."""
    table = join.this
    if dialect not in _DIALECTS or not isinstance(table, exp.Table) or join.args.get("on"):
        return
    parts = table.parts
    if len(parts) < 2 or parts[0].name.casefold() not in sources:
        return
    alias = table.args.get("alias")
    column = table.to_column(copy=False)
    array = exp.Unnest(expressions=[column.this if isinstance(column, exp.Alias) else column])
    if isinstance(alias, exp.TableAlias):
        array.set("alias", exp.TableAlias(columns=[alias.this]))
    join.set("this", array)
