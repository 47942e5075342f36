"""Jobs of a cloud that are declared in YAML or JSON: those of Databricks' bundles, and AWS Glue's in templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipesense.model.change import Change, Refusal, Replace
from pipesense.systems.system import DocumentSystem, Lifted

if TYPE_CHECKING:
    from pipesense.lang.documents.file import DocumentFile


def claims(path: str, text: str) -> bool:
    """Whether a file declares jobs, by words that stand in every such file."""
    return "AWS::Glue::Job" in text or "task_key" in text or ('"aws_glue_job"' in text and path.endswith(".tf.json"))


def _lift(file: DocumentFile) -> Lifted:
    from pipesense.systems.cloud_jobs.lift import lift

    return lift(file)


def _write(change: Change, file: DocumentFile) -> tuple[Replace, ...] | Refusal:
    from pipesense.systems.cloud_jobs.write import write

    return write(change, file)


SYSTEM: Final = DocumentSystem("cloud_jobs", claims, _lift, _write)
