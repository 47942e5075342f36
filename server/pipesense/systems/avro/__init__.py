"""Apache Avro: schema files (``.avsc``), https://avro.apache.org/docs/1.12.0/specification/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipesense.model.change import Change, Refusal, Replace
from pipesense.systems.system import DocumentSystem, Lifted

if TYPE_CHECKING:
    from pipesense.lang.documents.file import DocumentFile


def claims(path: str, text: str) -> bool:
    """Whether a file is a schema: its name says so."""
    return path.endswith(".avsc")


def _lift(file: DocumentFile) -> Lifted:
    from pipesense.systems.avro.lift import lift

    return lift(file)


def _write(change: Change, file: DocumentFile) -> tuple[Replace, ...] | Refusal:
    from pipesense.systems.avro.write import write

    return write(change, file)


SYSTEM: Final = DocumentSystem("avro", claims, _lift, _write)
