"""What the command line asks of the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from pipesense.engine.report import BuiltFix, FixOffer, NotAnalysed, Reported
from pipesense.model.change import Refusal
from pipesense.text.buffer import TextBuffer
from pipesense.text.encoding import PositionEncoding


class Analysis(Protocol):
    """The part of :class:`~pipesense.engine.workspace.Workspace` that a check uses; its words are meant here too."""

    def open(self, path: str, text: str) -> None: ...

    def change(
        self,
        path: str,
        start: tuple[int, int] | None,
        end: tuple[int, int] | None,
        text: str,
        encoding: PositionEncoding,
    ) -> None: ...

    def reconfigure(self, overrides: Mapping[str, object]) -> tuple[str, ...]: ...

    def analyse(self, path: str) -> None: ...

    def index_all(self, progress: Callable[[int, int], None] | None = None) -> None: ...

    def text(self, path: str) -> TextBuffer | None: ...

    def findings(self, path: str) -> tuple[Reported, ...]: ...

    def configuration_problems(self) -> tuple[tuple[str, int, str], ...]: ...

    def not_analysed(self, path: str) -> tuple[NotAnalysed, ...]: ...

    def statements(self, path: str) -> int: ...

    def paths(self) -> tuple[str, ...]: ...

    def dialect(self, path: str, offset: int) -> tuple[str, str] | None: ...

    def offers(self, reported: Reported) -> tuple[FixOffer, ...]: ...

    def build(self, offer_id: str, path: str) -> BuiltFix | Refusal: ...
