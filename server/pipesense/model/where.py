"""Places that stay true while the text around them moves."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.model.making import quick_to_make
from pipesense.text.span import Span


@quick_to_make
@dataclass(frozen=True, slots=True, order=True)
class Loc:
    """A range inside one unit of one file.

    A unit is a stretch of a file that is read as a whole: a top-level Python statement, a SQL statement,
    the SQL in one string literal. ``span`` is relative to the unit's own text, so a Loc does not change
    when other units grow or move. The engine turns it into offsets of the file when somebody must see it.
    """

    file: str
    """The file's path as the workspace knows it (absolute, ``/`` between parts)."""
    unit: int
    """The unit's number, unique in its file for as long as the file is open."""
    span: Span

    def at(self, span: Span) -> Loc:
        """Another range of the same unit."""
        return Loc(self.file, self.unit, span)
