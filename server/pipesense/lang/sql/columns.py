"""Which columns a query gives: stars expanded, joins merged, CTEs, subqueries and views followed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipesense.lang.sql.keys import Keyed, keys_of, numbered_of
from pipesense.lang.sql.set_columns import MOST_ORIGINS, merged
from pipesense.lang.sql.types import typed
from pipesense.model.columns import UNKNOWN_TYPE, ColumnOrigin, Columns, OutColumn, SqlType
from pipesense.model.making import quick_to_make
from pipesense.model.shape import From, Item, Path, Projection, QueryShape, Union
from pipesense.model.value import Unknown

Named = Callable[[Path], Columns]
"""The columns of a table by its written name."""

_ITSELF: Final = Columns((), Unknown("it reads itself"))
_HAS_UNNAMED: Final = Unknown("a column without an alias gets its name from the engine, and it may be this one")
NOTHING: Final = Columns(())


@quick_to_make
@dataclass(frozen=True, slots=True)
class Hit:
    """A name is a column of source number ``source`` of a SELECT."""

    source: int
    column: OutColumn


@dataclass(frozen=True, slots=True)
class Miss:
    """No source of a SELECT defines the name, and all that could are closed; these were searched."""

    sources: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Foreign:
    """The name is qualified by something that is no source of this SELECT."""


class Resolver:
    """Answers for the SELECTs of one shape; each is resolved once."""

    def __init__(self, shape: QueryShape, named: Named) -> None:
        self._shape = shape
        self._named = named
        self._outputs: dict[int, Columns] = {}
        self._sources: dict[int, tuple[Columns, ...]] = {}
        self._names: dict[int, tuple[dict[str, OutColumn], ...]] = {}
        self._resolved: dict[tuple[int, Path], Hit | Miss | Foreign | Unknown] = {}
        self._active: set[int] = set()
        self._done = 0

    def outputs(self, number: int) -> Columns:
        """The columns that a SELECT gives, all branches of its set operation considered."""
        known = self._outputs.get(number)
        if known is not None:
            return known
        if number in self._active:  # nothing that can be read does so: recursive CTEs are no sources of themselves
            return _ITSELF
        if not self._active:
            # Most of what a SELECT reads ends before it, so this keeps a long chain of CTEs off the stack.
            for earlier in range(self._done, number):
                self._resolve(earlier)
            self._done = max(self._done, number)
        return self._resolve(number)

    def _resolve(self, number: int) -> Columns:
        known = self._outputs.get(number)
        if known is None:
            self._active.add(number)
            known = self._outputs[number] = self._united(number)
            self._active.discard(number)
        return known

    def sources(self, number: int) -> tuple[Columns, ...]:
        """The columns of each source of a SELECT, in its order."""
        known = self._sources.get(number)
        if known is None:
            known = tuple(self._source(source) for source in self._shape.projections[number].sources)
            self._sources[number] = known
        return known

    def _source(self, source: From) -> Columns:
        if source.kind == "table":
            found = self._named(source.parts)
        elif source.kind == "query":
            found = self.outputs(source.query)
        elif source.kind == "union" and source.union is not None:
            found = self._union(source.union)
        elif source.kind == "values" and source.columns:
            found = Columns(tuple(OutColumn(name) for name in source.columns))
        elif source.kind in ("values", "function"):
            columns = tuple(OutColumn(name) for name in source.columns)
            return Columns(columns, Unknown(f"nobody says here what columns `{source.alias or 'a function'}` has"))
        else:
            return Columns((), Unknown(source.why or "it cannot be read"))
        if source.columns and source.kind != "values":
            found = renamed(found, source.columns)
        if source.nullable:
            columns = tuple(map(_nullable, found.columns))
            found = Columns(columns, found.opened, found.keys, found.numbered, found.declared)
        return found

    def _union(self, union: Union) -> Columns:
        found: dict[str, OutColumn] = {}
        tables = [self._named((table,)) for table in union.tables]
        for table in tables:
            for column in table.columns:
                known = found.setdefault(column.name.casefold(), column)
                if known is not column:
                    origins = tuple(dict.fromkeys((*known.origins, *column.origins)))[:MOST_ORIGINS]
                    found[column.name.casefold()] = OutColumn(known.name, origins=origins)
        included, excluded = ({each.casefold() for each in names} for names in (union.included, union.excluded))
        kept = [
            OutColumn(column.name, origins=column.origins)
            for name, column in found.items()
            if name not in excluded and (not included or name in included)
        ]
        opened = next((table.opened for table in tables if table.opened is not None), None)
        declared = next((table.declared for table in tables if table.declared), "")
        return Columns((*(OutColumn(name) for name in union.first), *kept), opened, declared=declared)

    # SELECT lists

    def _united(self, number: int) -> Columns:
        projection = self._shape.projections[number]
        own, keyed = self._own(number, projection)
        if not projection.branches:
            keys, numbered = keys_of(projection, keyed, own), numbered_of(projection, keyed, own)
            return Columns(own.columns, own.opened, keys, numbered, own.declared)
        columns, opened = list(own.columns), own.opened
        for branch in projection.branches:
            other = self.outputs(branch)
            if projection.by_name and other.opened is not None:
                opened = opened or other.opened
            columns = merged(columns, other, projection.by_name)
        united = Columns(tuple(columns), opened, declared=own.declared)
        keys = keys_of(projection, keyed, united)
        return Columns(united.columns, opened, keys, (), own.declared) if keys else united

    def _own(self, number: int, projection: Projection) -> tuple[Columns, Keyed]:
        found: list[OutColumn] = []
        places: list[tuple[int, str] | None] = []
        opened, declared = Unknown(projection.opened) if projection.opened else None, ""
        for at, item in enumerate(projection.items):
            if item.star:
                why = self._star(number, at, item, found, places)
                opened = opened or why
                declared = declared or self._declared(number, projection, item)
                continue
            column, place = self._value(number, at, item)
            found.append(column)
            places.append(place)
        filled = {self._place_of(number)(path) for path in projection.filled} - {None} if projection.filled else ()
        for at, place in enumerate(places):
            if place in filled and found[at].nullable is not False:
                found[at] = replace(found[at], nullable=False)
        own = Columns(tuple(found), opened, declared=declared)
        return own, Keyed(self.sources(number), tuple(places), self._place_of(number))

    def _place_of(self, number: int) -> Callable[[Path], tuple[int, str] | None]:
        def place(path: Path) -> tuple[int, str] | None:
            hit = self.resolve(number, path)
            return (hit.source, hit.column.name.casefold()) if isinstance(hit, Hit) else None

        return place

    def _value(self, number: int, at: int, item: Item) -> tuple[OutColumn, tuple[int, str] | None]:
        term = item.term
        if term.op == "column":
            hit = self.resolve(number, term.path)
            if isinstance(hit, Hit):
                name = item.name or hit.column.name
                is_field = _is_field(term.path, self._shape.projections[number].sources[hit.source], hit.column)
                if is_field:
                    made = OutColumn(name, UNKNOWN_TYPE, None, hit.column.origins, False, "", at)
                    return made, None
                of = hit.column
                made = OutColumn(name, of.type, of.nullable, of.origins, of.copied, of.comment, at)
                return made, (hit.source, of.name.casefold())
            return OutColumn(item.name, item=at), None
        kind, nullable = typed(term, lambda path: self.type_of(number, path), self._type_of_query)
        return OutColumn(item.name, kind, nullable, self.origins(number, item.uses, item.queries), item=at), None

    def type_of(self, number: int, path: Path) -> tuple[SqlType, bool | None]:
        """The type of a column as a SELECT sees it, and whether it may be NULL."""
        hit = self.resolve(number, path)
        if not isinstance(hit, Hit) or _is_field(path, self._shape.projections[number].sources[hit.source], hit.column):
            return UNKNOWN_TYPE, None
        return hit.column.type, hit.column.nullable

    def _type_of_query(self, number: int) -> tuple[SqlType, bool | None]:
        columns = self.outputs(number).columns if 0 <= number < len(self._shape.projections) else ()
        return (columns[0].type, columns[0].nullable) if len(columns) == 1 else (UNKNOWN_TYPE, None)

    def query_type(self, number: int) -> tuple[SqlType, bool | None]:
        """The type of a scalar subquery."""
        return self._type_of_query(number)

    def origins(self, number: int, paths: Iterable[Path], queries: Iterable[int] = ()) -> tuple[ColumnOrigin, ...]:
        """The columns of tables behind some columns of a SELECT and what its subqueries give."""
        found: dict[ColumnOrigin, None] = {}
        for path in paths:
            hit = self.resolve(number, path)
            if isinstance(hit, Hit):
                found.update(dict.fromkeys(hit.column.origins))
        for query in queries:
            for column in self.outputs(query).columns:
                found.update(dict.fromkeys(column.origins))
        return tuple(found)[:MOST_ORIGINS]

    # Stars

    def _star(
        self, number: int, at: int, item: Item, found: list[OutColumn], places: list[tuple[int, str] | None]
    ) -> Unknown | None:
        projection = self._shape.projections[number]
        if item.made:
            found += (OutColumn(name, item=at) for name in item.made)
            places += (None for _ in item.made)
            return None
        if item.named:
            return self._listed(at, item, found, places)
        if item.path:
            source = self._alias(projection, item.path)
            if source is None:
                return Unknown(f"`{'.'.join(item.path)}.*` belongs to no table of this query")
            columns = self.sources(number)[source]
            listed = [(source, column) for column in columns.columns]
            opened = columns.opened
        else:
            listed, opened = self._all(number, projection)
        dropped = {name.casefold() for name in item.excluded}
        replaced = {name.casefold(): term for name, term in item.replaced}
        names = {old.casefold(): new for old, new in item.renamed}
        for source, column in listed:
            folded = column.name.casefold()
            if folded in dropped:
                continue
            place: tuple[int, str] | None = (source, folded)
            name = names.get(folded, column.name)
            made = OutColumn(name, column.type, column.nullable, column.origins, column.copied, column.comment, at)
            if folded in replaced:
                kind, nullable = typed(replaced[folded], lambda path: self.type_of(number, path), self._type_of_query)
                made, place = replace(made, type=kind, nullable=nullable, copied=False), None
            found.append(made)
            places.append(place)
        return opened

    def _declared(self, number: int, projection: Projection, item: Item) -> str:
        """The file that declares a table of which a star brings all columns, "" where none does."""
        if item.made:
            return ""
        if item.named:
            return self._named(item.named).declared
        source = self._alias(projection, item.path) if item.path else None
        sources = self.sources(number)
        starred = sources if source is None else sources[source : source + 1]
        return next((columns.declared for columns in starred if columns.declared), "")

    def _listed(
        self, at: int, item: Item, found: list[OutColumn], places: list[tuple[int, str] | None]
    ) -> Unknown | None:
        """The columns of a table that a macro writes out one by one."""
        columns, (before, behind) = self._named(item.named), item.affix
        dropped = {name.casefold() for name in item.excluded}
        for column in columns.columns:
            if column.name.casefold() not in dropped:
                found.append(replace(column, item=at, name=f"{before}{column.name}{behind}", nullable=None))
                places.append(None)
        return columns.opened

    def _all(self, number: int, projection: Projection) -> tuple[list[tuple[int, OutColumn]], Unknown | None]:
        """The columns of ``*``: those that USING and NATURAL join come first, and once."""
        listed: list[tuple[int, OutColumn]] = []
        opened = Unknown(projection.from_opened) if projection.from_opened else None
        if not projection.sources:
            return [], opened or Unknown("its star has no table")
        for source, columns in enumerate(self.sources(number)):
            one = projection.sources[source]
            if one.hidden:
                continue
            if columns.opened is not None:
                what = one.alias or ".".join(one.parts) or "a subquery"
                opened = opened or Unknown(f"the columns of `{what}` are not all known: {columns.opened.why}")
            shared = {name.casefold() for name in one.using}
            if one.natural:
                left = {column.name.casefold() for _, column in listed}
                shared |= left & {column.name.casefold() for column in columns.columns}
            fresh = [(source, column) for column in columns.columns if column.name.casefold() not in shared]
            if shared:
                first = [each for each in listed if each[1].name.casefold() in shared]
                listed = first + [each for each in listed if each[1].name.casefold() not in shared]
            listed += fresh
        return listed, opened

    # Names

    def resolve(self, number: int, path: Path) -> Hit | Miss | Foreign | Unknown:
        """What a column's path means among the sources of a SELECT."""
        known = self._resolved.get((number, path))
        if known is None:
            known = self._resolved[number, path] = self._meant(number, path)
        return known

    def _meant(self, number: int, path: Path) -> Hit | Miss | Foreign | Unknown:
        projection = self._shape.projections[number]
        if len(path) > 1:
            source = self._alias(projection, path[:-1])
            if source is not None:
                return self._column_of(number, source, path[-1])
            source = self._alias(projection, path[:1])
            if source is not None:
                return self._column_of(number, source, path[1])
        found = self._unqualified(number, projection, path[0])
        return Foreign() if isinstance(found, Miss) and len(path) > 1 else found

    def _alias(self, projection: Projection, qualifier: Path) -> int | None:
        """The source that a qualifier names: its alias, or its whole name where it has no other."""
        folded = tuple(part.casefold() for part in qualifier)
        for at, source in enumerate(projection.sources):
            if len(folded) == 1:
                if source.alias.casefold() == folded[0] and source.alias:
                    return at
            elif source.kind == "table" and source.parts and source.alias == source.parts[-1]:
                parts = tuple(part.casefold() for part in source.parts)
                if parts[-len(folded) :] == folded:
                    return at
        return None

    def _column_of(self, number: int, source: int, name: str) -> Hit | Miss | Unknown:
        columns = self.sources(number)[source]
        column = self._names_of(number)[source].get(name.casefold())
        if column is not None:
            return Hit(source, column)
        if columns.opened is None:
            same = self._called_alike(number, source)
            if same:
                # Some engines look at all tables of one alias, and refuse a name only where two of them have it.
                hits = (self._names_of(number)[each].get(name.casefold()) for each in same)
                hit = next((Hit(at, found) for at, found in zip(same, hits, strict=True) if found is not None), None)
                return hit or Unknown(f"several tables of this query are called `{self._alias_of(number, source)}`")
            return _HAS_UNNAMED if _has_unnamed(columns) else Miss((source,))
        return self._assumed(number, source, name) or columns.opened

    def _alias_of(self, number: int, source: int) -> str:
        return self._shape.projections[number].sources[source].alias

    def _called_alike(self, number: int, source: int) -> list[int]:
        """The other sources of a SELECT with the alias of one."""
        alias = self._alias_of(number, source).casefold()
        others = enumerate(self._shape.projections[number].sources)
        return [at for at, each in others if alias and at != source and each.alias.casefold() == alias]

    def _assumed(self, number: int, source: int, name: str) -> Hit | None:
        """A column that a table must have, since the query reads it from there, through stars if need be."""
        one = self._shape.projections[number].sources[source]
        if one.kind == "query" and not one.columns:
            column = self._through_star(one.query, name)
            return Hit(source, replace(column, nullable=True if one.nullable else None)) if column is not None else None
        if one.kind != "table" or not one.parts:
            return None
        table = tuple(part.casefold() for part in one.parts)
        origin = ColumnOrigin(table, name.casefold())
        return Hit(source, OutColumn(name, UNKNOWN_TYPE, True if one.nullable else None, (origin,), True))

    def _through_star(self, number: int, name: str) -> OutColumn | None:
        """A column that only the one star of a SELECT can bring."""
        projection = self._shape.projections[number]
        stars = [item for item in projection.items if item.star]
        if len(stars) != 1 or projection.opened or projection.branches or number in self._active:
            return None
        star, folded = stars[0], name.casefold()
        if star.renamed or folded in {each.casefold() for each in (*star.excluded, *(one for one, _ in star.replaced))}:
            return None
        self._active.add(number)
        found = self.resolve(number, (*star.path, name))
        self._active.discard(number)
        return found.column if isinstance(found, Hit) else None

    def _unqualified(self, number: int, projection: Projection, name: str) -> Hit | Miss | Unknown:
        hits: list[Hit] = []
        opened: list[int] = []
        folded = name.casefold()
        merged = False
        for at, named in enumerate(self._names_of(number)):
            source = projection.sources[at]
            if source.hidden:
                continue
            column = named.get(folded)
            if column is not None:
                shared = source.natural or folded in {each.casefold() for each in source.using}
                merged = merged or shared
                if not (hits and shared):
                    hits.append(Hit(at, column))
                continue
            if source.alias and source.alias.casefold() == folded:
                return Unknown(f"`{name}` may mean a whole row")
            if self.sources(number)[at].opened is not None:
                opened.append(at)
        if hits:
            several = len(hits) > 1 and not merged
            return Unknown(f"several tables of this query have a column `{name}`") if several else hits[0]
        return self._unfound(number, projection, name, opened)

    def _unfound(self, number: int, projection: Projection, name: str, opened: list[int]) -> Hit | Miss | Unknown:
        if projection.from_opened:
            return Unknown(projection.from_opened)
        if not opened:
            if any(map(_has_unnamed, self.sources(number))):
                return _HAS_UNNAMED
            return Miss(tuple(at for at, source in enumerate(projection.sources) if not source.hidden))
        assumed = self._assumed(number, opened[0], name) if len(opened) == 1 else None
        return assumed or self.sources(number)[opened[0]].opened or Unknown("not all columns are known")

    def _names_of(self, number: int) -> tuple[dict[str, OutColumn], ...]:
        """The columns of each source by their folded names, of several with one name the first."""
        known = self._names.get(number)
        if known is None:
            known = tuple(
                {column.name.casefold(): column for column in reversed(columns.columns)}
                for columns in self.sources(number)
            )
            self._names[number] = known
        return known


def _nullable(column: OutColumn) -> OutColumn:
    """The column behind a join that may find no row."""
    if column.nullable is True:
        return column
    return OutColumn(column.name, column.type, True, column.origins, column.copied, column.comment, column.item)


def _has_unnamed(columns: Columns) -> bool:
    return any(not column.name for column in columns.columns)


def _is_field(path: Path, source: From, column: OutColumn) -> bool:
    """Whether a path goes on into a struct behind its column."""
    return bool(path) and path[-1].casefold() != column.name.casefold()


def renamed(columns: Columns, names: Sequence[str]) -> Columns:
    """The columns under the names of a list in their order: ``t(a, b)``, ``CREATE VIEW v (a, b)``."""
    if columns.opened is not None and len(names) > len(columns.columns):
        extra = tuple(OutColumn(name) for name in names[len(columns.columns) :])
        columns = replace(columns, columns=(*columns.columns, *extra))
    mapped = {column.name.casefold(): name.casefold() for column, name in zip(columns.columns, names, strict=False)}
    listed = [replace(column, name=name) for column, name in zip(columns.columns, names, strict=False)]
    listed += columns.columns[len(listed) :]

    def under_new_names(group: frozenset[str]) -> frozenset[str]:
        return frozenset(mapped.get(name, name) for name in group)

    return Columns(
        tuple(listed),
        columns.opened,
        tuple(map(under_new_names, columns.keys)),
        tuple((mapped.get(name, name), under_new_names(group)) for name, group in columns.numbered),
        columns.declared,
    )
