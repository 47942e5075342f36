"""A YAML or JSON file as systems see it."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.lang.yaml.nodes import Node
from pipesense.lang.yaml.read import YamlFile
from pipesense.model.where import Loc
from pipesense.text.span import Span


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """``language`` is "yaml" or "json"; the whole text is the unit numbered ``unit``."""

    path: str
    language: str
    unit: int
    tree: YamlFile

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
        return Loc(self.path, self.unit, span)
