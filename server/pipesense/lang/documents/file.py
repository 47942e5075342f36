"""A YAML or JSON file as systems see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from pipesense.lang.documents.part import Part, Parts
from pipesense.lang.yaml.nodes import Node
from pipesense.lang.yaml.read import YamlFile
from pipesense.model.where import Loc
from pipesense.text.span import Span

Ask: TypeAlias = Callable[[str, str], tuple[object, ...]]
"""``ask(kind, name)``: what the workspace's documents tell under a kind and a name, this one's own included."""


def _nobody(kind: str, name: str) -> tuple[object, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """``language`` is "yaml" or "json"; the whole text is the unit numbered ``unit``."""

    path: str
    language: str
    unit: int
    tree: YamlFile
    ask: Ask = _nobody
    parts: Parts | None = None
    """Those of a large file: what stands in one has its place there."""

    @property
    def text(self) -> str:
        """The text."""
        return self.tree.text

    @property
    def roots(self) -> tuple[Node, ...]:
        """The documents in it: one, but YAML may hold several."""
        return self.tree.documents

    @property
    def name(self) -> str:
        """The file's name up to its first dot."""
        return self.path.rpartition("/")[2].partition(".")[0]

    def loc(self, span: Span) -> Loc:
        """A place of the text."""
        found = self.parts.at(span) if self.parts is not None else None
        if found is None:
            return Loc(self.path, self.unit, span)
        part, base = found
        return Loc(self.path, part.id, span.shift(-base))

    def alone(self, part: Part) -> DocumentFile:
        """One part as a file of its own, with the same places."""
        return DocumentFile(self.path, self.language, part.id, part.tree, self.ask)
