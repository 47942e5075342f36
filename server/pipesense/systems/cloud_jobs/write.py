"""Writes retries and limits into declared jobs, in the format and manner of their file."""

from __future__ import annotations

from typing import Final

from pipesense.lang.documents.edit import Editor
from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.yaml.edit import Value
from pipesense.lang.yaml.nodes import Mapping
from pipesense.model.change import Change, Refusal, Replace, SetRetry, SetTimeout
from pipesense.systems.cloud_jobs.jobs import Job, jobs
from pipesense.systems.cloud_jobs.lift import RETRIES, TIMEOUT
from pipesense.text.edit import TextEdit

_FREE: Final = "There is no certain place for the setting."


def write(change: Change, file: DocumentFile) -> tuple[Replace, ...] | Refusal:
    """The edits of a change, or why there are none."""
    if not isinstance(change, (SetRetry, SetTimeout)):
        return Refusal("A job has no such setting.")
    job = next((each for each in jobs(file) if each.name == change.pipeline.name), None)
    if job is None:
        return Refusal(f"Job {change.pipeline.name} is no longer where it was.")
    wanted = {task.name for task in change.tasks or ((change.task,) if change.task is not None else ())}
    bodies = [task.body for task in job.tasks if task.name in wanted]
    added = [_add(file, body, _entries(change, job)) for body in bodies]
    edits = [edit for edit in added if edit is not None]
    if not edits or len(edits) != len(added):
        return Refusal(_FREE)
    return tuple(Replace(file.loc(edit.span), edit.text) for edit in edits)


def _entries(change: SetRetry | SetTimeout, job: Job) -> dict[str, Value]:
    if isinstance(change, SetTimeout):
        return {TIMEOUT[job.form]: change.hours * (3600 if job.form == "databricks" else 60)}
    found: dict[str, Value] = {RETRIES[job.form]: change.attempts}
    if job.form == "databricks":
        found["min_retry_interval_millis"] = change.delay_minutes * 60_000
    return found


def _add(file: DocumentFile, body: Mapping, entries: dict[str, Value]) -> TextEdit | None:
    return Editor(file.tree, file.language == "json").add(body, entries)
