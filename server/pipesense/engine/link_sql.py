"""Linking SQL: statements read one by one, put in the order of their script, and what they define."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from operator import attrgetter
from typing import Any, Final

from pipesense.engine.document import Document, EmbeddedScript, EmbeddedUnit, Unit
from pipesense.engine.index import Key
from pipesense.engine.linked import Linked, Unread
from pipesense.engine.report import Counters, InternalError
from pipesense.lang.jinja.references import reference
from pipesense.lang.sql import accesses as sql_accesses
from pipesense.lang.sql import dialect as sql_dialect
from pipesense.lang.sql.column_reads import column_reads
from pipesense.lang.sql.earlier import Earlier
from pipesense.lang.sql.relation import Definitions, relation
from pipesense.lang.sql.relation import model as model_relation
from pipesense.lang.sql.retokenise import Retokeniser
from pipesense.lang.sql.split import split
from pipesense.model.data import ColumnReads, Relation
from pipesense.model.sql import Hole, Script, Statement, StatementFacts
from pipesense.model.where import Loc
from pipesense.text.source_map import SourceMap
from pipesense.text.span import Span

_NO_LIMIT: Final = 1 << 60
# Looks at hundreds of statements at every key are left to loops that are not Python's own.
_STATEMENTS: Final = attrgetter("statements")
_ACCESSES: Final = attrgetter("accesses")
_TABLES: Final = attrgetter("tables")
_DIRECTIVE: Final = attrgetter("directive")
_SIGNS: Final = attrgetter("signs")
_TOLD: Final = attrgetter("told")
_COLUMNS_READ: Final = attrgetter("columns_read")


_BY_BATCH: Final = frozenset({"tsql", "fabric"})
_ROUTINES: Final = frozenset({"procedure", "proc", "function", "trigger"})


class StatementReader:
    """Reads statements, each text in each dialect once.

    ``read`` is the language's own reader; what it cannot read is kept as well. Should the reader itself fail,
    ``log`` is told and that statement counts as unread: nothing else is lost. ``told`` gives the dialect of a
    system that a text's own words tell, and why.
    """

    def __init__(
        self,
        read: Callable[..., StatementFacts],
        counters: Counters,
        log: Callable[[InternalError], None],
        told: Callable[[str], tuple[str, str] | None] = lambda text: None,
        budget: int = 32_000,
    ) -> None:
        self._read = read
        self.told = told
        self._log = log
        self._counters = counters
        self._budget = budget
        """Characters of statements that are remembered beyond the units that hold them, the oldest go first."""
        self._held = 0
        self.lately = Retokeniser()
        """The tokens of the last statements."""
        self._cache: dict[tuple[str, str, tuple[Hole, ...]], StatementFacts] = {}

    def facts(self, unit: Unit, dialect: str, holes: tuple[Hole, ...] = ()) -> StatementFacts:
        """What a unit's statement says in a dialect."""
        known = unit.facts
        if known is not None and unit.dialect == dialect:
            return known
        key = (unit.text, dialect, holes)
        facts = self._cache.get(key)
        if facts is None:
            self._counters.statements_read += 1
            facts = self._guarded(unit.text, dialect, holes)
            self._remember(key, facts)
        if unit.dialect != dialect or unit.facts is not facts:
            unit.statement = None
            unit.findings = None
        unit.facts, unit.dialect = facts, dialect
        return facts

    def _remember(self, key: tuple[str, str, tuple[Hole, ...]], facts: StatementFacts) -> None:
        self._cache[key] = facts
        self._held += len(key[0])
        while self._held > self._budget and len(self._cache) > 1:
            oldest = next(iter(self._cache))
            del self._cache[oldest]
            self._held -= len(oldest[0])

    def _guarded(self, text: str, dialect: str, holes: tuple[Hole, ...]) -> StatementFacts:
        try:
            return self._read(text, dialect, holes=holes, lately=self.lately)
        except Exception as error:  # a failure costs this statement's facts and nothing else
            self._log(InternalError("SQL reader", "", f"{type(error).__name__}: {error}"))
            whole = Span(0, len(text))
            return StatementFacts("", dialect, whole, error="Reading this statement failed.", error_span=whole)


def script_of(
    path: str,
    loc: Loc,
    units: Sequence[tuple[Unit, tuple[Hole, ...]]],
    dialect: str,
    why: str,
    reader: StatementReader,
    *,
    embedded: bool,
    declared: frozenset[str] = frozenset(),
    connection: str = "",
    stored: bool = False,
) -> Script:
    """The statements of one SQL text, in order; blank units are left out.

    ``declared``: names of variables and parameters from around the text, in lower case. ``connection``: the id of the
    connection that it runs over, "" where none is named. ``stored``: it is the body of a procedure or function.
    """
    statements: list[Statement] = []
    earlier = Earlier()
    definitions = Definitions(loc)
    for unit, holes in units:
        facts = reader.facts(unit, dialect, holes)
        if not facts.kind and not facts.error:
            continue
        around, local = earlier.around(facts), definitions.read_by(facts)
        declared = declared.union(facts.variables) if facts.variables else declared
        # T-SQL's procedures go on behind their semicolons, until their batch ends.
        stored = stored or (facts.create is not None and facts.dialect in _BY_BATCH and facts.create.kind in _ROUTINES)
        known = unit.statement
        if (
            known is None
            or known.facts is not facts
            or unit.around != around
            or known.local != local
            or known.variables != declared
            or known.connection != connection
            or known.stored != stored
        ):
            whole = Loc(path, unit.id, Span(0, len(unit.text)))
            found = sql_accesses.accesses(facts, whole, around)
            tables = frozenset(_tables(facts))
            known = Statement(facts, whole, found, local, declared, column_reads(facts), tables, connection, stored)
            unit.statement, unit.around, unit.uses = known, around, None
            unit.relation = relation(facts, whole, local)
        statements.append(known)
        earlier.add(facts)
        definitions.add(facts, unit.relation)
    defined = definitions.relations()
    if connection:
        defined = tuple(replace(each, connection=connection) for each in defined)
    return Script(tuple(statements), dialect, why, loc, embedded=embedded, variables=declared, relations=defined)


def unread(script: Script) -> tuple[Unread, ...]:
    """The statements of a script that could not be read."""
    return tuple(
        Unread(each.at(each.facts.error_span or each.facts.span), each.facts.error) for each in script.having("error")
    )


def recognised(script: Script) -> tuple[Unread, ...]:
    """The statements of a script in which nothing is judged, though it is known what they are."""
    return tuple(Unread(each.at(each.facts.span), each.facts.unjudged) for each in script.having("unjudged"))


def relations(scripts: Iterable[Script]) -> dict[Key, tuple[Relation, ...]]:
    """The tables that scripts define, under ("relation", <table name in lower case>)."""
    found: dict[Key, tuple[Relation, ...]] = {}
    for script in scripts:
        for one in script.relations:
            key = ("relation", one.dataset.table)
            found[key] = (*found.get(key, ()), one)
    return found


def owners(scripts: Iterable[Script]) -> dict[Key, Any]:
    """The roles to which scripts give a table, under ("owner", <table name in lower case>)."""
    found: dict[Key, frozenset[str]] = {}
    for alter in [each.facts.alter for script in scripts for each in script.having("alter")]:
        named = {action.name.casefold() for action in alter.actions if action.what == "owner"} if alter else ()
        if alter and named:
            key = ("owner", alter.parts[-1].lower())
            found[key] = found.get(key, frozenset()).union(named)
    return dict(found)


def tables_read(scripts: Iterable[Script]) -> frozenset[str]:
    """The last parts of the names of all tables that scripts read, in lower case; dbt models by their own names."""
    return frozenset().union(*(each for script in scripts for each in map(_TABLES, script.statements)))


def _tables(facts: StatementFacts) -> Iterator[str]:
    for parts, _ in facts.reads:
        named = reference(parts[-1]) if parts[-1].startswith("{") else None
        yield (named.name if named is not None else parts[-1]).lower()


def columns_read(path: str, scripts: Iterable[Script]) -> dict[Key, Any]:
    """Which columns scripts read, under ("columns", <table name in lower case>)."""
    found: dict[Key, dict[ColumnReads, None]] = {}
    reads = chain.from_iterable(map(_COLUMNS_READ, chain.from_iterable(map(_STATEMENTS, scripts))))
    for parts, names in dict.fromkeys(reads):
        found.setdefault(("columns", parts[-1].lower()), {})[ColumnReads(path, parts, names)] = None
    return {key: tuple(each) for key, each in found.items()}


def places(defined: Mapping[Key, tuple[Relation, ...]]) -> dict[Key, Any]:
    """Where relations and their columns stand, under ("places", <table name>).

    They are apart from the relations because they change with keys that change no relation.
    """
    found: dict[Key, Any] = {}
    for (_, name), several in defined.items():
        here = tuple((each.loc, *(column.loc for column in each.columns)) for each in several)
        found[("places", name)] = (*found.get(("places", name), ()), *here)
    return found


def _dialect(
    units: Sequence[Unit],
    configured: str | None,
    context: tuple[str, str] | None,
    reader: StatementReader,
    budget: int,
) -> tuple[tuple[str, str] | None, int]:
    """The dialect of a file and why, and what is left of the budget; None where that is used up before it is known.

    The words of the text are looked at only where nobody says the dialect. The first comment that names one counts.
    """
    if None in map(_DIRECTIVE, units):
        for unit in units:
            if unit.directive is None:
                unit.directive = sql_dialect.directive(unit.text) or ""
    directive = next(filter(None, map(_DIRECTIVE, units)), None)
    if directive:
        return (directive, "directive"), budget
    said = sql_dialect.said(None, configured, context)
    if said is not None:
        return said, budget
    for unit in units if None in map(_SIGNS, units) else ():
        if unit.signs is None:
            unit.signs, unit.told = sql_dialect.signs(unit.text), reader.told(unit.text)
            budget -= len(unit.text) // 4
            if budget < 0:
                return None, budget
    told = next(filter(None, map(_TOLD, units)), None)
    return told or sql_dialect.decided(chain.from_iterable(filter(None, map(_SIGNS, units)))), budget


def prepare_sql_file(
    document: Document,
    configured: str | None,
    context: tuple[str, str] | None,
    reader: StatementReader,
    budget: int,
) -> bool:
    """Read statements of about ``budget`` characters ahead of linking; True while more are to be read."""
    chosen, budget = _dialect(document.units, configured, context, reader, budget)
    if chosen is None:
        return True
    for unit in document.units:
        if unit.facts is None or unit.dialect != chosen[0]:
            reader.facts(unit, chosen[0])
            budget -= len(unit.text)
            if budget < 0:
                return True
    return False


def read_so_far(document: Document, reader: StatementReader) -> tuple[Statement, ...]:
    """The statements of a SQL file from its top up to the first that was not read yet, or that holds others."""
    units: list[tuple[Unit, tuple[Hole, ...]]] = []
    for unit in document.units:
        if unit.facts is None or unit.facts.inner:
            break
        units.append((unit, ()))
    if not units:
        return ()
    loc = Loc(document.path, document.units[0].id, Span(0, 0))
    return script_of(document.path, loc, units, units[0][0].dialect, "", reader, embedded=False).statements


def link_sql_file(
    document: Document,
    configured: str | None,
    context: tuple[str, str] | None,
    reader: StatementReader,
    model: tuple[str, str] | None = None,
) -> Linked:
    """A SQL file as one script. ``context`` is the dialect that who runs the file implies, with the reason.

    ``model``: the project folder and name of the dbt model that the file is.
    """
    path = document.path
    chosen, _ = _dialect(document.units, configured, context, reader, _NO_LIMIT)
    assert chosen is not None
    dialect, why = chosen
    loc = Loc(path, document.units[0].id if document.units else 0, Span(0, 0))
    units, stored = _with_inner(document, dialect, why, reader)
    script = script_of(path, loc, units, dialect, why, reader, embedded=False)
    bodies = {each.id: embedded_script(path, each, reader, declared, stored=True) for each, declared in stored}
    scripts = {0: script, **bodies}
    document.released()
    defined = relations([script])
    if model is not None:
        made = model_relation(script.statements, model[1], model[0], loc)
        defined[("model", made.dataset.table)] = (made,)
    exports: dict[Key, Any] = {**defined, **places(defined), **columns_read(path, scripts.values())}
    exports |= owners(scripts.values())
    exports[("file", path)] = True
    exports[("script", path)] = tuple(chain.from_iterable(map(_ACCESSES, script.statements)))
    if document.text.startswith("---"):
        exports.update(_told_at_top(document))
    return Linked(
        scripts=scripts,
        unread=tuple(gap for each in scripts.values() for gap in unread(each)),
        recognised=tuple(gap for each in scripts.values() for gap in recognised(each)),
        exports=exports,
    )


def _told_at_top(document: Document) -> dict[Key, Any]:
    """What YAML before the first statement tells others."""
    from pipesense.systems.airflow.gusty import told_at_top

    told = told_at_top(document.path, document.units[0].id, document.text) if document.units else {}
    return {("told", *about): value for about, value in told.items()}


def _with_inner(
    document: Document, dialect: str, why: str, reader: StatementReader
) -> tuple[list[tuple[Unit, tuple[Hole, ...]]], list[tuple[EmbeddedScript, frozenset[str]]]]:
    """The units of a script, each block's own statements behind it; and the bodies of procedures and functions with
    the names that they declare.
    """
    units: list[tuple[Unit, tuple[Hole, ...]]] = []
    stored: list[tuple[EmbeddedScript, frozenset[str]]] = []
    for unit in document.units:
        units.append((unit, ()))
        facts = reader.facts(unit, dialect)
        script = _inner_script(document, unit, facts.inner, dialect, why)
        if script is not None and facts.stored:
            stored.append((script, frozenset(facts.variables)))
        elif script is not None:
            units += [(each.unit, ()) for each in script.statements]
    return units, stored


def _inner_script(
    document: Document, unit: Unit, inner: tuple[Span, ...], dialect: str, why: str
) -> EmbeddedScript | None:
    """The statements inside a unit as units of their own, that keep their numbers as long as it does."""
    script = document.scripts.get((unit.id, 0))
    if not inner and script is None:
        return None
    if script is None or [Span(each.start, each.start + len(each.unit.text)) for each in script.statements] != [*inner]:
        whole = SourceMap.identity(len(unit.text))
        script = EmbeddedScript(document.next_id(), unit.id, 0, unit.text, whole, dialect, why)
        script.statements += [
            EmbeddedUnit(Unit(document.next_id(), "statement", span.of(unit.text)), unit.id, whole, span.start)
            for span in inner
        ]
        document.add_script(script)
    script.dialect, script.why_dialect = dialect, why
    return script


def embed(
    document: Document,
    host: int,
    anchor: int,
    text: str,
    source: SourceMap,
    holes: tuple[Hole, ...],
    dialect: str,
    why: str,
) -> EmbeddedScript:
    """The units of a string with SQL in it; a literal that was seen before keeps its numbers."""
    script = document.scripts.get((host, anchor))
    if script is None or script.text != text:
        script = EmbeddedScript(document.next_id(), host, anchor, text, source, dialect, why)
        script.formats = frozenset(hole.kind for hole in holes)
        for cut in split(text):
            inside = tuple(
                Hole(hole.span.shift(-cut.start), hole.text, hole.kind)
                for hole in holes
                if cut.start <= hole.span.start and hole.span.end <= cut.end
            )
            unit = Unit(document.next_id(), cut.kind, text[cut.start : cut.end])
            script.statements.append(EmbeddedUnit(unit, host, source, cut.start, inside))
        document.add_script(script)
    script.dialect, script.why_dialect = dialect, why
    return script


def embedded_script(
    path: str,
    script: EmbeddedScript,
    reader: StatementReader,
    declared: frozenset[str] = frozenset(),
    *,
    stored: bool = False,
) -> Script:
    """The statements of a string with SQL in it; the script of the last time while nothing in it changed."""
    made = script_of(
        path,
        Loc(path, script.id, Span(0, len(script.text))),
        [(each.unit, each.holes) for each in script.statements],
        script.dialect,
        script.why_dialect,
        reader,
        embedded=True,
        declared=declared,
        connection=script.connection,
        stored=stored,
    )
    before = script.linked
    if (
        before is not None
        and (before.dialect, before.why_dialect) == (made.dialect, made.why_dialect)
        and len(before.statements) == len(made.statements)
        and all(old is new for old, new in zip(before.statements, made.statements, strict=True))
    ):
        return before
    script.linked = made
    return made
