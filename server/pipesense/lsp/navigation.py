"""Definition, references, highlights and rename of names, in the protocol's words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lsprotocol import types

from pipesense.lsp.core import Core
from pipesense.lsp.documents import OpenDocument
from pipesense.lsp.protocol import failed
from pipesense.model.change import Refusal
from pipesense.text.buffer import TextBuffer
from pipesense.text.encoding import PositionEncoding

if TYPE_CHECKING:
    from pipesense.engine.features import AnyNames
    from pipesense.engine.features.names import Place


class _Params(Protocol):
    """What all these requests have."""

    text_document: types.TextDocumentIdentifier
    position: types.Position


@dataclass(frozen=True, slots=True)
class Navigation:
    """``document`` brings an open document up to date; ``uri`` is a path as the client writes it."""

    document: Callable[[str], OpenDocument | None]
    core: Callable[[], Core]
    encoding: Callable[[], PositionEncoding]
    uri: Callable[[str], str]

    def definition(self, params: types.DefinitionParams) -> list[types.Location]:
        """Where the name under the cursor is made."""
        found = self._at(params)
        return self._locations(self._names(*found[:2]).definition(*found[:2])) if found is not None else []

    def references(self, params: types.ReferenceParams) -> list[types.Location]:
        """Where the name under the cursor is written."""
        found = self._at(params)
        if found is None:
            return []
        places = self._names(*found[:2]).references(*found[:2])
        if not params.context.include_declaration:
            made = set(self._names(*found[:2]).definition(*found[:2]))
            places = tuple(each for each in places if each not in made)
        return self._locations(places)

    def highlights(self, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
        """The same name in the same statement."""
        found = self._at(params)
        if found is None:
            return []
        path, offset, buffer = found
        edits = self.core().edits
        found_at = self._names(path, offset).highlights(path, offset)
        return [types.DocumentHighlight(edits.range(each, buffer)) for each in found_at]

    def prepare_rename(self, params: types.PrepareRenameParams) -> types.Range | None:
        """The range that a rename starts from; where there is no name at all, nothing."""
        found = self._at(params)
        if found is None:
            return None
        path, offset, buffer = found
        answer = self._names(path, offset).renamed(path, offset)
        if isinstance(answer, Refusal):
            raise failed(_sentence(answer))
        return self.core().edits.range(answer, buffer)

    def rename(self, params: types.RenameParams) -> types.WorkspaceEdit | None:
        """The edits of a rename."""
        found = self._at(params)
        if found is None:
            return None
        path, offset, _ = found
        names = self._names(path, offset)
        answer = names.rename(path, offset, params.new_name)
        if isinstance(answer, Refusal):
            raise failed(_sentence(answer))
        moves = names.moved(path, offset, params.new_name)
        if moves and not self.core().edits.profile.rename_files:
            old = next(iter(moves)).rpartition("/")[2]
            raise failed(_sentence(Refusal(f"its file {old} must get the new name too, which this editor cannot do")))
        edits = self.core().edits
        unsure = names.unsure(path, offset, params.new_name) if edits.profile.annotations else {}
        return edits.renaming(answer, unsure, moves)

    def _names(self, path: str, offset: int) -> AnyNames:
        return self.core().workspace.features.names_of(path, offset)

    def _at(self, params: _Params) -> tuple[str, int, TextBuffer] | None:
        document = self.document(params.text_document.uri)
        buffer = self.core().workspace.text(document.path) if document is not None else None
        if document is None or buffer is None:
            return None
        place = params.position
        return document.path, buffer.lines.client_offset(place.line, place.character, self.encoding()), buffer

    def _locations(self, places: Iterable[Place]) -> list[types.Location]:
        core = self.core()
        found: list[types.Location] = []
        for place in places:
            buffer = core.workspace.text(place.path)
            if buffer is not None:
                found.append(types.Location(self.uri(place.path), core.edits.range(place.span, buffer)))
        return found


def _sentence(refusal: Refusal) -> str:
    return f"This cannot be renamed: {refusal.why}."
