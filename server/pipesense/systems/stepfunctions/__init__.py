"""AWS Step Functions: state machines in the Amazon States Language (https://states-language.net/spec.html)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipesense.model.change import Change, Refusal, Replace
from pipesense.systems.system import DocumentSystem, Lifted

if TYPE_CHECKING:
    from pipesense.lang.documents.file import DocumentFile


def claims(path: str, text: str) -> bool:
    """Whether a file defines states: both words stand in every definition, and hardly together anywhere else.

    A template that names the file of a definition says how it is run; so does a configuration of the Serverless
    Framework.
    """
    if ("StartAt" in text and "States" in text) or "DefinitionUri" in text:
        return True
    return "stateMachines" in text and "${file(" in text


def _lift(file: DocumentFile) -> Lifted:
    from pipesense.systems.stepfunctions.lift import lift

    return lift(file)


def _write(change: Change, file: DocumentFile) -> tuple[Replace, ...] | Refusal:
    from pipesense.systems.stepfunctions.write import write

    return write(change, file)


SYSTEM: Final = DocumentSystem("stepfunctions", claims, _lift, _write)
