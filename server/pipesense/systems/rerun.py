"""What a rerun of one write does, for hovers at the call that writes."""

from __future__ import annotations

from typing import Final

from pipesense.model.code import PatternSite
from pipesense.model.data import Access, AccessMode
from pipesense.model.frames import FrameOperation
from pipesense.model.value import Known, Unknown

_RERUN: Final = {
    AccessMode.OVERWRITE: "A rerun replaces everything that is there.",
    AccessMode.OVERWRITE_PARTITION: "A rerun replaces the partitions that it brings, and leaves the others.",
    AccessMode.MERGE: "A rerun finds the rows that are there by their key, and adds none twice.",
    AccessMode.UPDATE: "A rerun sets the same rows once more.",
    AccessMode.DELETE: "A rerun finds nothing left to delete.",
}


def note_of(access: Access) -> str | None:
    """What running the write once more does to the data."""
    if access.mode is not AccessMode.APPEND:
        return _RERUN.get(access.mode)
    if isinstance(access.guard, Known):
        return f"A rerun leaves one copy of the rows ({access.guard.value.how})."
    if isinstance(access.guard, Unknown):
        if access.guard.why.startswith("it raises"):
            return f"A rerun fails: {access.guard.why}."
        return f"Whether a rerun doubles the rows cannot be told here: {access.guard.why}."
    return "A rerun adds the rows once more, unless something before it took the old ones away."


def site_of(each: FrameOperation, access: Access) -> PatternSite | None:
    """The place of a write with what a rerun of it does."""
    note = note_of(access)
    return PatternSite("idempotent-load", each.name_loc, note) if note is not None else None
