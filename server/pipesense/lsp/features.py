"""Outline, folding and the colours of embedded SQL, in the protocol's words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lsprotocol import types

from pipesense.engine.features import Symbol, SymbolKind, WordKind
from pipesense.lsp.core import Core
from pipesense.lsp.documents import OpenDocument
from pipesense.text.buffer import TextBuffer
from pipesense.text.encoding import PositionEncoding
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.engine.features import Features

TOKEN_TYPES: Final = [kind.value for kind in WordKind]
LEGEND: Final = types.SemanticTokensLegend(token_types=TOKEN_TYPES, token_modifiers=[])
_NUMBERS: Final = {kind: number for number, kind in enumerate(WordKind)}
_SYMBOLS: Final = {
    SymbolKind.PIPELINE: types.SymbolKind.Module,
    SymbolKind.TASK: types.SymbolKind.Function,
    SymbolKind.STATEMENT: types.SymbolKind.Event,
    SymbolKind.TABLE: types.SymbolKind.Struct,
    SymbolKind.CTE: types.SymbolKind.Interface,
    SymbolKind.COLUMN: types.SymbolKind.Field,
    SymbolKind.MODEL: types.SymbolKind.Class,
    SymbolKind.SOURCE: types.SymbolKind.Namespace,
    SymbolKind.MACRO: types.SymbolKind.Function,
    SymbolKind.EXPOSURE: types.SymbolKind.Interface,
}


@dataclass(frozen=True, slots=True)
class LanguageFeatures:
    """``document`` brings an open document up to date; ``core`` is the engine."""

    document: Callable[[str], OpenDocument | None]
    core: Callable[[], Core]
    encoding: Callable[[], PositionEncoding]
    uri: Callable[[str], str]

    def symbols(self, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        """The outline of a file."""
        found = self._open(params.text_document.uri)
        if found is None:
            return []
        path, buffer = found
        return [self._symbol(each, buffer) for each in self._features.outline(path)]

    def folding(self, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
        """What can be folded away."""
        found = self._open(params.text_document.uri)
        if found is None:
            return []
        path, buffer = found
        spans = self._features.folds(path)
        lines = ((buffer.lines.position(each.start)[0], buffer.lines.position(each.end)[0]) for each in spans)
        return [types.FoldingRange(start_line=first, end_line=last) for first, last in dict.fromkeys(lines)]

    def lenses(self, params: types.CodeLensParams) -> list[types.CodeLens]:
        """Counts above places; they do nothing when clicked, which an empty command says."""
        found = self._open(params.text_document.uri)
        if found is None:
            return []
        path, buffer = found
        edits = self.core().edits
        return [
            types.CodeLens(edits.range(each.span, buffer), types.Command(title=each.text, command=""))
            for each in self._features.lenses(path)
        ]

    def links(self, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
        """What leads to other files."""
        found = self._open(params.text_document.uri)
        if found is None:
            return []
        path, buffer = found
        edits = self.core().edits
        return [
            types.DocumentLink(edits.range(each.span, buffer), self.uri(each.target), each.text)
            for each in self._features.links(path)
        ]

    def tokens(self, params: types.SemanticTokensParams) -> types.SemanticTokens:
        """The colours of all SQL inside the strings of a file."""
        return self._tokens(params.text_document.uri, None)

    def tokens_in(self, params: types.SemanticTokensRangeParams) -> types.SemanticTokens:
        """The colours of the SQL that is on the screen."""
        return self._tokens(params.text_document.uri, params.range)

    @property
    def _features(self) -> Features:
        return self.core().workspace.features

    def _open(self, uri: str) -> tuple[str, TextBuffer] | None:
        document = self.document(uri)
        buffer = self.core().workspace.text(document.path) if document is not None else None
        return (document.path, buffer) if document is not None and buffer is not None else None

    def _symbol(self, symbol: Symbol, buffer: TextBuffer) -> types.DocumentSymbol:
        edits = self.core().edits
        return types.DocumentSymbol(
            name=symbol.name or "(without a name)",
            detail=symbol.detail or None,
            kind=_SYMBOLS[symbol.kind],
            range=edits.range(symbol.span, buffer),
            selection_range=edits.range(symbol.name_span, buffer),
            children=[self._symbol(child, buffer) for child in symbol.children] or None,
        )

    def _tokens(self, uri: str, shown: types.Range | None) -> types.SemanticTokens:
        found = self._open(uri)
        if found is None:
            return types.SemanticTokens(data=[])
        path, buffer = found
        encoding = self.encoding()
        within = None
        if shown is not None:
            start = buffer.lines.client_offset(shown.start.line, shown.start.character, encoding)
            within = Span(start, buffer.lines.client_offset(shown.end.line, shown.end.character, encoding))
        data: list[int] = []
        line = column = 0
        for span, kind in self._features.colours(path, within):
            at, start = buffer.lines.client_position(span.start, encoding)
            _, end = buffer.lines.client_position(span.end, encoding)
            data += (at - line, start - column if at == line else start, end - start, _NUMBERS[kind], 0)
            line, column = at, start
        return types.SemanticTokens(data=data)
