"""Google Cloud Workflows: steps in YAML or JSON (https://cloud.google.com/workflows/docs/reference/syntax)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipesense.model.change import Change, Refusal, Replace
from pipesense.systems.system import DocumentSystem, Lifted
from pipesense.text.regex import regex

if TYPE_CHECKING:
    from pipesense.lang.documents.file import DocumentFile

_CALL: Final = regex(r"""["']?\bcall["']?\s*:\s*["']?(?:http|googleapis|sys|events|experimental)\.""")
_MAIN: Final = regex(r"""^main:|^[ \t]*["']main["']\s*:""", re.M)


def claims(path: str, text: str) -> bool:
    """Whether a file holds steps: a call of the standard library or a connector, or a main part of a file so called."""
    if "StartAt" in text:
        return False
    if ".workflows." in path:
        return True
    if "call" in text and _CALL.search(text) is not None:
        return True
    return "workflow" in path.lower() and "steps" in text and _MAIN.search(text) is not None


def _lift(file: DocumentFile) -> Lifted:
    from pipesense.systems.cloud_workflows.lift import lift

    return lift(file)


def _write(change: Change, file: DocumentFile) -> tuple[Replace, ...] | Refusal:
    from pipesense.systems.cloud_workflows.write import write

    return write(change, file)


SYSTEM: Final = DocumentSystem("cloud_workflows", claims, _lift, _write)
