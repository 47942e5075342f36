"""A test that can be written, and what all systems ask of a task for one."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.engine.record import FileRecord
from pipesense.lang.python.module import FunctionNode
from pipesense.model.data import WRITES, DatasetName
from pipesense.model.flow import CallableRun, Role, Task
from pipesense.model.value import Known


@dataclass(frozen=True, slots=True)
class Scaffold:
    """A test that can be written. ``id`` is stable while the pipeline and the task are called that."""

    id: str
    title: str
    path: str
    text: str


def written_by(task: Task) -> DatasetName | None:
    """The one lasting table that a task writes."""
    found = {
        access.dataset
        for access in task.accesses
        if access.mode in WRITES and not access.temporary and isinstance(access.dataset, DatasetName)
    }
    return next(iter(found)) if len(found) == 1 else None


def function_of(record: FileRecord, task: Task) -> FunctionNode | None:
    """The function of the file's own top level that a task runs, where it takes and gives something."""
    if isinstance(task.role, Known) and task.role.value in (Role.SENSOR, Role.EMPTY, Role.NOTIFY):
        return None
    scopes = {run.scope for run in task.runs if isinstance(run, CallableRun)}
    name = next(iter(scopes)).removeprefix(f"{record.linked.module}.") if len(scopes) == 1 else ""
    for unit in record.document.units:
        for node in unit.parsed.body if unit.parsed is not None and unit.kind in ("statement", "header") else ():
            if isinstance(node, FunctionNode) and node.name == name and node.args.args:
                return node
    return None


def identifier(name: str) -> str:
    """A name as a part of a file's name."""
    return "".join(each if each.isalnum() else "_" for each in name).strip("_").lower() or "task"
