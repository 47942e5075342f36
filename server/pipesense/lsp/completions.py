"""Completion, in the protocol's words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lsprotocol import types

from pipesense.lsp.core import Core
from pipesense.lsp.documents import OpenDocument
from pipesense.text.encoding import PositionEncoding

if TYPE_CHECKING:
    from pipesense.engine.features.completion import Item

_KINDS: Final = {
    "column": types.CompletionItemKind.Field,
    "output": types.CompletionItemKind.Field,
    "alias": types.CompletionItemKind.Variable,
    "table": types.CompletionItemKind.Class,
    "cte": types.CompletionItemKind.Interface,
    "model": types.CompletionItemKind.File,
    "condition": types.CompletionItemKind.Operator,
    "columns": types.CompletionItemKind.Value,
    "keyword": types.CompletionItemKind.Keyword,
    "state": types.CompletionItemKind.EnumMember,
    "macro": types.CompletionItemKind.Function,
    "setting": types.CompletionItemKind.Property,
    "value": types.CompletionItemKind.EnumMember,
    "test": types.CompletionItemKind.Function,
}


@dataclass(frozen=True, slots=True)
class Completions:
    """``document`` brings an open document up to date; ``core`` is the engine."""

    document: Callable[[str], OpenDocument | None]
    core: Callable[[], Core]
    encoding: Callable[[], PositionEncoding]

    def asked(self, params: types.CompletionParams) -> types.CompletionList:
        """What may stand at the cursor; the client filters by what is typed, so the list is whole."""
        document = self.document(params.text_document.uri)
        workspace = self.core().workspace
        buffer = workspace.text(document.path) if document is not None else None
        if document is None or buffer is None:
            return types.CompletionList(is_incomplete=False, items=[])
        place = params.position
        offset = buffer.lines.client_offset(place.line, place.character, self.encoding())
        found = workspace.features.complete(document.path, offset)
        ranges = {item.span: self.core().edits.range(item.span, buffer) for item in found}
        items = [self._item(item, number, ranges[item.span]) for number, item in enumerate(found)]
        return types.CompletionList(is_incomplete=False, items=items)

    @staticmethod
    def _item(item: Item, number: int, place: types.Range) -> types.CompletionItem:
        return types.CompletionItem(
            label=item.label,
            kind=_KINDS[item.kind.value],
            detail=item.detail or None,
            sort_text=f"{number:04}",
            filter_text=item.filter or None,
            text_edit=types.TextEdit(place, item.insert),
        )
