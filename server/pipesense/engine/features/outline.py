"""A file as a tree of what it defines: pipelines with their tasks, statements with their CTEs and columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pipesense.engine.document import Document
from pipesense.engine.record import FileRecord
from pipesense.model.flow import CallableRun, EmbeddedRun, Pipeline, Task
from pipesense.model.sql import Cte, Script, Statement
from pipesense.text.span import Span


class SymbolKind(Enum):
    """What a symbol is."""

    PIPELINE = "pipeline"
    TASK = "task"
    STATEMENT = "statement"
    TABLE = "table"
    CTE = "cte"
    COLUMN = "column"
    MODEL = "model"
    SOURCE = "source"
    MACRO = "macro"
    EXPOSURE = "exposure"


@dataclass(frozen=True, slots=True)
class Symbol:
    """One node of the outline; spans are offsets of the file, ``span`` holds ``name_span`` and every child."""

    name: str
    detail: str
    kind: SymbolKind
    span: Span
    name_span: Span
    children: tuple[Symbol, ...] = ()


_MOST: Final = 60
"""Characters of a statement's name."""


def outline(record: FileRecord) -> tuple[Symbol, ...]:
    """The symbols of a file, in the order of its text."""
    document = record.document
    run: set[int] = set()
    found: list[Symbol] = []
    for pipeline in record.pipelines:
        found += _pipeline(record, pipeline, run)
    for number, script in record.linked.scripts.items():
        if number not in run:
            found += _statements(document, script)
    return tuple(sorted(found, key=lambda symbol: symbol.span))


def folds(record: FileRecord) -> tuple[Span, ...]:
    """Ranges of SQL that can be folded away: statements, CTEs and subqueries, each over more than one line."""
    document = record.document
    spans: set[Span] = set()
    for script in record.linked.scripts.values():
        for statement in script.statements:
            spans.update(_placed(document, statement, [statement.facts.span, *_query_spans(statement)]))
    lines = document.buffer.lines
    return tuple(sorted(span for span in spans if lines.position(span.start)[0] < lines.position(span.end)[0]))


def _query_spans(statement: Statement) -> Iterator[Span]:
    return (block.span for block in statement.facts.blocks if block.depth)


def _placed(document: Document, statement: Statement, spans: Iterable[Span]) -> Iterator[Span]:
    return (place for span in spans if (place := document.file_span(statement.at(span))) is not None)


def _pipeline(record: FileRecord, pipeline: Pipeline, run: set[int]) -> Iterator[Symbol]:
    name = record.document.file_span(pipeline.loc)
    if name is None or pipeline.loc.file != record.path:
        return
    tasks = tuple(symbol for task in pipeline.tasks for symbol in _task(record, task, run))
    yield Symbol(
        pipeline.name, pipeline.noun, SymbolKind.PIPELINE, _hull(name, tasks), name, tuple(sorted(tasks, key=_by_place))
    )


def _task(record: FileRecord, task: Task, run: set[int]) -> Iterator[Symbol]:
    document = record.document
    name, whole = document.file_span(task.loc), document.file_span(task.whole)
    if name is None or whole is None or task.loc.file != record.path:
        return
    children: list[Symbol] = []
    for each in _texts(record, task):
        script = record.linked.scripts.get(each.unit)
        if script is None or each.unit in run:
            continue
        inside = [symbol for symbol in _statements(document, script) if whole.start <= symbol.span.start < whole.end]
        if inside:
            run.add(each.unit)
            children += inside
    yield Symbol(task.name, task.kind, SymbolKind.TASK, _hull(whole, (*children,), name), name, tuple(children))


def _texts(record: FileRecord, task: Task) -> Iterator[EmbeddedRun]:
    """The SQL of this file that a task runs, by itself or in its function."""
    linked = record.linked
    for run in task.runs:
        if isinstance(run, EmbeddedRun):
            yield run
        elif isinstance(run, CallableRun):
            effects = linked.effects.get(run.scope)
            for scope in effects.reached if effects is not None else ():
                yield from (script for code in linked.code.get(scope, ()) for script in code.scripts)


def _statements(document: Document, script: Script) -> Iterator[Symbol]:
    for statement in script.statements:
        symbol = _statement(document, statement)
        if symbol is not None:
            yield symbol


def _statement(document: Document, statement: Statement) -> Symbol | None:
    facts = statement.facts
    span = document.file_span(statement.at(facts.span))
    if span is None or facts.error or facts.kind == "macro":
        return None
    children: list[Symbol] = []
    if facts.table is not None:
        for column in facts.table.columns:
            children += _symbol(document, statement, column.name, column.type, SymbolKind.COLUMN, column.name_span)
        place = document.file_span(statement.at(facts.table.name_span)) or span
        name = ".".join(facts.table.parts)
        return Symbol(name, facts.table.kind, SymbolKind.TABLE, _hull(span, children), place, tuple(children))
    for cte in _ctes(statement):
        whole = document.file_span(statement.at(cte.span))
        name_span = document.file_span(statement.at(cte.name_span))
        if whole is not None and name_span is not None:
            children.append(Symbol(cte.name, "", SymbolKind.CTE, whole, name_span))
    place = span
    if facts.write is not None:
        place = document.file_span(statement.at(facts.write.target_span)) or span
    name = _named(statement)
    return Symbol(name, facts.dialect, SymbolKind.STATEMENT, _hull(span, children, place), place, tuple(children))


def _ctes(statement: Statement) -> Iterator[Cte]:
    write = statement.facts.write
    yield from write.ctes if write is not None else ()
    for block in statement.facts.blocks:
        yield from block.ctes


def _symbol(
    document: Document, statement: Statement, name: str, detail: str, kind: SymbolKind, span: Span
) -> Iterator[Symbol]:
    place = document.file_span(statement.at(span))
    if place is not None and name:
        yield Symbol(name, detail, kind, place, place)


def _named(statement: Statement) -> str:
    facts = statement.facts
    word = facts.kind.upper() or "SQL"
    if facts.write is not None and facts.write.target:
        return f"{word} {'.'.join(facts.write.target)}"[:_MOST]
    tables = list(dict.fromkeys(parts[-1] for parts, _ in facts.reads if parts))
    if tables:
        return f"{word} from {', '.join(tables)}"[:_MOST]
    return word


def _hull(span: Span, children: Iterable[Symbol], also: Span | None = None) -> Span:
    spans = [span, *(child.span for child in children), *([also] if also is not None else [])]
    return Span(min(each.start for each in spans), max(each.end for each in spans))


def _by_place(symbol: Symbol) -> Span:
    return symbol.span
