"""The workspace's catalogue of relations as one file sees it: its own script first, then everybody's definitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pipesense.engine.dbt_relations import is_built_as, snapshot_columns
from pipesense.engine.index import Key
from pipesense.engine.roles import defines_elsewhere, is_of_tests
from pipesense.lang.jinja.references import reference
from pipesense.lang.sql.bind import Binder
from pipesense.lang.sql.columns import Resolver, renamed
from pipesense.lang.sql.earlier import dataset
from pipesense.lang.sql.relation import is_sure, same_table, with_keys
from pipesense.model.columns import ColumnOrigin, Columns, OutColumn, SqlType
from pipesense.model.data import Column, Confidence, DatasetName, Relation
from pipesense.model.shape import Path, QueryShape
from pipesense.model.sql import Statement
from pipesense.model.value import Known, Unknown, Value

if TYPE_CHECKING:
    from pipesense.engine.dbt_view import ProjectView

_ITSELF = Columns((), Unknown("it is made from itself"))
_TOO_DEEP = Columns((), Unknown("views read views too deeply to be followed"))
_DEEPEST = 90
_REMEMBERED = 5_000


class Lookup(Protocol):
    """Where values under keys come from: the index, or the index with one file's values exchanged."""

    def get(self, key: Key) -> tuple[object, ...]:
        """All values under a key."""


class Projects(Protocol):
    """What is known of dbt projects beside their models."""

    def folder(self, path: str) -> str:
        """The folder of the project that holds a file, "" without one."""

    def model(self, path: str) -> tuple[str, str] | None:
        """The project folder and the name of the model that a file is."""

    def seed(self, folder: str, name: str) -> Relation | None:
        """A seed of a project."""


class _Place(NamedTuple):
    """From where a name is looked up: the script's own relations, the dbt project, and where to note the question."""

    local: tuple[Relation, ...]
    project: str
    reads: set[Key]
    connection: str = ""
    tested: bool = True
    """What tests define counts here too."""
    file: str = ""
    home: str = ""
    """The file from whose folder it is looked."""

    def sees(self, relation: Relation) -> bool:
        """Whether a relation may be in the same database; two connections with different names are two databases.

        What tests set up for themselves (a smaller schema, that of another release) says nothing of production's.
        """
        if not self.tested and is_of_tests(relation.loc.file):
            return False
        return not (self.connection and relation.connection) or self.connection == relation.connection


class _Made(NamedTuple):
    """The columns of a relation that a query makes; it is kept, so that its identity stays its own."""

    relation: Relation
    columns: Columns
    reads: frozenset[Key]
    circle: int = 0
    """The identity of the relation by which the circle was entered that it lies on."""


class ColumnMemo:
    """Columns of relations, remembered from file to file with the versions of what was asked to work them out.

    ``version`` gives a number that changes with the values under a key.
    """

    def __init__(self, version: Callable[[Key], int]) -> None:
        self._version = version
        self._generation = -1
        self._known: dict[int, tuple[_Made, tuple[tuple[Key, int], ...]]] = {}

    def at(self, generation: int) -> ColumnMemo:
        """The memo, empty where settings and surroundings are new."""
        if generation != self._generation:
            self._known.clear()
            self._generation = generation
        return self

    def get(self, relation: Relation) -> _Made | None:
        """What is known of a relation, if everything that it rests on is as it was."""
        known = self._known.get(id(relation))
        if known is None or any(self._version(key) != number for key, number in known[1]):
            return None
        return known[0]

    def put(self, made: _Made) -> None:
        """Remember; the oldest go first."""
        while len(self._known) >= _REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[id(made.relation)] = made, tuple((key, self._version(key)) for key in made.reads)


@dataclass(slots=True)
class Relations:
    """Answers about relations and columns, each worked out once; good for as long as the look-up does not change."""

    lookup: Lookup
    projects: Projects | None = None
    memo: ColumnMemo | None = None
    """For a look-up that is the index."""
    _relations: dict[int, _Made] = field(default_factory=dict)
    _active: dict[int, int] = field(default_factory=dict)
    """The relations that are being worked out, by identity; the place of the first one that is made from it, or -1."""

    def view(self, folder: str, reads: set[Key]) -> ProjectView:
        """What is known of a dbt project; every question is noted."""
        from pipesense.engine.dbt_view import ProjectView

        return ProjectView(folder, self.lookup, reads.add, lambda: (self, reads))

    def place(self, statement: Statement | None, reads: set[Key]) -> _Place:
        if statement is None:
            return _Place((), "", reads)
        folder = self.projects.folder(statement.loc.file) if self.projects is not None else ""
        file = statement.loc.file
        return _Place(statement.local, folder, reads, statement.connection, is_of_tests(file), file, file)

    def find(self, parts: Path, statement: Statement | None, reads: set[Key]) -> Value[Relation]:
        """The relation that a written name surely means: one of the script's own, or the only one of the workspace."""
        return self._find(parts, self.place(statement, reads))

    def model_of(self, statement: Statement) -> str:
        """The dbt model whose query a statement is, "" where it is none."""
        model = self.projects.model(statement.loc.file) if self.projects is not None else None
        return model[1] if model is not None and statement.facts.kind == "select" else ""

    def table_or_model(self, dataset: DatasetName, reads: set[Key]) -> Value[Relation]:
        """The relation of a dataset; where no table has that name, the only dbt model that has."""
        place = _Place((), "", reads)
        found = self._find(dataset.parts, place)
        if isinstance(found, Known) or len(dataset.parts) > 1:
            return found
        models = self._candidates(dataset.table, place, "model")
        return _only(models, dataset.table) if models else found

    def columns(self, parts: Path, statement: Statement | None, reads: set[Key]) -> Columns:
        """The columns of a table by its written name."""
        return self.columns_at(parts, self.place(statement, reads))

    def _find(self, parts: Path, place: _Place) -> Value[Relation]:
        for own in place.local:
            if is_sure(same_table(own.parts, parts)):
                if own.kind == "altered":
                    return self._altered(self._anywhere(parts, place), own)
                return Known(own, own.loc)
        return self._anywhere(parts, place)

    def _candidates(self, table: str, place: _Place, kind: str = "relation") -> list[Relation]:
        """What is exported under a name; ``kind`` is "model" for the names of dbt."""
        key = (kind, table)
        place.reads.add(key)
        return [
            each
            for values in self.lookup.get(key)
            if isinstance(values, tuple)
            for each in values
            if isinstance(each, Relation)
        ]

    def _anywhere(self, parts: Path, place: _Place) -> Value[Relation]:
        name = dataset(parts)
        if name is None:
            return self._referenced(parts, place)
        candidates = self._candidates(name.table, place)
        matches = [(same_table(each.parts, parts), each) for each in candidates if place.sees(each)]
        sure = [(match, each) for match, each in matches if is_sure(match)]
        defined = [(match, each) for match, each in sure if each.kind != "altered"]
        if not defined:
            made_by_dbt = self._built(parts, place) if len(parts) > 1 else None
            if made_by_dbt is not None:
                return made_by_dbt
            if any(match is not Confidence.NONE for match, _ in matches):
                return Unknown(f"it cannot be told whether another {name.table} is meant")
            if len(matches) < len(candidates):
                return Unknown(f"what creates {'.'.join(name.parts)} runs over another connection or for tests")
            return Unknown(f"no file of the workspace creates {'.'.join(name.parts)}")
        if len(name.parts) == 1 and (len(sure) < len(matches) or self._candidates(name.table, place, "model")):
            # Without a schema the name tells little, and others have it too.
            return Unknown(f"it cannot be told which {name.table} is meant")
        if len(name.parts) == 1 and all(defines_elsewhere(place.file, each.loc.file) for _, each in defined):
            # Scripts of two folders may run in two schemas, each with a table of that name.
            return Unknown(
                f"what creates {name.table} lies in a folder of its own, and no schema says that it is meant"
            )
        best = max(match.value for match, _ in defined if match is not None)
        fitting = [each for match, each in defined if match is not None and match.value == best]
        # Of several that say the same, that of the statement's own folder is the one that it meets.
        fitting.sort(
            key=lambda each: bool(_declared_in(each, place.home)) + (_folder(each.loc.file) != _folder(place.home))
        )
        if any(each.temporary for each in fitting):
            return Unknown("another script makes a temporary table of that name")
        if _are_copies([each.loc.file for each in fitting], place.file):
            return Unknown("several folders define it, each for a database of its own, and this file lies in none")
        # A script that names no schema may make the very table (for another engine, with a search path).
        unplaced = [each for match, each in matches if not is_sure(match) and _is_unplaced(each)]
        written = ".".join(name.parts)
        found = _only(
            [*fitting, *(replace(each, dataset=fitting[0].dataset, parts=fitting[0].parts) for each in unplaced)],
            written,
        )
        for _, change in sure:
            if change.kind == "altered":
                found = self._altered(found, change)
        return found

    def _built(self, parts: Path, place: _Place) -> Value[Relation] | None:
        """The dbt model or snapshot that is built as a table of a name; None where none of them bears it."""
        table = parts[-1].lower()
        found = self._candidates(table, place, "model")
        key = ("dbt-alias", table)
        place.reads.add(key)
        for folder, name in [one for values in self.lookup.get(key) if isinstance(values, tuple) for one in values]:
            found += [each for each in self._candidates(name, place, "model") if each.project == folder]
        answers = {id(each): is_built_as(each, parts, self.view(each.project, place.reads)) for each in found}
        fitting = [each for each in found if answers[id(each)] is not False]
        if not fitting:
            return None
        if any(answers[id(each)] is None for each in fitting):
            return Unknown(f"it cannot be told whether the dbt model {fitting[0].parts[-1]} is meant")
        return _only(fitting, ".".join(parts))

    def _referenced(self, parts: Path, place: _Place) -> Value[Relation]:
        """A table by dbt's name for it: a model or seed of the same project, else of another one."""
        named = reference(parts[-1]) if len(parts) == 1 else None
        if named is None:
            return Unknown("a template makes its name")
        if named.kind == "source":
            declared = self._candidates(named.name.lower(), place, "source")
            same = [each for each in declared if each.parts[:1] == (named.group,)]
            own = [each for each in same if each.project == place.project] or same
            return _only(own, named.name) if own else Unknown("no file here says its columns")
        candidates = self._candidates(named.name.lower(), place, "model")
        own = [each for each in candidates if each.project == place.project]
        if not own and self.projects is not None:
            seed = self.projects.seed(place.project, named.name)
            own = [seed] if seed is not None else candidates
        if not own:
            return Unknown(f"no file of the workspace is the model {named.name}")
        return _only(own, named.name)

    @staticmethod
    def _altered(found: Value[Relation], change: Relation) -> Value[Relation]:
        """A definition of which another script changes columns: what is known of it stays, the rest is open."""
        if not isinstance(found, Known):
            return found
        before = tuple(
            replace(column, nullable=False) if column.name.casefold() in change.required else column
            for column in found.value.columns
        )
        known = {column.name.casefold() for column in before}
        added = tuple(column for column in change.columns if column.name.casefold() not in known)
        made = replace(
            found.value,
            columns=(*before, *added) if found.value.query is None else before,
            opened=found.value.opened or change.opened,
            dropped=tuple(dict.fromkeys((*found.value.dropped, *change.dropped))),
        )
        return Known(with_keys(made, change), found.loc)

    def columns_at(self, parts: Path, place: _Place) -> Columns:
        found = self._find(parts, place)
        if not isinstance(found, Known):
            return Columns((), found if isinstance(found, Unknown) else Unknown("it is not known"))
        columns = self.columns_of(found.value, place.reads)
        declared = _declared_in(found.value, place.home)
        return replace(columns, declared=declared) if declared else columns

    def columns_of(self, relation: Relation, reads: set[Key]) -> Columns:
        """The columns of a relation, through the query that makes it."""
        if relation.query is None:
            return _declared(relation)
        number = id(relation)
        known = self._relations.get(number)
        if known is None:
            if number in self._active:
                self._circle(number)
                return _ITSELF
            if len(self._active) >= _DEEPEST:
                return _TOO_DEEP
            known = self.memo.get(relation) if self.memo is not None else None
            if known is None:
                known = self._made(relation, relation.query)
                if self.memo is not None:
                    self.memo.put(known)
            self._relations[number] = known
        elif known.circle in self._active:
            self._circle(known.circle)
        reads |= known.reads
        return known.columns

    def _circle(self, number: int) -> None:
        """Everything from a relation on that is being worked out is made from itself."""
        start = list(self._active).index(number)
        for at, each in enumerate(self._active):
            if at >= start and (self._active[each] < 0 or self._active[each] > start):
                self._active[each] = start

    def _made(self, relation: Relation, query: QueryShape) -> _Made:
        own: set[Key] = set()
        number = id(relation)
        self._active[number] = -1
        file = relation.loc.file
        place = _Place(relation.local, relation.project, own, relation.connection, is_of_tests(file), home=file)
        resolver = Resolver(query, lambda parts: self.columns_at(parts, place))
        found = _of_query(relation, resolver.outputs(query.root) if query.root >= 0 else _NO_QUERY)
        if relation.kind == "snapshot":
            found = snapshot_columns(relation, found, self.view(relation.project, own))
        start = self._active.pop(number)
        if start < 0:
            return _Made(relation, found, frozenset(own))
        # Whatever circle it is entered by, the answer is the same for all that lie on it.
        entry = list(self._active)[start] if start < len(self._active) else 0
        return _Made(relation, _ITSELF, frozenset(own), entry)

    def whole(self, found: Value[Relation], reads: set[Key]) -> Value[Relation]:
        """A relation with the columns that its query gives."""
        if not isinstance(found, Known) or found.value.query is None:
            return found
        relation = found.value
        columns = self.columns_of(relation, reads)
        places = {column.name.casefold(): column.loc for column in relation.columns}
        listed = tuple(
            Column(
                column.name,
                column.type.text,
                column.nullable,
                places.get(column.name.casefold(), relation.loc),
                column.comment,
                column.type.family,
            )
            for column in columns.columns
            if column.name
        )
        unnamed = None if all(column.name for column in columns.columns) else Unknown("a column has no name")
        return Known(replace(relation, columns=listed, opened=columns.opened or unnamed), found.loc)


def _are_copies(defining: list[str], reading: str) -> bool:
    """Whether files of several folders define a name alike and what reads it lies in none of those folders."""
    paths = [PurePosixPath(file).parts for file in dict.fromkeys(defining)]
    if len(paths) < 2 or not reading.endswith(".sql"):
        return False
    shared = next(at for at, parts in enumerate(zip_longest(*paths)) if len(set(parts)) > 1)
    own, mine = {parts[shared] for parts in paths if len(parts) > shared + 1}, PurePosixPath(reading).parts
    same = len({parts[shared + 1 :] for parts in paths}) == 1
    return same and len(own) == len(paths) and mine[:shared] == paths[0][:shared] and mine[shared] not in own


def _declared_in(relation: Relation, home: str) -> str:
    """The file of a CREATE TABLE that lists the columns, where it is another one than ``home``, else ""."""
    if relation.query is not None or relation.kind != "table" or not home:
        return ""
    return relation.loc.file if relation.loc.file != home else ""


def _folder(file: str) -> str:
    return file.rpartition("/")[0]


def _is_unplaced(relation: Relation) -> bool:
    """Whether a definition names no schema, so that any schema's table may be made by it."""
    return len(relation.parts) == 1 and not relation.temporary and relation.kind != "altered"


def _only(fitting: list[Relation], name: str) -> Value[Relation]:
    first = fitting[0]
    if any(each != first for each in fitting):
        return Unknown(f"several files define {name} in different ways")
    return Known(first, first.loc)


_NO_QUERY = Columns((), Unknown("its query cannot be read"))


def _declared(relation: Relation) -> Columns:
    table = tuple(part.casefold() for part in relation.parts) or relation.dataset.parts
    keys = [frozenset(name.casefold() for name in key) for key in (relation.primary_key, *relation.unique) if key]
    primary = {name.casefold() for name in relation.primary_key}
    return Columns(
        tuple(
            OutColumn(
                column.name,
                SqlType(column.family, column.type),
                False if column.name.casefold() in primary else column.nullable,
                (ColumnOrigin(table, column.name.casefold()),),
                True,
                column.comment,
            )
            for column in relation.columns
        ),
        relation.opened,
        tuple(dict.fromkeys(keys)),
    )


def _of_query(relation: Relation, given: Columns) -> Columns:
    if relation.columns and relation.kind not in ("model", "snapshot"):
        given = renamed(given, tuple(column.name for column in relation.columns))
    keys = [frozenset(name.casefold() for name in key) for key in (relation.primary_key, *relation.unique) if key]
    return Columns(
        tuple(replace(column, item=-1) for column in given.columns),
        relation.opened or given.opened,
        tuple(dict.fromkeys((*given.keys, *keys))),
        given.numbered,
        given.declared,
    )


@dataclass(slots=True)
class _Answer:
    """A binder with everything that was looked up for it so far."""

    statement: Statement
    binder: Binder
    reads: set[Key]


@dataclass(slots=True)
class Answers:
    """Answers about the names and queries of statements, each worked out once; good for as long as ``relations``.

    They stand apart from the relations so that nothing refers to itself in a circle: what is done with is freed.
    """

    relations: Relations
    _statements: dict[int, _Answer] = field(default_factory=dict)

    def of(self, statement: Statement) -> tuple[Binder, set[Key]]:
        """The binder of a statement, and the keys that its answers depend on, which grow with the questions."""
        known = self._statements.get(id(statement))
        if known is None:
            reads: set[Key] = set()
            relations = self.relations
            place = relations.place(statement, reads)
            binder = Binder(statement.facts, lambda parts: relations.columns_at(parts, place), statement.variables)
            known = self._statements[id(statement)] = _Answer(statement, binder, reads)
        return known.binder, known.reads
