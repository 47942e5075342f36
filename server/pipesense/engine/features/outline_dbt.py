"""What a file of a dbt project describes, as a tree: models, sources and their tables with columns; macros."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.engine.document import Document
from pipesense.engine.features.outline import Symbol, SymbolKind
from pipesense.engine.record import FileRecord
from pipesense.model.dbt import DbtColumn, DbtFile, DbtProperties
from pipesense.model.where import Loc
from pipesense.text.span import Span


def outline_of_dbt(record: FileRecord) -> tuple[Symbol, ...]:
    """The symbols of a file of a project, in the order of its text."""
    document = record.document
    found: list[Symbol] = []
    for fact in record.linked.facts:
        if isinstance(fact, DbtProperties):
            found += _described(document, fact)
        elif isinstance(fact, DbtFile):
            for macro in fact.macros:
                found += _symbol(
                    document, macro.name, macro.kind, SymbolKind.MACRO, macro.at, _unit(document, macro.at)
                )
    return tuple(sorted(found, key=lambda symbol: symbol.span))


def _described(document: Document, fact: DbtProperties) -> Iterator[Symbol]:
    for entry in fact.entries:
        kind = SymbolKind.MACRO if entry.kind == "macro" else SymbolKind.MODEL
        yield from _symbol(
            document, entry.name, entry.kind, kind, entry.at, entry.body, _columns(document, entry.columns)
        )
    for source in fact.sources:
        tables: list[Symbol] = []
        for table in source.tables:
            columns = _columns(document, table.entry.columns)
            tables += _symbol(document, table.name, "table", SymbolKind.TABLE, table.at, table.entry.body, columns)
        yield from _symbol(document, source.name, "source", SymbolKind.SOURCE, source.at, source.body, tuple(tables))
    for exposure in fact.exposures:
        yield from _symbol(document, exposure.name, "exposure", SymbolKind.EXPOSURE, exposure.at, exposure.body)
    for test in fact.unit_tests:
        yield from _symbol(document, test.name, "unit test", SymbolKind.EXPOSURE, test.at, test.at)


def _columns(document: Document, columns: tuple[DbtColumn, ...]) -> tuple[Symbol, ...]:
    return tuple(
        symbol
        for each in columns
        for symbol in _symbol(document, each.name, each.data_type, SymbolKind.COLUMN, each.at, each.body)
    )


def _symbol(
    document: Document,
    name: str,
    detail: str,
    kind: SymbolKind,
    at: Loc,
    whole: Loc,
    children: tuple[Symbol, ...] = (),
) -> Iterator[Symbol]:
    place, around = document.file_span(at), document.file_span(whole)
    if place is None or around is None or not name:
        return
    spans = [place, around, *(child.span for child in children)]
    hull = Span(min(each.start for each in spans), max(each.end for each in spans))
    yield Symbol(name, detail, kind, hull, place, children)


def _unit(document: Document, at: Loc) -> Loc:
    """All of the unit that holds a place, without the blanks around it."""
    unit = document.unit(at.unit)
    if unit is None:
        return at
    text = unit.text.rstrip()
    return at.at(Span(len(text) - len(text.lstrip()), len(text)))
