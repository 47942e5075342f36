"""What rules ask of the grain of a source: whether rows can share the values that they are matched by."""

from __future__ import annotations

from collections.abc import Iterable

from pipesense.model.columns import Columns
from pipesense.model.sql import Expr
from pipesense_rules import queries


def finer(columns: Columns, matched: frozenset[str]) -> frozenset[str] | None:
    """The columns that still tell rows apart which agree in ``matched`` (lower case).

    None unless a known key holds all of ``matched`` and more, and no known key is within it: only then is it known that
    the rows are of a finer grain. That no key is known says nothing.
    """
    if not matched or columns.has_key(matched):
        return None
    larger = [key for key in columns.keys if matched < key]
    return min(larger, key=lambda key: (len(key), sorted(key))) - matched if larger else None


def equal_columns(conditions: Iterable[Expr], alias: str, names: frozenset[str]) -> frozenset[str]:
    """The columns (lower case) of a source that conditions make equal to something of another source."""
    found: set[str] = set()
    for part in conditions:
        if part.op != "eq" or len(part.args) != 2:
            continue
        for one, other in (part.args, part.args[::-1]):
            if one.op == "column" and queries.owner(one, names) == alias:
                whose = queries.owners([other], names)
                if whose is not None and whose and alias not in whose:
                    found.add(queries.last_name(one))
    return frozenset(found)
