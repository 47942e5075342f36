"""What code does with failures."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.model.where import Loc


@dataclass(frozen=True, slots=True)
class SwallowedFailure:
    """A failure is noted at most, and what follows runs as if there had been none.

    ``loc`` is the handler's keyword, ``name`` whose failure it is ("pay"), ``noun`` what people call that ("step").
    ``logged``: it is written to a log. ``error`` is the name of the error in the handler, "" where it has none.
    """

    system: str
    loc: Loc
    noun: str
    name: str
    logged: bool
    error: str
