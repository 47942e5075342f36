"""Short names for checks: of tasks, tests and files."""

from __future__ import annotations

import re
from typing import Final

from pipesense.model.quality import (
    Ask,
    CountsAgree,
    Exists,
    Fresh,
    HasRows,
    Holds,
    InOrder,
    InRange,
    Matches,
    NearDayBefore,
    NotNull,
    OneOf,
    SumsAgree,
    TotalsAgree,
    Unique,
)

_WHAT_PASSES: Final[dict[type, str]] = {
    NotNull: "is_there",
    Unique: "is_unique",
    InRange: "is_in_range",
    Matches: "has_its_form",
    OneOf: "is_of_its_list",
    InOrder: "are_in_order",
    Holds: "hold",
    Fresh: "is_fresh",
}


def label(ask: Ask) -> str:
    """A name in snake_case that says what passes: ``order_id_is_unique``."""
    match ask:
        case Exists():
            name = f"{'_'.join(ask.columns)}_exists_in_{ask.target.table}"
        case TotalsAgree():
            name = f"{ask.total}_agrees_with_{ask.detail.table}"
        case CountsAgree():
            name = f"row_count_agrees_with_{ask.load.source.table}"
        case SumsAgree():
            name = f"{ask.column}_agrees_with_{ask.load.source.table}"
        case HasRows():
            name = "row_count"
        case NearDayBefore():
            name = "row_count_is_near_the_day_before"
        case _:
            name = f"{'_'.join(ask.columns)}_{_WHAT_PASSES[type(ask)]}"
    return re.sub(r"\W+", "_", name).strip("_").lower()
