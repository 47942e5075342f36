"""Writes retries and limits into a DAG that is written in YAML, in the manner of its file."""

from __future__ import annotations

import re
from typing import Final

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.yaml.edit import Raw, Value, add_entry
from pipesense.lang.yaml.nodes import Mapping, mapping
from pipesense.model.change import (
    Change,
    Refusal,
    Replace,
    SetRetry,
    SetRetryPause,
    SetStartDate,
    SetTimeout,
    WaitWithoutSlot,
)
from pipesense.model.flow import Role
from pipesense.model.value import known
from pipesense.systems.airflow.yaml_dags import DagNode, dags
from pipesense.text.edit import TextEdit
from pipesense.text.regex import regex

_OLD: Final = regex(r"^\s*(?:-\s*)?(?:retry_delay_sec|execution_timeout_secs|dagrun_timeout_sec)\s*:", re.M)
"""How lengths of time were written before dag-factory 1.0."""
_FREE: Final = "There is no certain place for the setting."


def write(change: Change, file: DocumentFile) -> tuple[Replace, ...] | Refusal:
    """The edits of a change, or why there are none."""
    kinds = (SetRetry, SetRetryPause, SetTimeout, WaitWithoutSlot, SetStartDate)
    if isinstance(change, kinds) and change.pipeline.spread:
        return _write_gusty(change, file)
    if not isinstance(change, (SetRetry, SetRetryPause, SetTimeout, WaitWithoutSlot)):
        return Refusal("A DAG in YAML has no such setting.")
    dag = next((each for each in dags(file) if each.entry.key == change.pipeline.name), None)
    if dag is None:
        return Refusal(f"DAG {change.pipeline.name} is no longer where it was.")
    if isinstance(change, WaitWithoutSlot):
        return _set(file, dag, change.task.name, {"mode": "reschedule"})
    if isinstance(change, (SetRetry, SetRetryPause)):
        items: dict[str, Value] = {"retries": change.attempts} if isinstance(change, SetRetry) else {}
        # Seconds are taken by Airflow itself, so they are right for every version of dag-factory.
        items |= {"retry_delay": change.delay_minutes * 60, "retry_exponential_backoff": True}
        return _set(file, dag, change.task.name if change.task is not None else "", items)
    task = change.task
    if task is not None and known(task.role) is Role.SENSOR:
        return _set(file, dag, task.name, {"timeout": change.hours * 3600})
    name = task.name if task is not None else ""
    if _OLD.search(file.text):
        return _set(file, dag, name, {"execution_timeout_secs": change.hours * 3600})
    limit = Raw(f"{{__type__: datetime.timedelta, hours: {change.hours}}}")
    return _set(file, dag, name, {"execution_timeout": limit})


def _write_gusty(change: Change, file: DocumentFile) -> tuple[Replace, ...] | Refusal:
    """Into the metadata, or into the one task's own file; lengths of time by the tags that gusty knows."""
    root = mapping(file.roots[0]) if file.roots else None
    if root is None:
        return Refusal(_FREE)
    if isinstance(change, SetStartDate):
        moving = change.pipeline.schedule.moving_start
        return (Replace(moving, "!datetime [2024, 1, 1]"),) if moving is not None else Refusal("It does not move.")
    items: dict[str, Value]
    if isinstance(change, (SetRetry, SetRetryPause)):
        items = {"retries": change.attempts} if isinstance(change, SetRetry) else {}
        items |= {"retry_delay": Raw(f"!timedelta 'minutes: {change.delay_minutes}'")}
        items |= {"retry_exponential_backoff": True}
    elif isinstance(change, WaitWithoutSlot):
        items = {"mode": "reschedule"}
    elif isinstance(change, SetTimeout):
        if change.task is not None and known(change.task.role) is Role.SENSOR:
            items = {"timeout": change.hours * 3600}
        else:
            items = {"execution_timeout": Raw(f"!timedelta 'hours: {change.hours}'")}
    else:
        return Refusal("A DAG in YAML has no such setting.")
    if change.task is not None:
        return _add(file, root, items) if change.task.loc.file == file.path else Refusal(_FREE)
    given = root.own("default_args")
    if given is None:
        return _replaced(file, add_entry(file.tree, root, "default_args", items))
    return _add(file, mapping(given.value), items)


def _set(file: DocumentFile, dag: DagNode, task: str, items: dict[str, Value]) -> tuple[Replace, ...] | Refusal:
    if task:
        node = next((each.body for each in dag.tasks if each.name == task), None)
        return _add(file, node, items) if node is not None else Refusal(f"Task {task} is no longer where it was.")
    given = dag.body.own("default_args")
    if given is None:
        edit = add_entry(file.tree, dag.body, "default_args", items)
        return _replaced(file, edit)
    if not isinstance(given.value, Mapping):
        return Refusal("default_args is written elsewhere in the file, for other DAGs, too.")
    return _add(file, mapping(given.value), items)


def _add(file: DocumentFile, node: Mapping | None, items: dict[str, Value]) -> tuple[Replace, ...] | Refusal:
    if node is None:
        return Refusal(_FREE)
    edits = [add_entry(file.tree, node, key, value) for key, value in items.items() if node.own(key) is None]
    if not edits or any(edit is None for edit in edits):
        return Refusal(_FREE)
    whole = [edit for edit in edits if edit is not None]
    return _replaced(file, TextEdit(whole[0].span, "".join(edit.text for edit in whole)))


def _replaced(file: DocumentFile, edit: TextEdit | None) -> tuple[Replace, ...] | Refusal:
    return (Replace(file.loc(edit.span), edit.text),) if edit is not None else Refusal(_FREE)
