"""Names of a dbt project: where a model, source or macro is defined, who mentions it, and how it is renamed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final, Protocol

from pipesense.engine.dbt import PROJECT_FILE, Doc
from pipesense.engine.features.dbt_columns import ColumnRenamer, Renaming
from pipesense.engine.features.dbt_holders import holders, is_called, nodes, values
from pipesense.engine.features.dbt_mentions import Mention, Symbol, mentions, named, referred, spans, written
from pipesense.engine.features.dbt_reads import ColumnReads, Read
from pipesense.engine.features.names import Names, Place
from pipesense.engine.record import FileRecord
from pipesense.engine.relations import Lookup
from pipesense.lang.jinja.references import Reference
from pipesense.model.change import Refusal
from pipesense.model.dbt import (
    DbtFile,
    DbtMacro,
    DbtNode,
    DbtProperties,
    DbtSource,
    DbtTable,
)
from pipesense.model.where import Loc
from pipesense.text.edit import TextEdit
from pipesense.text.regex import regex
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.systems.dbt.project import Variable

_WORD: Final = regex(r"[A-Za-z_]\w*")
_COLUMNS: Final = ("column", "field")
_REFERRED: Final = ("node", "source", "group")
"""What the project's own file may name, in the values of variables."""
_WORDS: Final = {
    "node": "model",
    "source": "source's table",
    "group": "source",
    "macro": "macro",
    "doc": "documentation block",
    "var": "variable",
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

    def said(self, path: str) -> tuple[str, DbtFile | DbtProperties] | None:
        """The text of a project's file and what it tells, with places in that text."""

    def variables_at(self, folder: str) -> tuple[Variable, ...]:
        """The variables that a project's file gives values to."""

    def python(self, path: str) -> Iterator[tuple[str, str]]:
        """The Python files of the workspace folder that holds a path, with their texts."""


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
    _docs: dict[str, Mapping[str, Doc]] = field(default_factory=dict)

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
        if found is None:
            return ()
        inner = self._made_inside(path, offset)
        here = inner.definition(path, offset) if inner is not None else ()
        return here or tuple(self._made(found[0]))

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
        refused = self._refused(found[0]) or self._passed_on(path, offset, found[0])
        inner = self._made_inside(path, offset) if found[0].kind == "column" and refused is None else None
        here = inner.renamed(path, offset) if inner is not None else None
        return refused or (here if isinstance(here, Refusal) else found[1])

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
        if inner is None or self.columns is None:
            return self._plan(symbol, name)
        here = inner.rename(path, offset, name)
        if isinstance(here, Refusal):
            return here
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
                placed = named(mention, text, span)
                if placed is not None:
                    yield placed
        yield from self._own_columns(record)
        folder = self.projects.folder(record.path)
        if folder:
            yield from written(text, record.path, folder)
        if record.path == f"{folder}/{PROJECT_FILE}":
            for mention, span in referred(text, record.path, folder):
                yield self._plain(mention), span
            for each in self.projects.variables_at(folder):
                at = Loc(record.path, 0, each.span)
                yield Mention(Symbol("var", folder, each.name), at, defines=True), each.span

    def _plain(self, mention: Mention) -> Mention:
        """A node or macro that is named with its own project's name is the same without."""
        symbol = mention.symbol
        if (
            symbol.kind not in ("node", "macro")
            or not symbol.group
            or not is_called(self.lookup, symbol.folder, symbol.group)
        ):
            return mention
        return Mention(Symbol(symbol.kind, symbol.folder, symbol.name), mention.loc, mention.defines)

    def _own_columns(self, record: FileRecord) -> Iterator[tuple[Mention, Span]]:
        """The aliases in the SELECT list that a model's file ends in: what YAML and other models know."""
        nodes = [node for fact in record.linked.facts if isinstance(fact, DbtFile) for node in fact.nodes]
        if len(nodes) != 1 or nodes[0].kind != "model" or self.columns is None:
            return
        if len(self._nodes(_node_of(nodes[0]))) != 1:
            # Several files define the model, each for a warehouse of its own: whose column is read, nobody can tell.
            return
        for name, loc in self.columns.aliases(nodes[0]):
            span = record.document.file_span(loc)
            if span is not None:
                yield Mention(Symbol("column", nodes[0].folder, name, nodes[0].name.lower()), loc, defines=True), span

    def _inner(self, record: FileRecord, offset: int) -> tuple[Symbol, Span] | None:
        """The model's own column that a name inside of its query means."""
        nodes = [node for fact in record.linked.facts if isinstance(fact, DbtFile) for node in fact.nodes]
        given = self.reads.given(record, offset) if self.reads is not None and len(nodes) == 1 else None
        if given is None or nodes[0].kind != "model" or self._nodes(_node_of(nodes[0])) != nodes:
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
        if symbol.kind in _COLUMNS:
            yield from self._columns_named(symbol)
            return
        if symbol.kind == "var":
            for each in self.projects.variables_at(symbol.folder):
                if each.name == symbol.name:
                    yield Place(f"{symbol.folder}/{PROJECT_FILE}", each.span)
        project = self.record_of(f"{symbol.folder}/{PROJECT_FILE}") if symbol.kind in _REFERRED else None
        for mention, span in self._in(project) if project is not None else ():
            if mention.symbol == symbol:
                yield Place(project.path if project is not None else "", span)
        for path in self.projects.mentioning(symbol.folder, symbol.name):
            # Tags and YAML are enough to tell the names of a project, and are read at once.
            said = self.projects.said(path)
            if said is None:
                continue
            told = spans(said[1], said[0], path) if symbol.kind not in ("doc", "var") else ()
            for mention, span in chain(told, written(said[0], path, symbol.folder)):
                if self._plain(mention).symbol == symbol:
                    yield Place(path, span)

    def _columns_named(self, symbol: Symbol) -> Iterator[Place]:
        if symbol.kind == "column":
            plan = self._plan(symbol, f"{symbol.name}_")
            for path, edits in () if isinstance(plan, Refusal) else plan.sure.items():
                yield from (Place(path, edit.span) for edit in edits if not edit.span.is_empty)
            if not isinstance(plan, Refusal):
                return
        of, todo, passed = _of(symbol), [_of(symbol)], set[str]()
        while todo:
            table = todo.pop()
            key: tuple[str, ...] = ("dbt-readers", symbol.folder, table.group, table.name)
            readers = values(
                self.lookup, key if table.kind == "source" else ("dbt-children", symbol.folder, table.name.lower())
            )
            for node in [
                each for name in map(str, readers) for each in nodes(self.lookup, symbol.folder, name.lower())
            ]:
                if node.path in passed:
                    continue
                passed.add(node.path)
                record = self.record_of(node.path)
                for span in self._reading(record, symbol) if record is not None else ():
                    yield Place(node.path, span)
                given = Reference("ref", "", node.name)
                if self.reads is not None and self.reads.maker(symbol.folder, given, symbol.name) == of:
                    todo.append(given)

    def _made(self, symbol: Symbol) -> Iterator[Place]:
        if symbol.kind == "node":
            for node in self._nodes(symbol):
                yield Place(node.path, Span(0, 0))
            return
        if symbol.kind in _COLUMNS:
            places = self.reads.made(symbol.folder, _of(symbol), symbol.name) if self.reads is not None else ()
            yield from (Place(*each) for each in places)
            return
        if symbol.kind == "var":
            for each in self.projects.variables_at(symbol.folder):
                if each.name == symbol.name:
                    yield Place(f"{symbol.folder}/{PROJECT_FILE}", each.span)
            return
        if symbol.kind == "doc":
            doc = self._docs_of(symbol.folder).get(symbol.name)
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

    def _docs_of(self, folder: str) -> Mapping[str, Doc]:
        """The documentation blocks of a project, read once for as long as a question is answered."""
        if folder not in self._docs:
            self._docs[folder] = self.projects.docs(folder)
        return self._docs[folder]

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
        if symbol.kind == "var":
            given = [each for each in self.projects.variables_at(symbol.folder) if each.name == symbol.name]
            return None if given else Refusal(f"{PROJECT_FILE} does not define the {word} `{symbol.name}`")
        if symbol.kind == "field":
            return Refusal(f"`{symbol.name}` is a column of the source {symbol.group}, which dbt does not make")
        if symbol.kind == "column":
            plan = self._plan(symbol, f"{symbol.name}_")
            return plan if isinstance(plan, Refusal) else None
        made = len(self._nodes(symbol)) if symbol.kind == "node" else len(self._made_by(symbol))
        made = len(list(self._made(symbol))) if symbol.kind == "doc" else made
        if not made:
            return Refusal(f"no file of the project defines the {word} `{symbol.name}`, so it would not be renamed")
        dispatched = self._dispatched(symbol) if symbol.kind == "macro" else ""
        if dispatched:
            return Refusal(f"adapter.dispatch finds `{dispatched}` by its name, so both are to be renamed by hand")
        if made > 1:
            return Refusal(f"several files define a {word} `{symbol.name}`")
        places = [each.path for each in (self._nodes(symbol) if symbol.kind == "node" else self._made_by(symbol))]
        if any(self.projects.folder(path) != symbol.folder for path in places):
            return Refusal(f"the {word} `{symbol.name}` belongs to an installed package")
        return None

    def _dispatched(self, symbol: Symbol) -> str:
        """The macro that is found by its name together with this one: ``default__x`` for ``x``, and the other way.

        https://docs.getdbt.com/reference/dbt-jinja-functions/dispatch (1.10)
        """
        prefix, _, tail = symbol.name.partition("__")
        others = [f"default__{symbol.name}", *([tail] if prefix and tail else [])]
        return next((each for each in others if self._made_by(Symbol("macro", symbol.folder, each))), "")

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
        if symbol.kind == "var":
            known = {each.name for each in self.projects.variables_at(symbol.folder)} - {symbol.name}
            return Refusal(f"the project has a variable `{name}` already") if name in known else None
        if symbol.kind == "doc":
            is_taken = name in self._docs_of(symbol.folder) and name != symbol.name
            return Refusal(f"the project has a documentation block `{name}` already") if is_taken else None
        taken = self._nodes(other) if symbol.kind == "node" else self._made_by(other)
        if other != symbol and taken:
            return Refusal(f"the project has a {_WORDS[symbol.kind]} `{name}` already")
        return None


def _node_of(node: DbtNode) -> Symbol:
    return Symbol("node", node.folder, node.name.lower())


def _of(symbol: Symbol) -> Reference:
    """By what name of dbt's the table of a column is read."""
    group, _, name = symbol.group.partition(".") if symbol.kind == "field" else ("", "", symbol.group)
    return Reference("source" if symbol.kind == "field" else "ref", group, name)


def _sorted(edits: Mapping[str, Iterable[TextEdit]]) -> dict[str, tuple[TextEdit, ...]]:
    return {file: tuple(sorted(several, key=lambda edit: edit.span)) for file, several in edits.items() if several}


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _ending(path: str) -> str:
    return path[path.rfind(".") :]
