"""Everything the workspace keeps about one file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipesense.engine.document import Document
from pipesense.engine.judge import Verdicts
from pipesense.engine.linked import Linked
from pipesense.engine.report import NotAnalysed, Reported
from pipesense.model.flow import Pipeline
from pipesense.rule.meta import FileRole

if TYPE_CHECKING:
    from pipesense.lang.python.module import LinkMemo


@dataclass(slots=True, eq=False)
class FileRecord:
    """A file's document and the results of each step of its analysis."""

    path: str
    document: Document
    is_open: bool = False
    role: FileRole = FileRole.PIPELINE
    linked: Linked = field(default_factory=Linked)
    pipelines: tuple[Pipeline, ...] = ()
    """The pipelines, composed."""
    composed: dict[int, tuple[Pipeline, tuple[object, ...], Pipeline]] = field(default_factory=dict)
    memo: LinkMemo | None = None
    verdicts: Verdicts = field(default_factory=Verdicts)
    reported: tuple[Reported, ...] = ()
    not_analysed: tuple[NotAnalysed, ...] = ()
    revision: int = 0
