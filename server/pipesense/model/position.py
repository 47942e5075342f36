"""Where a reader of events has got to, and when it writes that down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pipesense.model.where import Loc


class Apart(Enum):
    """How a position is stored apart from the rows that it covers."""

    BEFORE = "committed before the rows are written"
    AFTER = "committed in a transaction of its own, behind the rows"


@dataclass(frozen=True, slots=True)
class PositionApart:
    """A position and the rows that it covers are committed one after the other.

    ``loc`` is the call that writes the position, ``rows`` the one that writes rows, ``commit`` what ends the first of
    the two transactions. ``repeatable``: writing the same rows twice leaves one copy.
    """

    loc: Loc
    rows: Loc
    commit: Loc
    position_table: str
    rows_table: str
    apart: Apart
    repeatable: bool


@dataclass(frozen=True, slots=True)
class OpenSaga:
    """A function changes several services one after the other, and nothing near it undoes a change.

    ``loc`` is the method of the second change, ``first_loc`` that of the first; ``first`` and ``later`` are the calls
    as written, ``function`` the function's name.
    """

    loc: Loc
    first_loc: Loc
    function: str
    first: str
    later: str
