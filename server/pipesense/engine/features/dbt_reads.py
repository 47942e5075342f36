"""Columns that a model's query reads from other models, sources and seeds: whose they are, and where they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.engine.features.dbt_columns import ColumnRenamer, called
from pipesense.engine.features.dbt_holders import nodes, tables, values
from pipesense.engine.record import FileRecord
from pipesense.engine.relations import Answers, Lookup
from pipesense.lang.jinja.references import Reference, reference
from pipesense.lang.sql.bind import Binder
from pipesense.lang.sql.names import parts_of
from pipesense.lang.sql.passed_on import Made, Taken, origin, origin_of_output
from pipesense.lang.sql.shape import root_block
from pipesense.model.data import Relation
from pipesense.model.dbt import DbtEntry, DbtNode
from pipesense.model.sql import ColumnUse, Statement
from pipesense.model.where import Loc
from pipesense.text.span import Span

_DEEPEST: Final = 30
"""Models of several files that are followed through stars."""


@dataclass(frozen=True, slots=True)
class Read:
    """A column that is read: of what, its name in lower case, its own place in the file.

    ``passed_on``: it is an item of a SELECT list without an alias, so that the query gives a column of that name too.
    """

    of: Reference
    name: str
    span: Span
    passed_on: bool


@dataclass(frozen=True, slots=True)
class ColumnReads:
    """``seed`` gives the columns of a seed's file, ``folder`` the project of a file; ``place`` a place's range now."""

    record_of: Callable[[str], FileRecord | None]
    lookup: Lookup
    answers: Callable[[Lookup], Answers]
    place: Callable[[Loc], tuple[str, Span] | None]
    seed: Callable[[str, str], Relation | None]
    folder: Callable[[str], str]
    renamer: ColumnRenamer

    def at(self, record: FileRecord, offset: int) -> Read | None:
        """The column at an offset, if dbt's name for a table leads to it."""
        own = record.document.unit_at(offset) if record.document.language == "sql" else None
        if own is None:
            return None
        unit, inside = own
        for statement in self._statements(record):
            if statement.loc.unit == unit.id:
                for use in statement.facts.columns:
                    if use.span.start <= inside <= use.span.end:
                        return self._read(record, statement, use, inside)
        return None

    def given(self, record: FileRecord, offset: int) -> tuple[str, Span] | None:
        """The column, of those that a model's query gives, that a name inside of the query makes or means."""
        own = record.document.unit_at(offset) if record.document.language == "sql" else None
        for statement in self._statements(record) if own is not None else ():
            root = root_block(statement.facts)
            if own is None or root is None or statement.loc.unit != own[0].id:
                continue
            binder = self.answers(self.lookup).of(statement)[0]
            found = self._meant(statement, binder, own[0].text, own[1])
            if found is None:
                continue
            made, at = found
            for column in binder.outputs(root).columns:
                if made.is_same(origin_of_output(binder, root, column.name)):
                    span = record.document.file_span(statement.at(at))
                    return (column.name.casefold(), span) if span is not None else None
        return None

    @staticmethod
    def _meant(statement: Statement, binder: Binder, text: str, inside: int) -> tuple[Made, Span] | None:
        """The item that makes the column at an offset, and that name's own place."""
        for block in statement.facts.blocks:
            for item, output in enumerate(block.outputs):
                alias = output.name_span
                if alias is not None and alias.start <= inside <= alias.end:
                    return Made(block, item), alias
        for use in statement.facts.columns:
            if use.span.start <= inside <= use.span.end:
                parts = parts_of(text, use.span, len(use.path))
                found = origin(binder, use) if parts and parts[-1].start <= inside else None
                return (found, parts[-1]) if parts and isinstance(found, Made) else None
        return None

    def every(self, record: FileRecord, of: Reference, name: str) -> Iterator[Span]:
        """The places of a file that read a column."""
        for statement in self._statements(record):
            for use in statement.facts.columns:
                if use.path[-1].casefold() == name and use.span.end >= 0:
                    read = self._read(record, statement, use)
                    if read is not None and _key(read.of) == _key(of):
                        yield read.span

    def made(self, folder: str, of: Reference, name: str) -> Iterator[tuple[str, Span]]:
        """Where a column is made: in the query of its model, the header of its seed, or the YAML that lists it.

        Where nobody says so, the table's own place: what makes it may have columns that cannot be read. Several, where
        several files define a model of that name.
        """
        found = list(self._made(folder, self.maker(folder, of, name) if of.kind == "ref" else of, name))
        if not found and of.kind == "ref":
            listed = [self._listed(node, name) for node in nodes(self.lookup, folder, of.name.lower(), of.group)]
            found = [each for each in listed if each is not None]
        yield from found

    def _made(self, folder: str, of: Reference, name: str, depth: int = 0) -> Iterator[tuple[str, Span]]:
        if of.kind == "source":
            found = self._of_source(folder, of, name)
            yield from (found,) if found is not None else ()
            return
        for node in nodes(self.lookup, folder, of.name.lower(), of.group):
            here = self._of_node(node, name)
            if isinstance(here, Reference):
                yield from self._made(node.folder, here, name, depth + 1) if depth < _DEEPEST else ()
            elif here is not None:
                yield here

    def maker(self, folder: str, of: Reference, name: str) -> Reference:
        """The node or source that a column comes from, through the stars of models in between."""
        passed = {of}
        while of.kind == "ref":
            found = nodes(self.lookup, folder, of.name.lower(), of.group)
            here = self._of_node(found[0], name) if len(found) == 1 and found[0].folder == folder else None
            if not isinstance(here, Reference) or here in passed:
                break
            passed.add(here)
            of = here
        return of

    def _of_node(self, node: DbtNode, name: str) -> tuple[str, Span] | Reference | None:
        """Where the node makes the column, or what it takes it from by a star."""
        if node.kind == "seed":
            relation = self.seed(node.folder, node.name)
            header = relation.columns if relation is not None else ()
            at = next((each.loc.span for each in header if each.name.casefold() == name), None)
            return (node.path, at) if at is not None else self._listed(node, name)
        if node.language == "yaml" and node.references:
            listed = self._listed(node, name)
            of = node.references[0]
            return listed or (Reference(of.kind, of.group, of.name) if of.names else self.place(node.at))
        made = self.renamer.made(node, name)
        if isinstance(made, str):
            through = reference(made)
            return through or self._listed(node, name) or self._start(node)
        if made is not None:
            return made
        return self._listed(node, name) or (self._start(node) if self.renamer.may_have(node, name) else None)

    def _listed(self, node: DbtNode, name: str) -> tuple[str, Span] | None:
        """The column in the node's YAML entry."""
        for entry in values(self.lookup, ("dbt-entry", node.folder, node.kind, node.name.lower())):
            for column in entry.columns if isinstance(entry, DbtEntry) else ():
                if column.name.casefold() == name:
                    return self.place(column.at)
        return None

    def _of_source(self, folder: str, of: Reference, name: str) -> tuple[str, Span] | None:
        found = tables(self.lookup, folder, of.group, of.name)
        if len(found) != 1:
            return None
        column = next((each for each in found[0].entry.columns if each.name.casefold() == name), None)
        return self.place(column.at if column is not None else found[0].at)

    @staticmethod
    def _start(node: DbtNode) -> tuple[str, Span]:
        return node.path, Span(0, 0)

    def _read(self, record: FileRecord, statement: Statement, use: ColumnUse, inside: int | None = None) -> Read | None:
        """The column that a use means; its place is the name alone, which must hold ``inside``."""
        unit = record.document.unit(statement.loc.unit)
        parts = parts_of(unit.text, use.span, len(use.path)) if unit is not None else None
        last = parts[-1] if parts else None
        if last is None or (inside is not None and not last.start <= inside <= last.end):
            return None
        binder = self.answers(self.lookup).of(statement)[0]
        found = origin(binder, use)
        if not isinstance(found, Taken):
            return None
        of = called(found.source)
        span = record.document.file_span(statement.at(last))
        if of is None or span is None or not record.document.is_verbatim(statement.at(last)):
            return None
        passed_on = any(
            output.expr.span == use.span and not output.aliased
            for block in statement.facts.blocks
            for output in block.outputs
        )
        of = self.maker(self.folder(record.path), of, found.name.casefold())
        return Read(of, found.name.casefold(), span, passed_on)

    @staticmethod
    def _statements(record: FileRecord) -> Iterator[Statement]:
        for script in record.linked.scripts.values():
            yield from script.statements


def _key(of: Reference) -> tuple[str, str, str]:
    return of.kind, of.group if of.kind == "source" else "", of.name.lower()
