"""Names of a dbt project: where a model, source or macro is defined, who mentions it, and how it is renamed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from pipesense.engine.dbt import Doc
from pipesense.engine.features.dbt_columns import ColumnRenamer, Renaming
from pipesense.engine.features.dbt_holders import NODES, holders, is_called, nodes, values
from pipesense.engine.features.dbt_reads import ColumnReads, Read
from pipesense.engine.features.names import Names, Place
from pipesense.engine.record import FileRecord
from pipesense.engine.relations import Lookup
from pipesense.lang.jinja.references import Reference
from pipesense.model.change import Refusal
from pipesense.model.dbt import (
    DbtEntry,
    DbtFile,
    DbtMacro,
    DbtNode,
    DbtProperties,
    DbtReference,
    DbtSource,
    DbtTable,
)
from pipesense.model.where import Loc
from pipesense.systems.dbt.tables import CONTEXT
from pipesense.text.edit import TextEdit
from pipesense.text.regex import regex
from pipesense.text.span import Span

_DOC: Final = regex(r"\bdoc\(\s*(?:['\"]\w+['\"]\s*,\s*)?(?P<quote>['\"])(?P<name>\w+)(?P=quote)\s*\)")
_WORD: Final = regex(r"[A-Za-z_]\w*")
_COLUMNS: Final = ("column", "field")
_WORDS: Final = {
    "node": "model",
    "source": "source's table",
    "group": "source",
    "macro": "macro",
    "doc": "documentation block",
    "column": "column",
    "field": "column of a source",
}


class Projects(Protocol):
    """The files of dbt projects."""

    def mentioning(self, folder: str, word: str) -> Iterator[str]:
        """The paths of a project's files whose text holds a word."""

    def docs(self, folder: str) -> Mapping[str, Doc]:
        """The documentation blocks of a project by their names."""

    def folder(self, path: str) -> str:
        """The folder of the project that holds a path."""

    def python(self, path: str) -> Iterator[tuple[str, str]]:
        """The Python files of the workspace folder that holds a path, with their texts."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """What a name means. ``kind``: "node" (a model, snapshot or seed), "source" (one of its tables), "group" (a source
    itself), "macro", "doc" (a documentation block), "column" (of a node) or "field" (of a source's table); ``group`` is
    the source of a table, the node of a column, source and table of a field with a dot between, the package of a node
    or macro that is named with one. Names of nodes, columns and fields are in lower case.
    """

    kind: str
    folder: str
    name: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A name that stands in a file; ``loc`` may hold its quotes. ``defines``: here it is made."""

    symbol: Symbol
    loc: Loc
    defines: bool = False


def mentions(fact: object) -> Iterator[Mention]:
    """Every name of the project in one file."""
    if isinstance(fact, DbtFile):
        own = {macro.name for macro in fact.macros}
        for macro in fact.macros:
            yield Mention(Symbol("macro", fact.folder, macro.name), macro.at, defines=True)
        for call in fact.calls:
            if "." not in call.name or call.name.split(".")[0] in own:
                yield Mention(Symbol("macro", fact.folder, call.name), call.at)
            elif call.name.count(".") == 1 and call.name.split(".")[0] not in CONTEXT:
                package, _, name = call.name.partition(".")
                yield Mention(Symbol("macro", fact.folder, name, package), call.at)
        yield from _references(fact.folder, fact.references)
    elif isinstance(fact, DbtProperties):
        yield from _of_properties(fact)


def _of_properties(fact: DbtProperties) -> Iterator[Mention]:
    folder = fact.folder
    for entry in fact.entries:
        if entry.kind in NODES and entry.name:
            yield Mention(Symbol("node", folder, entry.name.lower()), entry.at)
            for column in entry.columns:
                if column.name:
                    yield Mention(Symbol("column", folder, column.name.lower(), entry.name.lower()), column.at)
        elif entry.kind == "macro" and entry.name:
            yield Mention(Symbol("macro", folder, entry.name), entry.at)
        if entry.relation is not None:
            yield from _references(folder, (entry.relation,))
        yield from _tested(entry)
    for source in fact.sources:
        yield from _of_source(source)
    for exposure in fact.exposures:
        yield from _references(folder, exposure.references)
    for test in fact.unit_tests:
        yield Mention(Symbol("node", folder, test.model.lower()), test.model_at)
        yield from _references(folder, tuple(each for each, _ in test.given if each is not None))


def _of_source(source: DbtSource) -> Iterator[Mention]:
    folder = source.folder
    if source.name:
        yield Mention(Symbol("group", folder, source.name), source.at, defines=True)
    for table in source.tables:
        yield Mention(Symbol("source", folder, table.name, source.name), table.at, defines=True)
        for column in table.entry.columns:
            if column.name:
                symbol = Symbol("field", folder, column.name.lower(), f"{source.name}.{table.name}")
                yield Mention(symbol, column.at, defines=True)
        yield from _tested(table.entry)


def _tested(entry: DbtEntry) -> Iterator[Mention]:
    for test in entry.all_tests():
        if test.reference is not None:
            yield from _references(entry.folder, (test.reference,))


def _references(folder: str, references: tuple[DbtReference, ...]) -> Iterator[Mention]:
    for each in references:
        if each.kind == "ref" and each.names:
            yield Mention(Symbol("node", folder, each.name.lower(), each.group), each.at)
        elif each.kind == "source" and len(each.names) == 2:
            yield Mention(Symbol("source", folder, each.name, each.group), each.at)
            yield Mention(Symbol("group", folder, each.group), each.at)


@dataclass(frozen=True, slots=True)
class DbtNames:
    """``record_of`` gives a file with all its facts; ``place`` a place's range in its file now."""

    record_of: Callable[[str], FileRecord | None]
    lookup: Lookup
    place: Callable[[Loc], tuple[str, Span] | None]
    projects: Projects
    columns: ColumnRenamer | None = None
    """Who knows how columns are passed on; None where nobody asks for that."""
    reads: ColumnReads | None = None
    """Who knows what columns a query reads; None likewise."""
    local: Names | None = None
    """Who knows the names of one statement."""

    def at(self, path: str, offset: int) -> tuple[Symbol, Span] | None:
        """The name of the project that stands at an offset, and its range without quotes."""
        record = self.record_of(path)
        for mention, span in self._in(record) if record is not None else ():
            if span.start <= offset <= span.end:
                return mention.symbol, span
        if record is None or self.reads is None:
            return None
        read = self.reads.at(record, offset)
        return (self._column(record.path, read), read.span) if read is not None else self._inner(record, offset)

    def definition(self, path: str, offset: int) -> tuple[Place, ...]:
        """The model's file, the source's entry, the macro; from a model's own entry in YAML its SQL."""
        found = self.at(path, offset)
        inner = self._made_inside(path, offset)
        if found is not None and inner is not None:
            return inner.definition(path, offset) or tuple(self._made(found[0]))
        return tuple(self._made(found[0])) if found is not None else ()

    def mentioned(self, record: FileRecord) -> Iterator[tuple[Symbol, Span]]:
        """Every name of the project in one file, with its range."""
        return ((mention.symbol, span) for mention, span in self._in(record))

    def made(self, symbol: Symbol) -> Iterator[Place]:
        """Where a name is defined."""
        return self._made(symbol)

    def references(self, path: str, offset: int) -> tuple[Place, ...]:
        """Every place that names it, its definition first."""
        found = self.at(path, offset)
        if found is None:
            return ()
        symbol = found[0]
        inner = self._made_inside(path, offset)
        here = inner.references(path, offset) if inner is not None else ()
        return tuple(dict.fromkeys((*here, *self._made(symbol), *self._named(symbol))))

    def highlights(self, path: str, offset: int) -> tuple[Span, ...]:
        """The same name in the same file."""
        found, record = self.at(path, offset), self.record_of(path)
        if found is None or record is None:
            return ()
        if found[0].kind in _COLUMNS and record.document.language == "sql":
            inner = self._made_inside(path, offset)
            if inner is not None:
                return inner.highlights(path, offset)
            own = (span for mention, span in self._own_columns(record) if mention.symbol == found[0])
            return tuple(sorted({*own, *self._reading(record, found[0])}))
        return tuple(span for mention, span in self._in(record) if mention.symbol == found[0])

    def renamed(self, path: str, offset: int) -> Span | Refusal:
        """The range of the name that a rename would start from, or why it cannot be renamed."""
        found = self.at(path, offset)
        if found is None:
            return Refusal("no name that is known here stands at this place")
        return self._refused(found[0]) or self._passed_on(path, offset, found[0]) or found[1]

    def rename(self, path: str, offset: int, name: str) -> Mapping[str, tuple[TextEdit, ...]] | Refusal:
        """The edits that give it another name wherever the project names it. See ``moved`` for a model's own file."""
        found = self.at(path, offset)
        if found is None:
            return Refusal("no name that is known here stands at this place")
        symbol = found[0]
        if _WORD.fullmatch(name) is None:
            return Refusal(f"`{name}` cannot be a name of dbt's: use letters, digits and _")
        refused = self._refused(symbol) or self._passed_on(path, offset, symbol) or self._taken(symbol, name)
        if refused is not None:
            return refused
        if symbol.kind == "column":
            plan = self._from(path, offset, symbol, name)
            return plan if isinstance(plan, Refusal) else _sorted(plan.sure)
        edits: dict[str, list[TextEdit]] = {}
        made = self._made(symbol) if symbol.kind == "doc" else ()
        for each in dict.fromkeys((*made, *self._named(symbol))):
            edits.setdefault(each.path, []).append(TextEdit(each.span, name))
        return {file: tuple(sorted(several, key=lambda edit: edit.span)) for file, several in edits.items()}

    def moved(self, path: str, offset: int, name: str) -> Mapping[str, str]:
        """The files that a rename gives another name, because a model or seed is called like its file."""
        found = self.at(path, offset)
        if found is None or found[0].kind != "node":
            return {}
        nodes = [node for node in self._nodes(found[0]) if _stem(node.path).lower() == found[0].name]
        return {node.path: f"{node.path.rpartition('/')[0]}/{name}{_ending(node.path)}" for node in nodes}

    def unsure(self, path: str, offset: int, name: str) -> Mapping[str, tuple[TextEdit, ...]]:
        """Further edits of a rename that somebody has to confirm: strings of Python that choose models, names in
        tags that may be the column.
        """
        from pipesense.engine.features.dbt_strings import names_in_strings

        found = self.at(path, offset)
        if found is None:
            return {}
        symbol = found[0]
        if symbol.kind == "column":
            plan = self._from(path, offset, symbol, name)
            return {} if isinstance(plan, Refusal) else _sorted(plan.unsure)
        edits: dict[str, dict[TextEdit, None]] = {}
        for file, text in self.projects.python(path) if symbol.kind in ("node", "source", "group") else ():
            for span in names_in_strings(text, symbol.name):
                edits.setdefault(file, {})[TextEdit(span, name)] = None
        return _sorted(edits)

    def _from(self, path: str, offset: int, symbol: Symbol, name: str) -> Renaming | Refusal:
        """The edits of a rename that starts at a place: at a name inside of the model's query, that name as well."""
        inner = self._made_inside(path, offset)
        here = inner.rename(path, offset, name) if inner is not None else None
        if here is None or isinstance(here, Refusal) or self.columns is None:
            return self._plan(symbol, name)
        plan = self.columns.beyond(symbol.folder, symbol.group, symbol.name, name)
        for file, edits in here.items() if isinstance(plan, Renaming) else ():
            for edit in edits:
                if isinstance(plan, Renaming):
                    plan.add(file, edit.span, edit.text)
        return plan

    def _plan(self, symbol: Symbol, name: str) -> Renaming | Refusal:
        if self.columns is None:
            return Refusal("nothing here knows how columns are passed on")
        return self.columns.plan(symbol.folder, symbol.group, symbol.name, name)

    # --- finding ---------------------------------------------------------------------------------

    def _in(self, record: FileRecord) -> Iterator[tuple[Mention, Span]]:
        text = record.document.text
        for fact in record.linked.facts:
            for mention in map(self._plain, mentions(fact)):
                span = record.document.file_span(mention.loc) if mention.loc.file == record.path else None
                if span is None or span.is_empty:
                    continue
                if mention.symbol.kind == "group" and not mention.defines:
                    before = _group_before(text, span, mention.symbol.name)
                    if before is not None:
                        yield mention, before
                else:
                    yield mention, _unquoted(text, span, mention.symbol.name)
        yield from self._own_columns(record)
        folder = self.projects.folder(record.path) if "doc(" in text else ""
        for match in _DOC.finditer(text) if folder else ():
            span = Span(*match.span("name"))
            yield Mention(Symbol("doc", folder, match["name"]), Loc(record.path, 0, span)), span

    def _plain(self, mention: Mention) -> Mention:
        """A node that is named with its own project's name is the same without."""
        symbol = mention.symbol
        if symbol.kind != "node" or not symbol.group or not is_called(self.lookup, symbol.folder, symbol.group):
            return mention
        return Mention(Symbol("node", symbol.folder, symbol.name), mention.loc, mention.defines)

    def _own_columns(self, record: FileRecord) -> Iterator[tuple[Mention, Span]]:
        """The aliases in the SELECT list that a model's file ends in: what YAML and other models know."""
        nodes = [node for fact in record.linked.facts if isinstance(fact, DbtFile) for node in fact.nodes]
        if len(nodes) != 1 or nodes[0].kind != "model" or self.columns is None:
            return
        for name, loc in self.columns.aliases(nodes[0]):
            span = record.document.file_span(loc)
            if span is not None:
                yield Mention(Symbol("column", nodes[0].folder, name, nodes[0].name.lower()), loc, defines=True), span

    def _inner(self, record: FileRecord, offset: int) -> tuple[Symbol, Span] | None:
        """The model's own column that a name inside of its query means."""
        nodes = [node for fact in record.linked.facts if isinstance(fact, DbtFile) for node in fact.nodes]
        given = self.reads.given(record, offset) if self.reads is not None and len(nodes) == 1 else None
        if given is None or nodes[0].kind != "model":
            return None
        return Symbol("column", nodes[0].folder, given[0], nodes[0].name.lower()), given[1]

    def _made_inside(self, path: str, offset: int) -> Names | None:
        """Who answers for the names of a model's query, where the one at an offset is not what it gives by stars."""
        record = self.record_of(path) if self.local is not None and self.reads is not None else None
        if record is None or self.reads is None or self.reads.at(record, offset) is not None:
            return None
        found = self._inner(record, offset)
        nodes = self._nodes(Symbol("node", found[0].folder, found[0].group)) if found is not None else []
        if found is None or len(nodes) != 1 or self.columns is None:
            return None
        return None if self.columns.is_made_at(nodes[0], found[0].name, found[1]) else self.local

    def _column(self, path: str, read: Read) -> Symbol:
        """The column of a node, or of a source's table, that is read in a file."""
        folder, of = self.projects.folder(path), read.of
        if of.kind == "source":
            return Symbol("field", folder, read.name, f"{of.group}.{of.name}")
        return Symbol("column", folder, read.name, of.name.lower())

    def _reading(self, record: FileRecord, symbol: Symbol) -> Iterator[Span]:
        return self.reads.every(record, _of(symbol), symbol.name) if self.reads is not None else iter(())

    def _named(self, symbol: Symbol) -> Iterator[Place]:
        if symbol.kind == "column":
            plan = self._plan(symbol, f"{symbol.name}_")
            for path, edits in () if isinstance(plan, Refusal) else plan.sure.items():
                yield from (Place(path, edit.span) for edit in edits if not edit.span.is_empty)
            if not isinstance(plan, Refusal):
                return
        if symbol.kind in _COLUMNS:
            for path in self.projects.mentioning(symbol.folder, symbol.group.rpartition(".")[2]):
                record = self.record_of(path)
                yield from (Place(path, span) for span in self._reading(record, symbol)) if record is not None else ()
        for path in self.projects.mentioning(symbol.folder, symbol.name):
            record = self.record_of(path)
            for mention, span in self._in(record) if record is not None else ():
                if mention.symbol == symbol:
                    yield Place(path, span)

    def _made(self, symbol: Symbol) -> Iterator[Place]:
        if symbol.kind == "node":
            for node in self._nodes(symbol):
                yield Place(node.path, Span(0, 0))
            return
        if symbol.kind in _COLUMNS:
            where = self.columns.defined(symbol.folder, symbol.group, symbol.name) if self.columns is not None else None
            if self.reads is not None:
                where = self.reads.made(symbol.folder, _of(symbol), symbol.name)
            if where is not None:
                yield Place(*where)
            return
        if symbol.kind == "doc":
            doc = self.projects.docs(symbol.folder).get(symbol.name)
            if doc is not None:
                yield Place(doc.path, doc.span)
            return
        for made in self._made_by(symbol):
            record = self.record_of(made.path)
            for mention, span in self._in(record) if record is not None else ():
                same = mention.symbol
                group = symbol.group if symbol.kind != "macro" else ""
                if (same.kind, same.name, same.group) == (symbol.kind, symbol.name, group) and mention.defines:
                    yield Place(made.path, span)

    def _nodes(self, symbol: Symbol) -> list[DbtNode]:
        return nodes(self.lookup, symbol.folder, symbol.name, symbol.group)

    def _holders(self, symbol: Symbol) -> Iterator[str]:
        return holders(self.lookup, symbol.folder, symbol.group if symbol.kind == "macro" else "")

    def _made_by(self, symbol: Symbol) -> list[DbtMacro | DbtTable | DbtSource]:
        key: tuple[str, ...] = ("dbt-macro", symbol.folder, symbol.name)
        if symbol.kind == "source":
            key = ("dbt-source", symbol.folder, symbol.group, symbol.name)
        elif symbol.kind == "group":
            key = ("dbt-group", symbol.folder, symbol.name)
        for folder in self._holders(symbol):
            found = values(self.lookup, (key[0], folder, *key[2:]))
            made = [each for each in found if isinstance(each, (DbtMacro, DbtTable, DbtSource))]
            if made:
                return made
        return []

    # --- refusing --------------------------------------------------------------------------------

    def _refused(self, symbol: Symbol) -> Refusal | None:
        word = _WORDS[symbol.kind]
        if symbol.kind == "field":
            return Refusal(f"`{symbol.name}` is a column of the source {symbol.group}, which dbt does not make")
        if symbol.kind == "column":
            plan = self._plan(symbol, f"{symbol.name}_")
            return plan if isinstance(plan, Refusal) else None
        made = len(self._nodes(symbol)) if symbol.kind == "node" else len(self._made_by(symbol))
        made = len(list(self._made(symbol))) if symbol.kind == "doc" else made
        if not made:
            return Refusal(f"no file of the project defines the {word} `{symbol.name}`, so it would not be renamed")
        if made > 1:
            return Refusal(f"several files define a {word} `{symbol.name}`")
        places = [each.path for each in (self._nodes(symbol) if symbol.kind == "node" else self._made_by(symbol))]
        if any(self.projects.folder(path) != symbol.folder for path in places):
            return Refusal(f"the {word} `{symbol.name}` belongs to an installed package")
        return None

    def _passed_on(self, path: str, offset: int, symbol: Symbol) -> Refusal | None:
        """A column that is read and given on by one word: which of the two is to be renamed, nobody can tell."""
        record = self.record_of(path) if symbol.kind in _COLUMNS and self.reads is not None else None
        read = self.reads.at(record, offset) if record is not None and self.reads is not None else None
        if read is None or not read.passed_on:
            return None
        return Refusal(
            f"`{symbol.name}` is a column of {symbol.group} that this query passes on under the same name: "
            f"rename it in {symbol.group}, or give it an alias here first"
        )

    def _taken(self, symbol: Symbol, name: str) -> Refusal | None:
        other = Symbol(symbol.kind, symbol.folder, name.lower() if symbol.kind == "node" else name, symbol.group)
        if symbol.kind in _COLUMNS:
            return None
        if symbol.kind == "doc":
            is_taken = name in self.projects.docs(symbol.folder) and name != symbol.name
            return Refusal(f"the project has a documentation block `{name}` already") if is_taken else None
        taken = self._nodes(other) if symbol.kind == "node" else self._made_by(other)
        if other != symbol and taken:
            return Refusal(f"the project has a {_WORDS[symbol.kind]} `{name}` already")
        return None


def _of(symbol: Symbol) -> Reference:
    """By what name of dbt's the table of a column is read."""
    group, _, name = symbol.group.partition(".") if symbol.kind == "field" else ("", "", symbol.group)
    return Reference("source" if symbol.kind == "field" else "ref", group, name)


def _sorted(edits: Mapping[str, Iterable[TextEdit]]) -> dict[str, tuple[TextEdit, ...]]:
    return {file: tuple(sorted(several, key=lambda edit: edit.span)) for file, several in edits.items() if several}


def _unquoted(text: str, span: Span, name: str) -> Span:
    """The range of the name alone in what may have quotes, or a package, around it."""
    written = span.of(text)
    quoted = [match.span("name") for match in re.finditer(rf"(['\"])(?P<name>{re.escape(name)})\1", written, re.I)]
    at = quoted[-1][0] if quoted else written.lower().find(name.lower())
    return Span(span.start + at, span.start + at + len(name)) if at >= 0 else span


def _group_before(text: str, span: Span, name: str) -> Span | None:
    """The range of a source's name in ``source('name', 'table')``, of which ``span`` is the end or all."""
    start = max(0, span.start - 200)
    found = list(re.finditer(rf"(['\"])(?P<name>{re.escape(name)})\1\s*,", text[start : span.end]))
    return Span(start + found[-1].start("name"), start + found[-1].end("name")) if found else None


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _ending(path: str) -> str:
    return path[path.rfind(".") :]
