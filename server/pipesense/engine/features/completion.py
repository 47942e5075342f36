"""Completion inside SQL: which names may stand at a place, the likeliest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

from pipesense.engine.document import Document
from pipesense.engine.features.learned import AT_ONCE, Learned
from pipesense.engine.index import Key
from pipesense.engine.record import FileRecord
from pipesense.engine.relations import Answers, Lookup, Projects, Relations
from pipesense.lang.sql.completion import STAND_IN, Probe, known, probe, tag_at, word_at
from pipesense.lang.sql.habits import Evidence, counted
from pipesense.lang.sql.ranking import Candidate, Place, ranked
from pipesense.lang.sql.usage import Use, alias_of, table_name, uses
from pipesense.model.columns import Columns, Missing, OutColumn
from pipesense.model.data import Relation
from pipesense.model.sql import Block, Clause, Hole, Source, Statement, StatementFacts
from pipesense.model.value import Known
from pipesense.model.where import Loc
from pipesense.quality.dialects import quoted
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.lang.sql.bind import Binder

_MOST: Final = 300
_CONDITIONS: Final = 3
_KEYWORDS: Final = (
    *("SELECT", "FROM", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT", "JOIN", "LEFT JOIN", "ON", "USING", "AND"),
    *("OR", "NOT", "IN", "IS NULL", "IS NOT NULL", "BETWEEN", "LIKE", "EXISTS", "CASE", "WHEN", "THEN", "ELSE", "END"),
    *("AS", "DISTINCT", "UNION ALL", "WITH", "INSERT INTO", "UPDATE", "SET", "DELETE FROM", "CREATE TABLE", "VALUES"),
)


class ItemKind(Enum):
    """What a completion puts in."""

    COLUMN = "column"
    OUTPUT = "output"
    ALIAS = "alias"
    TABLE = "table"
    CTE = "cte"
    MODEL = "model"
    CONDITION = "condition"
    COLUMNS = "columns"
    KEYWORD = "keyword"
    STATE = "state"
    MACRO = "macro"
    SETTING = "setting"
    VALUE = "value"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Item:
    """One completion: ``insert`` replaces ``span`` of the file. They come in the order of their likelihood."""

    label: str
    kind: ItemKind
    insert: str
    span: Span
    detail: str = ""
    filter: str = ""
    """What the typed characters are compared with."""


class Catalogue(Lookup, Protocol):
    """A look-up that can list what it knows."""

    def names(self, kind: str) -> tuple[str, ...]:
        """The names of all keys of a kind."""


class Models(Projects, Protocol):
    """dbt projects that can list their seeds."""

    def seeds(self, folder: str) -> tuple[str, ...]:
        """The names of a project's seeds."""


@dataclass(frozen=True, slots=True)
class _Here:
    """The statement with the cursor; ``start`` is the unit's own offset for ``Document.file_span``."""

    document: Document
    unit: int
    text: str
    at: int
    dialect: str
    holes: tuple[Hole, ...]
    loc: Loc

    def file_span(self, span: Span) -> Span | None:
        """A range of the statement in the file, None where its characters do not stand there one for one."""
        loc = self.loc.at(span)
        return self.document.file_span(loc) if self.document.is_verbatim(loc) else None


@dataclass(frozen=True, slots=True)
class Completion:
    """``read`` reads a statement in a dialect; ``learned`` are the habits of the workspace."""

    record_of: Callable[[str], FileRecord | None]
    lookup: Catalogue
    projects: Models
    answers: Callable[[Lookup], Answers]
    read: Callable[..., StatementFacts]
    learned: Learned

    def at(self, path: str, offset: int) -> tuple[Item, ...]:
        """What may stand at an offset of a file, the likeliest first; () where nothing of SQL is typed."""
        record = self.record_of(path)
        here = _here(record, offset) if record is not None else None
        if record is None or here is None:
            return ()
        tag = tag_at(here.text, here.at)
        if tag is not None:
            span = here.file_span(tag.word)
            return tuple(self._references(path, tag.kind, tag.group, span)) if span is not None else ()
        word = word_at(here.text, here.at, here.holes)
        if word is None:
            return ()
        span = here.file_span(word.span)
        if span is None:
            return ()
        if word.quote and word.end > here.at:
            span = here.file_span(Span(word.span.start, word.end)) or span

        def read(text: str, holes: tuple[Hole, ...], place: Span) -> StatementFacts:
            return self.read(text, here.dialect, holes=holes, showing=place)

        unit = here.document.unit(here.unit)
        facts = unit.facts if unit is not None and unit.dialect == here.dialect else None
        found = known(here.text, facts, word) if facts is not None else None
        found = found or probe(here.text, word, read, here.holes)
        if found is None:
            typed = word.span.of(here.text)
            keywords = _KEYWORDS if typed and not word.qualifier and not word.quote else ()
            return tuple(Item(each, ItemKind.KEYWORD, each, span, filter=each) for each in keywords)
        typed = word.span.of(here.text).casefold()
        names = sorted(self._names(record, here, found, span), key=lambda item: not _begins(item, typed))
        return tuple(names)[:_MOST]

    # --- dbt -------------------------------------------------------------------------------------

    def _references(self, path: str, kind: str, group: str, span: Span) -> Iterator[Item]:
        if kind == "source":
            sources = self.learned.sources()
            names = sources.get(group, frozenset()) if group else frozenset(sources)
            for name in sorted(names):
                yield Item(name, ItemKind.MODEL, name, span, "source", name)
            return
        folder = self.projects.folder(path)
        own = self.projects.model(path)
        models: dict[str, str] = {}
        for name in self.lookup.names("model"):
            for relation in _relations(self.lookup, name, "model"):
                if relation.project == folder and (own is None or own[1].lower() != name):
                    models[relation.parts[-1] if relation.parts else name] = "model"
        models.update(dict.fromkeys(self.projects.seeds(folder), "seed"))
        for key in ("dbt-packages", "dbt-manifest"):
            for place in _flat(self.lookup.get((key, folder))):
                brought = _flat(self.lookup.get(("dbt-names", str(place), "node")))
                models.update((str(name), "package") for name in brought if str(name) not in models)
        reads = {name: len(self.lookup.get(("uses", name.lower()))) for name in models}
        for name in sorted(models, key=lambda each: (-reads[each], each)):
            yield Item(name, ItemKind.MODEL, name, span, models[name], name)

    # --- names -----------------------------------------------------------------------------------

    def _names(self, record: FileRecord, here: _Here, found: Probe, span: Span) -> Iterator[Item]:
        from pipesense.lang.sql.bind import Binder
        from pipesense.lang.sql.relation import Definitions

        source = found.source
        if source is not None:
            yield from self._tables(found, here, span)
            return
        script = next(
            (each for each in record.linked.scripts.values() if any(s.loc.unit == here.unit for s in each.statements)),
            None,
        )
        definitions = Definitions(here.loc)
        variables: frozenset[str] = frozenset()
        for each in script.statements if script is not None else ():
            if each.loc.unit == here.unit:
                break
            unit = record.document.unit(each.loc.unit)
            definitions.add(each.facts, unit.relation if unit is not None else None)
            variables = each.variables
        local = definitions.read_by(found.facts)
        statement = Statement(found.facts, here.loc, local=local, variables=variables)
        reads: set[Key] = set()
        relations = self.answers(self.lookup).relations
        place = relations.place(statement, reads)
        binder = Binder(found.facts, lambda parts: relations.columns_at(parts, place), variables)
        listed = _inserted(found, lambda parts: relations.columns_at(parts, place))
        if listed is not None:
            for column in listed:
                yield replace(_column(column, None, here, span, False), kind=ItemKind.COLUMN, detail=str(column.type))
            return
        self.learned.refresh(AT_ONCE)
        every = uses(found.facts)
        use = next((each for each in every if each.span.start <= found.place.start < each.span.end), None)
        if use is None:
            return
        others = tuple(each for each in every if each is not use)
        evidence = Evidence(self.learned.habits, self.learned.of(record.path, here.unit), counted(others))
        candidates = _candidates(found, use, binder, evidence)
        wanted = Place(
            *(found.facts, use, _block(found.facts, use.inside), others),
            wanted=_wanted(found.facts, use, binder),
            siblings=_siblings(found.facts, use.inside),
            keys=_keys(candidates, relations, statement, reads),
        )
        order = [each for _, each in ranked(candidates, wanted, evidence)]
        yield from _items(candidates, order, found, wanted, evidence, here, span)

    def _tables(self, found: Probe, here: _Here, span: Span) -> Iterator[Item]:
        typed = tuple(part.casefold() for part in found.word.qualifier)
        ctes = [cte.name for cte in found.facts.ctes if cte.name] if not typed else []
        for name in dict.fromkeys(ctes):
            yield Item(name, ItemKind.CTE, quoted(name, here.dialect), span, "CTE", name)
        tables: dict[tuple[str, ...], int] = {}
        for name in dict.fromkeys((*self.lookup.names("relation"), *self.lookup.names("uses"))):
            relations = [
                each.parts or each.dataset.parts
                for each in _relations(self.lookup, name)
                if each.kind not in ("seed", "dropped", "altered") and not each.temporary
            ]
            used = [
                use.access.dataset.parts
                for values in self.lookup.get(("uses", name))
                for use in values  # type: ignore[attr-defined]
            ]
            for parts in dict.fromkeys((*relations, *(each for each in used if not relations))):
                if not any("{" in part or STAND_IN in part for part in parts):
                    tables[parts] = max(tables.get(parts, 0), len(used))
        folded: set[tuple[str, ...]] = set()
        for parts in sorted(tables, key=lambda each: (-tables[each], each)):
            low = tuple(part.casefold() for part in parts)
            if low in folded or low[: len(typed)] != typed or len(low) <= len(typed):
                continue
            folded.add(low)
            rest = parts[len(typed) :]
            name = ".".join(quoted(part, here.dialect) for part in rest)
            yield Item(".".join(rest), ItemKind.TABLE, name, span, "table", ".".join(rest))


def _begins(item: Item, typed: str) -> bool:
    """Whether an item goes on with what is typed; those come first, since not every client filters."""
    return item.filter.casefold().startswith(typed) or item.insert.casefold().startswith(typed)


def _here(record: FileRecord, offset: int) -> _Here | None:
    """The statement of SQL at an offset: a statement inside a string or block first, else one of a SQL file."""
    document = record.document
    embedded = document.embedded_at(offset)
    if embedded is not None:
        unit = embedded[0]
        script = next((each for each in document.scripts.values() if unit in each.statements), None)
        dialect = script.dialect if script is not None else ""
        whole = Loc(record.path, unit.unit.id, Span(0, len(unit.unit.text)))
        return _Here(document, unit.unit.id, unit.unit.text, embedded[1], dialect, unit.holes, whole)
    own = document.unit_at(offset)
    if own is None or document.language != "sql":
        return None
    unit_, at = own
    main = record.linked.scripts.get(0)
    dialect = main.dialect if main is not None else ""
    return _Here(document, unit_.id, unit_.text, at, dialect, (), Loc(record.path, unit_.id, Span(0, len(unit_.text))))


def _flat(several: Iterable[object]) -> Iterator[object]:
    for values in several:
        yield from values if isinstance(values, tuple) else (values,)


def _relations(lookup: Lookup, name: str, kind: str = "relation") -> Iterator[Relation]:
    for values in lookup.get((kind, name)):
        if isinstance(values, tuple):
            yield from (each for each in values if isinstance(each, Relation))


def _block(facts: StatementFacts, start: int) -> Block | None:
    return next((block for block in facts.blocks if block.keyword.start == start), None)


def _siblings(facts: StatementFacts, start: int) -> tuple[Block, ...]:
    for operation in facts.set_operations:
        branches = [block for block in operation.branches if block is not None]
        if any(block.keyword.start == start for block in branches):
            return tuple(block for block in branches if block.keyword.start != start)
    return ()


def _candidates(found: Probe, use: Use, binder: Binder, evidence: Evidence) -> list[Candidate]:
    """The columns of the sources in scope, or of the one that the qualifier names, and the query's own outputs."""
    qualifier = tuple(part.casefold() for part in found.word.qualifier)
    made: list[Candidate] = []
    for depth, scope in enumerate(binder.scopes(use.inside)):
        for number, (source, columns) in enumerate(scope):
            if qualifier and not _named(source, qualifier):
                continue
            table = table_name(source)
            seen: set[str] = set()
            for column in columns.columns:
                if column.name and column.name != STAND_IN and column.name.casefold() not in seen:
                    seen.add(column.name.casefold())
                    made.append(Candidate(column, source, depth, table, number))
            if columns.opened is not None and table:
                # Nobody says what the table has; what is read from it elsewhere it must have.
                for name in evidence.columns(table, STAND_IN):
                    if name not in seen:
                        made.append(Candidate(OutColumn(name), source, depth, table, number))
        if qualifier and made:
            return made
    block = _block(found.facts, use.inside)
    if not qualifier and block is not None and use.clause in _sees_outputs(found.facts.dialect):
        made += _outputs(block, use, binder, {each.name for each in made})
    return made


def _outputs(block: Block, use: Use, binder: Binder, taken: set[str]) -> Iterator[Candidate]:
    """The query's own outputs under their aliases; in the SELECT list, those in front of the place."""
    columns = binder.outputs(block)
    outputs = block.outputs[: use.item] if use.clause is Clause.SELECT else block.outputs
    for at, output in enumerate(outputs):
        if output.aliased and output.name.casefold() not in taken and output.name != STAND_IN:
            taken.add(output.name.casefold())
            column = next((each for each in columns.columns if each.item == at), OutColumn(output.name))
            yield Candidate(column, None, 0)


_OUTPUTS_IN: Final = frozenset({Clause.GROUP, Clause.ORDER, Clause.HAVING, Clause.QUALIFY})
_LATERAL: Final = frozenset({"", "snowflake", "redshift", "databricks", "spark", "duckdb", "clickhouse", "teradata"})
"""Dialects in which an item of the SELECT list may use the aliases of those before it."""


def _sees_outputs(dialect: str) -> frozenset[Clause]:
    return _OUTPUTS_IN | {Clause.SELECT, Clause.WHERE} if dialect in _LATERAL else _OUTPUTS_IN


def _named(source: Source, qualifier: tuple[str, ...]) -> bool:
    alias = alias_of(source).casefold()
    if len(qualifier) == 1 and alias == qualifier[0]:
        return True
    parts = tuple(part.casefold() for part in source.parts)
    return bool(parts) and alias == parts[-1] and parts[-len(qualifier) :] == qualifier


def _wanted(facts: StatementFacts, use: Use, binder: Binder) -> frozenset[str]:
    """Names that the statement reads from this query although it does not give them: the one being typed, mostly."""
    if use.clause is not Clause.SELECT:
        return frozenset()
    starts = {use.inside}
    for operation in facts.set_operations:
        if any(block is not None and block.keyword.start == use.inside for block in operation.branches):
            starts.update(block.keyword.start for block in operation.branches[:1] if block is not None)
    found: set[str] = set()
    for each in facts.columns:
        if each.inside != use.inside:
            bound = binder.bind(each)
            if isinstance(bound, Missing) and any(
                source.block is not None and source.block.keyword.start in starts for source in bound.sources
            ):
                found.add(each.path[-1].casefold())
    return frozenset(found)


def _keys(
    candidates: Iterable[Candidate], relations: Relations, statement: Statement, reads: set[Key]
) -> frozenset[tuple[str, str, str, str]]:
    """The foreign keys of the tables in scope."""
    found: set[tuple[str, str, str, str]] = set()
    sources = {id(each.source): each.source for each in candidates if each.source is not None}
    for source in sources.values():
        made = relations.find(source.parts, statement, reads) if source.kind == "table" and source.parts else None
        if not isinstance(made, Known):
            continue
        for key in made.value.foreign_keys:
            targets = key.target_columns or key.columns
            for column, target in zip(key.columns, targets, strict=False):
                found.add((table_name(source), column.casefold(), key.target.table, target.casefold()))
    return frozenset(found)


def _inserted(found: Probe, columns_of: Callable[[tuple[str, ...]], Columns]) -> list[OutColumn] | None:
    """The columns of an INSERT's target that its list does not hold yet, or of UPDATE's SET; None elsewhere."""
    write = found.facts.write
    if write is None:
        return None
    listed = write.columns_span
    in_list = listed is not None and listed.start <= found.place.start and found.place.end <= listed.end
    if not in_list and not any(name == STAND_IN for name, _ in write.assignments):
        return None
    taken = {name.casefold() for name in (*write.columns, *(name for name, _ in write.assignments))}
    return [each for each in columns_of(write.target).columns if each.name.casefold() not in taken]


def _items(
    candidates: Sequence[Candidate],
    order: Sequence[Candidate],
    found: Probe,
    place: Place,
    evidence: Evidence,
    here: _Here,
    span: Span,
) -> Iterator[Item]:
    several = _several(order)
    qualified = bool(found.word.qualifier)
    if not qualified and place.use.clause is Clause.ON and not place.use.op and place.use.whole:
        yield from _conditions(order, place, evidence, here, span)
    for each in order:
        alias = alias_of(each.source) if each.source is not None else ""
        yield _column(each.column, each.source, here, span, not qualified and each.name in several and bool(alias))
    if place.use.clause is Clause.SELECT and place.use.whole and not place.use.alias and not found.word.quote:
        yield from _all_columns(candidates, qualified, several, here, span)
    if not qualified:
        aliases = {
            alias_of(each.source): each.source for each in order if each.source is not None and alias_of(each.source)
        }
        for alias, source in aliases.items():
            what = _origin(source)
            yield Item(alias, ItemKind.ALIAS, quoted(alias, here.dialect), span, what, alias)


def _several(order: Sequence[Candidate]) -> frozenset[str]:
    """Names that more than one source has, so that they need its alias."""
    seen: dict[str, int] = {}
    for each in order:
        if each.depth == 0 and each.source is not None:
            seen[each.name] = seen.get(each.name, 0) + 1
    return frozenset(name for name, number in seen.items() if number > 1)


def _column(column: OutColumn, source: Source | None, here: _Here, span: Span, with_alias: bool) -> Item:
    name = quoted(column.name, here.dialect)
    written = span.of(here.document.text)
    if written[:1] in ('"', "`") and not name.startswith(written[0]):
        name = f"{written[0]}{column.name}{written[0]}"
    alias = alias_of(source) if source is not None else ""
    label = f"{alias}.{column.name}" if with_alias else column.name
    insert = f"{quoted(alias, here.dialect)}.{name}" if with_alias else name
    where = _origin(source) if source is not None else ""
    told = str(column.type) if column.type.is_known else ""
    detail = ", ".join(part for part in (told, where or ("" if source is not None else "output")) if part)
    kind = ItemKind.OUTPUT if source is None else ItemKind.COLUMN
    return Item(label, kind, insert, span, detail, name if written[:1] in ('"', "`") else column.name)


def _origin(source: Source) -> str:
    """What a source is, in words."""
    if not source.parts:
        return alias_of(source) or "subquery"
    return table_name(source) if source.opaque else ".".join(source.parts)


def _all_columns(
    order: Sequence[Candidate], qualified: bool, several: frozenset[str], here: _Here, span: Span
) -> Iterator[Item]:
    """Every column of a source as one item."""
    sources = {id(each.source): each.source for each in order if each.source is not None and each.depth == 0}
    for number, source in sources.items():
        columns = [each for each in order if id(each.source) == number]
        names = [quoted(each.column.name, here.dialect) for each in columns]
        alias = quoted(alias_of(source), here.dialect)
        if len(names) < 2:
            continue
        if qualified:
            names = [names[0], *(f"{alias}.{name}" for name in names[1:])]
        else:
            names = [
                f"{alias}.{name}" if each.name in several and alias else name
                for name, each in zip(names, columns, strict=True)
            ]
        label = f"{alias}.* as {len(names)} columns" if alias else f"* as {len(names)} columns"
        yield Item(label, ItemKind.COLUMNS, ", ".join(names), span, "all columns", alias or "*")


def _conditions(
    order: Sequence[Candidate], place: Place, evidence: Evidence, here: _Here, span: Span
) -> Iterator[Item]:
    """Whole conditions that join the table in front of ON with one before it."""
    from pipesense.lang.sql.ranking import pairs

    for left, right in pairs(order, place, evidence)[:_CONDITIONS]:
        sides = [
            f"{quoted(alias_of(each.source), here.dialect)}.{quoted(each.column.name, here.dialect)}"
            for each in (left, right)
            if each.source is not None
        ]
        text = " = ".join(sides)
        yield Item(text, ItemKind.CONDITION, text, span, "join condition", text)
