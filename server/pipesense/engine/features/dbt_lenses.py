"""What stands above the models of a dbt project: how many tests they have, who they read and who reads them; links."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipesense.engine.dbt_view import ProjectView
from pipesense.engine.features.dbt_names import DbtNames
from pipesense.engine.record import FileRecord
from pipesense.engine.relations import Answers, Lookup
from pipesense.model.dbt import DbtEntry, DbtFile, DbtNode, DbtProperties, DbtTable
from pipesense.model.flow import SqlFileRun
from pipesense.model.where import Loc
from pipesense.text.span import Span


@dataclass(frozen=True, slots=True)
class Lens:
    """A line of text above a place."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A stretch of a file that leads to another file."""

    span: Span
    target: str
    text: str


@dataclass(frozen=True, slots=True)
class DbtLenses:
    """``names`` finds what is mentioned. Nothing but look-ups: no query's columns are worked out."""

    record_of: Callable[[str], FileRecord | None]
    lookup: Lookup
    names: DbtNames
    answers: Callable[[Lookup], Answers]

    def lenses(self, path: str) -> tuple[Lens, ...]:
        """The counts above each model, seed, snapshot and source's table that a file defines or describes."""
        record = self.record_of(path)
        return tuple(self._lenses(record)) if record is not None else ()

    def links(self, path: str) -> tuple[Link, ...]:
        """The models and documentation blocks that a file names, where one file alone defines them."""
        record = self.record_of(path)
        if record is None:
            return ()
        found: dict[Link, None] = {}
        for symbol, span in self.names.mentioned(record):
            if symbol.kind in ("node", "doc"):
                targets = {place.path for place in self.names.made(symbol)}
                if len(targets) == 1 and path not in targets:
                    word = "Documentation" if symbol.kind == "doc" else "Model"
                    found[Link(span, targets.pop(), f"{word} {symbol.name}")] = None
        return tuple(found)

    def _lenses(self, record: FileRecord) -> Iterator[Lens]:
        for fact in record.linked.facts:
            if isinstance(fact, DbtFile):
                view = self._view(fact.folder)
                for node in fact.nodes:
                    if node.kind in ("model", "snapshot"):
                        yield from self._at(record, node.at, _of_node(view, node))
            elif isinstance(fact, DbtProperties):
                view = self._view(fact.folder)
                for entry in fact.entries:
                    nodes = view.nodes(entry.name) if entry.kind in ("model", "seed", "snapshot") else ()
                    if len(nodes) == 1:
                        yield from self._at(record, entry.at, _of_node(view, nodes[0]))
                for source in fact.sources:
                    for table in source.tables:
                        yield from self._at(record, table.at, _of_table(view, table))

    def _at(self, record: FileRecord, loc: Loc, text: str) -> Iterator[Lens]:
        span = record.document.file_span(loc)
        if span is not None:
            yield Lens(span, text)

    def _view(self, folder: str) -> ProjectView:
        return ProjectView(folder, self.lookup, lambda key: None, lambda: (self.answers(self.lookup).relations, set()))


def scripts(record: FileRecord, lookup: Lookup) -> Iterator[Link]:
    """The SQL files that the tasks of a file run, where they are named."""
    for pipeline in record.pipelines:
        for task in pipeline.tasks:
            for run in task.runs:
                if not isinstance(run, SqlFileRun):
                    continue
                span = record.document.file_span(run.loc)
                known = next((each for each in run.candidates if lookup.get(("file", each))), None)
                if span is not None and known is not None:
                    yield Link(span, known, f"SQL of {task.name}")


def _of_node(view: ProjectView, node: DbtNode) -> str:
    upstream = {each.names for each in node.references if each.names}
    tests = [test for entry in view.entries(node) for test in entry.all_tests()]
    exposures = {each.name for each in view.exposed_by(node)}
    parts = [
        f"{len(upstream)} upstream",
        f"{len(view.children(node))} downstream",
        _count(len(tests) + len(view.singular_tests(node.name)), "test"),
    ]
    if exposures:
        parts.append(_count(len(exposures), "exposure"))
    return " · ".join(parts)


def _of_table(view: ProjectView, table: DbtTable) -> str:
    entry: DbtEntry = table.entry
    return f"{len(view.table_uses(table))} downstream · {_count(len(entry.all_tests()), 'test')}"


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"
