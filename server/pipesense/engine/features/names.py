"""Where a name of SQL is defined, where else it is written, and how it is renamed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pipesense.engine.record import FileRecord
from pipesense.engine.relations import Answers, Lookup, Relations
from pipesense.lang.sql.name_conflicts import is_taken
from pipesense.lang.sql.names import Bind, NameKind, Occurrence, at, fold, occurrences, reach
from pipesense.model.change import Refusal
from pipesense.model.columns import Found
from pipesense.model.data import Confidence, DatasetName, Relation
from pipesense.model.sql import ColumnUse, Source, Statement
from pipesense.model.value import Known
from pipesense.model.where import Loc
from pipesense.rule.context import DatasetUse
from pipesense.text.edit import TextEdit
from pipesense.text.regex import regex
from pipesense.text.span import Span

_WORD: Final = regex(r"[^\W\d]\w*")
_QUOTES: Final = {'"': '"', "`": "`", "[": "]"}
_SURE: Final = (Confidence.EXACT, Confidence.TWO_PARTS)


@dataclass(frozen=True, slots=True)
class Place:
    """A range of a file, in offsets of its text."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class _Found:
    """An occurrence in its statement."""

    record: FileRecord
    statement: Statement
    text: str
    every: tuple[Occurrence, ...]
    here: Occurrence


@dataclass(frozen=True, slots=True)
class Names:
    """``record_of`` gives a file with all its facts; ``place`` a place's range in its file now."""

    record_of: Callable[[str], FileRecord | None]
    lookup: Lookup
    place: Callable[[Loc], tuple[str, Span] | None]
    answers: Callable[[Lookup], Answers]

    def definition(self, path: str, offset: int) -> tuple[Place, ...]:
        """Where the name at an offset is made: the CTE, the alias, the column, the table's CREATE."""
        found = self._at(path, offset)
        if found is None:
            return ()
        symbol = found.here.symbol
        if symbol.kind is NameKind.TABLE:
            parts = tuple(symbol.name.split("."))
            return tuple(self._places(each.loc for each in self._relations(parts) or self._built(parts)))
        if symbol.place < 0:
            columns = (
                column.loc
                for relation in self._relations(found.here.source)
                for column in relation.columns
                if fold(column.name) == symbol.name
            )
            return tuple(self._places(columns))
        return tuple(self._own(found, lambda each: each.symbol == symbol and each.defines))

    def references(self, path: str, offset: int) -> tuple[Place, ...]:
        """Every place where the name at an offset is written, the definition included."""
        found = self._at(path, offset)
        if found is None:
            return ()
        symbol = found.here.symbol
        if symbol.kind is NameKind.TABLE:
            return self._table_places(tuple(symbol.name.split(".")))
        if symbol.place < 0:
            return self._column_places(found)
        return tuple(self._own(found, lambda each: each.symbol == symbol))

    def highlights(self, path: str, offset: int) -> tuple[Span, ...]:
        """The places of the same statement alone."""
        found = self._at(path, offset)
        if found is None:
            return ()
        here = found.here
        same = self._own(
            found, lambda each: each.symbol == here.symbol and (here.symbol.place >= 0 or each.source == here.source)
        )
        return tuple(place.span for place in same)

    def renamed(self, path: str, offset: int) -> Span | Refusal:
        """The range of the name that a rename would start from, or why it cannot be renamed."""
        found = self._at(path, offset)
        if found is None:
            return Refusal("no name that is known here stands at this place")
        refused = self._refused(found)
        if refused is not None:
            return refused
        place = found.record.document.file_span(found.statement.at(found.here.span))
        return place if place is not None else Refusal("the place is gone")

    def rename(self, path: str, offset: int, name: str) -> Mapping[str, tuple[TextEdit, ...]] | Refusal:
        """The edits that give the name at an offset another one, everywhere it is meant."""
        if _WORD.fullmatch(name) is None:
            return Refusal(f"`{name}` cannot be written as a name without quotes: use letters, digits and _")
        found = self._at(path, offset)
        if found is None:
            return Refusal("no name that is known here stands at this place")
        refused = self._refused(found) or self._taken(found, name)
        if refused is not None:
            return refused
        edits: dict[str, list[TextEdit]] = {}
        for place in dict.fromkeys(self.references(path, offset)):
            record = self.record_of(place.path)
            if record is None:
                continue
            span = _last_part(record.document.text, place.span)
            written = span.of(record.document.text)
            if fold(written) != fold(found.here.span.of(found.text)):
                file = place.path.rpartition("/")[2]
                return Refusal(f"in {file} the name is put together from parts, so it cannot be changed there")
            edits.setdefault(place.path, []).append(TextEdit(span, _as_written(written, name)))
        return {file: tuple(sorted(each, key=lambda edit: edit.span)) for file, each in edits.items()}

    def moved(self, path: str, offset: int, name: str) -> Mapping[str, str]:
        """No file is called like a name of this kind."""
        return {}

    def unsure(self, path: str, offset: int, name: str) -> Mapping[str, tuple[TextEdit, ...]]:
        """Further edits of a rename that somebody has to confirm: none, nothing is guessed."""
        return {}

    # --- finding ---------------------------------------------------------------------------------

    def _at(self, path: str, offset: int) -> _Found | None:
        record = self.record_of(path)
        if record is None:
            return None
        document = record.document
        embedded = document.embedded_at(offset)
        if embedded is not None:
            unit, inside = embedded[0].unit, embedded[1]
        else:
            own = document.unit_at(offset)
            if own is None or document.language != "sql":
                return None
            unit, inside = own
        for statement in _statements(record):
            if statement.loc.unit == unit.id:
                every = occurrences(statement.facts, unit.text, self._bind(statement))
                here = at(every, inside)
                return _Found(record, statement, unit.text, every, here) if here is not None else None
        return None

    def _bind(self, statement: Statement) -> Bind:
        """What is known of a statement's columns beyond its own words."""

        def source(use: ColumnUse) -> Source | None:
            binder, _ = answers.of(statement)
            bound = binder.bind(use)
            return bound.source if isinstance(bound, Found) else None

        answers = self.answers(self.lookup)
        return source

    def _own(self, found: _Found, wanted: Callable[[Occurrence], bool]) -> Iterator[Place]:
        return self._places(found.statement.at(each.span) for each in found.every if wanted(each))

    def _places(self, locs: Iterable[Loc]) -> Iterator[Place]:
        for loc in locs:
            place = self.place(loc)
            if place is not None:
                yield Place(*place)

    def _relations(self, parts: tuple[str, ...]) -> list[Relation]:
        name = DatasetName(tuple(fold(part) for part in parts))
        found = [
            relation
            for values in self.lookup.get(("relation", name.table))
            if isinstance(values, tuple)
            for relation in values
            if isinstance(relation, Relation)
        ]
        best = max((relation.dataset.match(name).value for relation in found), default=0)
        return [relation for relation in found if relation.dataset.match(name).value == best > 0]

    def _built(self, parts: tuple[str, ...]) -> list[Relation]:
        """The dbt model that is built as a table of that name."""
        found = Relations(self.lookup).find(parts, None, set())
        return [found.value] if isinstance(found, Known) else []

    def _table_places(self, parts: tuple[str, ...]) -> tuple[Place, ...]:
        name = DatasetName(tuple(fold(part) for part in parts))
        locs = [relation.loc for relation in self._relations(parts)]
        for values in self.lookup.get(("uses", name.table)):
            for use in values if isinstance(values, tuple) else ():
                if isinstance(use, DatasetUse) and use.access.dataset.match(name) is not Confidence.NONE:
                    locs.append(use.access.loc)
        return tuple(dict.fromkeys(self._places(locs)))

    def _column_places(self, found: _Found) -> tuple[Place, ...]:
        """A table's column: its definition, and its uses in every file that reads or writes the table."""
        source = found.here.source
        table = DatasetName(tuple(fold(part) for part in source))
        places = list(self.definition(found.record.path, self._offset(found)))
        files = dict.fromkeys([found.record.path, *(place.path for place in self._table_places(source))])
        for path in files:
            record = self.record_of(path)
            for statement in _statements(record) if record is not None else ():
                unit = record.document.unit(statement.loc.unit) if record is not None else None
                if unit is None or not any(fold(parts[-1]) == table.table for parts, _ in statement.facts.reads):
                    continue
                places += self._places(
                    statement.at(each.span)
                    for each in occurrences(statement.facts, unit.text, self._bind(statement))
                    if each.symbol == found.here.symbol and each.source and _same(each.source, table)
                )
        return tuple(dict.fromkeys(places))

    def _offset(self, found: _Found) -> int:
        place = found.record.document.file_span(found.statement.at(found.here.span))
        return place.start if place is not None else 0

    # --- refusing --------------------------------------------------------------------------------

    def _refused(self, found: _Found) -> Refusal | None:
        symbol = found.here.symbol
        if symbol.kind is NameKind.TABLE:
            return self._refused_table(symbol.name)
        if symbol.place < 0:
            return Refusal(f"`{symbol.name}` is a column of the table {'.'.join(found.here.source)}, not of this query")
        same = [each for each in found.every if each.symbol == symbol]
        if any(each.defines and each.source for each in same):
            return Refusal(f"`{symbol.name}` is passed on under its table's own name: give it an alias first")
        joins = (join for block in found.statement.facts.blocks for join in block.joins)
        if symbol.kind is NameKind.COLUMN and any(join.natural for join in joins):
            return Refusal("a NATURAL JOIN of this statement joins by columns of the same name")
        if not any(each.defines for each in same):
            return Refusal(f"where `{symbol.name}` comes from is not known")
        bind = self._bind(found.statement)
        if symbol.kind is NameKind.COLUMN and reach(found.statement.facts, found.text, symbol, bind).open:
            return Refusal(f"of which table `{symbol.name}` is cannot be told everywhere: qualify it first")
        document = found.record.document
        made_up = any("{{" in each.span.of(found.text) for each in same)
        if made_up or not all(document.is_verbatim(found.statement.at(each.span)) for each in same):
            return Refusal("a part of the name is filled in by the program")
        return None

    def _taken(self, found: _Found, name: str) -> Refusal | None:
        """Whether another symbol that could be mistaken for it has the new name already."""
        symbol, facts = found.here.symbol, found.statement.facts
        if fold(name) == fold(found.here.span.of(found.text)):
            return None
        if symbol.kind is NameKind.COLUMN:
            where = reach(facts, found.text, symbol, self._bind(found.statement))
            taken = is_taken(facts, found.every, symbol, where, fold(name))
        else:
            kinds = {NameKind.CTE, NameKind.ALIAS, NameKind.TABLE}
            taken = fold(name) in {
                each.symbol.name.rpartition(".")[2] for each in found.every if each.symbol.kind in kinds
            }
        return Refusal(f"the statement has something called `{name}` already") if taken else None

    def _refused_table(self, name: str) -> Refusal | None:
        relations = self._relations(tuple(name.split(".")))
        if len({relation.dataset for relation in relations}) != 1:
            return Refusal(f"no file of the workspace creates {name}, so renaming it here would not rename the table")
        uses = [
            use
            for values in self.lookup.get(("uses", relations[0].dataset.table))
            for use in (values if isinstance(values, tuple) else ())
            if isinstance(use, DatasetUse)
        ]
        for use in uses:
            if use.access.dataset.match(relations[0].dataset) not in (*_SURE, Confidence.NONE):
                return Refusal(f"{use.by} uses a table {use.access.dataset} that may be another one of that name")
        return None


def _statements(record: FileRecord) -> Iterator[Statement]:
    for script in record.linked.scripts.values():
        yield from script.statements


def _same(parts: tuple[str, ...], table: DatasetName) -> bool:
    return DatasetName(tuple(fold(part) for part in parts)).match(table) is not Confidence.NONE


def _last_part(text: str, span: Span) -> Span:
    """The last part of a dotted name."""
    written = span.of(text)
    close = {'"': '"', "`": "`", "]": "["}.get(written[-1:])
    if close is not None and written.count(written[-1]) >= 1:
        start = written.rfind(close, 0, len(written) - 1)
        if start >= 0 and "." not in written[start:]:
            return Span(span.start + start, span.end)
    return Span(span.start + written.rfind(".") + 1, span.end)


def _as_written(old: str, name: str) -> str:
    closing = _QUOTES.get(old[:1])
    return f"{old[0]}{name}{closing}" if closing is not None else name
