"""The columns of a set operation, out of those of its branches."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pipesense.model.columns import UNKNOWN_TYPE, Columns, OutColumn, SqlType

MOST_ORIGINS: Final = 60
"""Columns of tables that are remembered behind one column."""


def merged(columns: list[OutColumn], other: Columns, by_name: bool) -> list[OutColumn]:
    """The columns of one branch of a set operation with what another brings under the same names."""
    if by_name:
        known = {column.name.casefold() for column in columns}
        matches = [other.find(column.name) for column in columns]
        extra = [column for column in other.columns if column.name.casefold() not in known]
    elif other.opened is not None or len(other.columns) != len(columns):
        return [replace(column, nullable=True if column.nullable else None, copied=False) for column in columns]
    else:
        matches, extra = list(other.columns), []
    made: list[OutColumn] = []
    for column, match in zip(columns, matches, strict=True):
        if match is None:
            made.append(replace(column, nullable=True))
            continue
        origins = tuple(dict.fromkeys((*column.origins, *match.origins)))[:MOST_ORIGINS]
        made.append(
            replace(
                column,
                type=_common(column.type, match.type),
                nullable=_either(column.nullable, match.nullable),
                origins=origins,
                copied=column.copied and match.copied,
            )
        )
    return made + [replace(column, nullable=True) for column in extra]


def _common(one: SqlType, other: SqlType) -> SqlType:
    if one == other or not other.is_known or other.text == "NULL":
        return one
    if not one.is_known or one.text == "NULL":
        return other
    return SqlType(one.family) if one.family is other.family else UNKNOWN_TYPE


def _either(one: bool | None, other: bool | None) -> bool | None:
    if one or other:
        return True
    return False if one is False and other is False else None
