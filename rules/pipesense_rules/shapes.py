"""What the names of tables and tasks say about what they are for.

Names are evidence, never proof: they raise or lower how loudly a rule speaks, or keep it silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Final

from pipesense.model.data import LOCAL, WRITES, DatasetName
from pipesense.model.flow import CallableRun, Effect, OtherRun, Pipeline, SqlFileRun, Task
from pipesense.model.where import Loc
from pipesense.text.regex import regex

_LOG_WORDS: Final = frozenset({"log", "logs", "audit", "audits", "journal"})
_STAGING_WORDS: Final = frozenset({"stg", "stage", "staging", "tmp", "temp", "scratch", "landing", "work", "wrk"})
_CHECK: Final = regex(
    r"check|valid|quality|assert|verif|expect|audit|reconcil|soda|anomal|dbt[ _-]?(?:test|build)"
    r"|(?:^|[^a-z])(?:tests?|dq|qa|gx)(?:[^a-z]|$)",
    re.I,
)


def words(name: str) -> frozenset[str]:
    """The words of a name written in snake_case, in lower case."""
    return frozenset(re.split(r"[^a-z0-9]+", name.lower())) - {""}


def is_log(dataset: DatasetName) -> bool:
    """Whether a table's name says that it keeps one row per event of the pipeline itself."""
    return bool(words(dataset.table) & _LOG_WORDS)


def is_staging(parts: tuple[str, ...]) -> bool:
    """Whether a table's own name or its schema's says that it is emptied and filled for every run."""
    return any(words(part) & _STAGING_WORDS for part in parts[-2:])


def is_mart(dataset: DatasetName, schemas: Iterable[str], tables: Iterable[str]) -> bool:
    """Whether people read the table: its schema fits one of ``schemas`` or its name one of ``tables`` (globs)."""
    return any(fnmatchcase(dataset.table, glob) for glob in tables) or any(
        fnmatchcase(part, glob) for part in dataset.parts[:-1] for glob in schemas
    )


def suggests_check(task: Task) -> bool:
    """Whether a task's name, kind or code is named like a check of data."""
    names = [task.name, task.kind, task.variable or ""]
    for run in task.runs:
        match run:
            case CallableRun():
                names.append(run.scope.rpartition(".")[2])
            case SqlFileRun():
                names.append(run.path)
            case OtherRun():
                names.append(run.what)
            case _:
                pass
    return any(_CHECK.search(name) for name in names)


def works_outside(task: Task) -> bool:
    """Whether a task touches the network or writes a dataset. Files of its own machine do not fail for a moment."""
    return task.touches(Effect.NETWORK) or any(
        access.mode in WRITES and access.dataset.platform != LOCAL for access in task.accesses
    )


def reach_out(tasks: Sequence[Task]) -> str:
    """``task load touches the network or writes data``, ``3 tasks touch the network or write data``."""
    if len(tasks) == 1:
        return f"task {tasks[0].name} touches the network or writes data"
    return f"{len(tasks)} tasks touch the network or write data"


def common_place(pipeline: Pipeline, bare: Sequence[Task], working: Sequence[Task]) -> Loc:
    """Where to speak of ``bare`` tasks: the shared defaults where all ``working`` ones are bare, else the first task.

    Defaults that another file holds are that file's: there the words would stand far from the pipeline they are about.
    """
    shared = pipeline.shared
    if shared is not None and shared.file == pipeline.loc.file and len(bare) == len(working):
        return shared
    return bare[0].loc


def globs(option: object) -> tuple[str, ...]:
    """The patterns in a rule's option, in lower case; anything but texts is left out."""
    return tuple(item.lower() for item in option if isinstance(item, str)) if isinstance(option, list) else ()


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """``1 task``, ``3 tasks``."""
    return f"{count} {singular if count == 1 else plural or singular + 's'}"
