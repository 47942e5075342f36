"""Which columns a condition keeps NULL out of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pipesense.model.sql import Expr

_EVERY_SIDE: Final = frozenset(
    {
        "eq",
        "neq",
        "lt",
        "lte",
        "gt",
        "gte",
        "between",
        "like",
        "not_like",
        "ilike",
        "not_ilike",
        "matches",
        "not_matches",
    }
)
"""Operators that are unknown when any side is NULL."""
_FIRST_SIDE: Final = frozenset({"in", "not_in", "not_between"})
"""Operators that may be true although a value of the list is NULL."""


def filled(conjuncts: Iterable[Expr]) -> Iterator[tuple[str, ...]]:
    """The columns that are not NULL in any row for which all conjuncts are true."""
    for part in conjuncts:
        sides: tuple[Expr, ...] = ()
        if part.op in _EVERY_SIDE:
            sides = part.args
        elif part.op in _FIRST_SIDE or (part.op == "is_not" and part.args[-1].op == "null"):
            sides = part.args[:1]
        elif part.op == "column":
            sides = (part,)
        for side in sides:
            while side.op == "cast" and side.args:
                side = side.args[0]
            if side.op == "column" and not side.opaque:
                yield side.path
