"""Which way of loading a task follows, told from what it does to its tables."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.data import Access, AccessMode
from pipesense.model.flow import Task
from pipesense.model.value import Known
from pipesense.rule.registry import Registry

_BY_MODE = {
    AccessMode.MERGE: "upsert",
    AccessMode.OVERWRITE: "full-extract",
    AccessMode.OVERWRITE_PARTITION: "partition-overwrite",
}


def pattern_lines(task: Task, registry: Registry) -> Iterator[str]:
    """One line for each way that is followed, with what it is in a sentence."""
    told: set[str] = set()
    for number, access in enumerate(task.accesses):
        name = "" if access.temporary else _pattern(access, task.accesses[:number])
        page = registry.pattern(name) if name and name not in told else None
        if page is not None:
            told.add(name)
            yield f"- pattern: **{page.title}**. {page.summary}"


def _pattern(access: Access, before: tuple[Access, ...]) -> str:
    if access.mode is not AccessMode.APPEND:
        return _BY_MODE.get(access.mode, "")
    if isinstance(access.guard, Known):
        return "upsert" if "CONFLICT" in access.guard.value.how.upper() else "idempotent-load"
    emptied = any(each.dataset == access.dataset and each.mode is AccessMode.DELETE for each in before)
    return "idempotent-load" if emptied else ""
