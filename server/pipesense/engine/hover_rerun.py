"""What running a task once more does to the data, and why, for hovers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipesense.engine.hover_base import code
from pipesense.model.data import WRITES, Access, AccessMode
from pipesense.model.flow import Task
from pipesense.model.value import Absent, Known, Unknown

_EMPTIES = frozenset({AccessMode.DELETE, AccessMode.DROP, AccessMode.OVERWRITE, AccessMode.CREATE})
_CONSEQUENCES = {
    AccessMode.OVERWRITE: "replaces all of {table}, so one copy is left",
    AccessMode.OVERWRITE_PARTITION: "replaces the partition of {table} that it writes, so one copy is left",
    AccessMode.MERGE: "merges into {table} by its key, so rows that are there are found again",
    AccessMode.UPDATE: "sets the same rows of {table} once more",
}


def rerun_lines(task: Task) -> Iterator[str]:
    """One line for each dataset that the task writes."""
    told: set[str] = set()
    for number, access in enumerate(task.accesses):
        if access.mode not in WRITES or access.temporary:
            continue
        line = consequence(access, task.accesses[:number])
        if line not in told:
            told.add(line)
            yield f"- a rerun {line}"
    if not told and isinstance(task.does, Known) and not task.does.value:
        yield "- a rerun writes nothing"


def consequence(access: Access, before: Sequence[Access]) -> str:
    """What writing once more does to the data; ``before`` is what was done in the same run before it."""
    table = code(access.dataset)
    if access.mode is not AccessMode.APPEND:
        return _CONSEQUENCES[access.mode].format(table=table)
    emptied = next((each for each in before if each.dataset == access.dataset and each.mode in _EMPTIES), None)
    if emptied is not None:
        return f"writes {table} anew: it {emptied.mode.value} it first"
    if isinstance(access.guard, Known):
        return f"leaves one copy in {table} ({access.guard.value.how})"
    if isinstance(access.guard, Absent):
        return f"adds its rows to {table} once more, since nothing there tells that they are the same"
    return f"adds to {table}; whether rows stand there twice then is not known{_why(access.guard)}"


def _why(guard: Unknown) -> str:
    return f" ({guard.why})" if guard.why else ""
