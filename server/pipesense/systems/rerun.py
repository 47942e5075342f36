"""What a rerun of one write does, for hovers at the call that writes."""

from __future__ import annotations

from typing import Final

from pipesense.model.code import PatternSite
from pipesense.model.data import AccessMode, Guard
from pipesense.model.value import Known, Unknown, Value
from pipesense.model.where import Loc

_RERUN: Final = {
    AccessMode.OVERWRITE: "A rerun replaces everything that is there.",
    AccessMode.OVERWRITE_PARTITION: "A rerun replaces the partitions that it brings, and leaves the others.",
    AccessMode.MERGE: "A rerun finds the rows that are there by their key, and adds none twice.",
    AccessMode.UPDATE: "A rerun sets the same rows once more.",
    AccessMode.DELETE: "A rerun finds nothing left to delete.",
    AccessMode.CREATE: "A rerun fails: what is there already is refused.",
}
BY_CONDITION: Final = Unknown("it replaces the rows that its condition names")
"""The guard of a write that first removes what a condition names."""
_PATTERNS: Final = {
    AccessMode.MERGE: "upsert",
    AccessMode.OVERWRITE_PARTITION: "partition-overwrite",
}


def note_of(mode: AccessMode, guard: Value[Guard]) -> str | None:
    """What running a write once more does to the data."""
    if guard == BY_CONDITION:
        return "A rerun replaces the rows that its condition names, and leaves the others."
    if mode is not AccessMode.APPEND:
        return _RERUN.get(mode)
    if isinstance(guard, Known):
        return f"A rerun leaves one copy of the rows ({guard.value.how})."
    if isinstance(guard, Unknown):
        if guard.why.startswith("it raises"):
            return f"A rerun fails: {guard.why}."
        return f"Whether a rerun doubles the rows cannot be told here: {guard.why}."
    return "A rerun adds the rows once more, unless something before it took the old ones away."


def rerun_site(loc: Loc, mode: AccessMode, guard: Value[Guard], *, computed: bool = False) -> PatternSite | None:
    """The place of a write with what a rerun of it does. ``computed``: where it writes to is made up at run time."""
    note = note_of(mode, guard)
    if note is None:
        return None
    if computed and mode in (AccessMode.OVERWRITE, AccessMode.OVERWRITE_PARTITION):
        note += " Where it writes to is computed: that holds for a rerun that comes to the same place."
    return PatternSite(_PATTERNS.get(mode, "idempotent-load"), loc, note)


def merge_site(loc: Loc) -> PatternSite:
    """The place where a merge that was put together before is run."""
    note = f"The merge runs here: until now nothing was read or written. {_RERUN[AccessMode.MERGE]}"
    return PatternSite(_PATTERNS[AccessMode.MERGE], loc, note)
