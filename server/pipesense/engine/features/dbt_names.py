"""Names of a dbt project: where a model, source or macro is defined, who mentions it, and how it is renamed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from pipesense.engine.dbt import Doc
from pipesense.engine.features.dbt_columns import ColumnRenamer, Renaming
from pipesense.engine.features.names import Place
from pipesense.engine.record import FileRecord
from pipesense.engine.relations import Lookup
from pipesense.model.change import Refusal
from pipesense.model.dbt import (
    DbtEntry,
    DbtFile,
    DbtMacro,
    DbtNode,
    DbtProject,
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
_NODES: Final = ("model", "snapshot", "seed")
_WORDS: Final = {
    "node": "model",
    "source": "source's table",
    "group": "source",
    "macro": "macro",
    "doc": "documentation block",
    "column": "column",
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
    itself), "macro", "doc" (a documentation block) or "column"; ``group`` is the source of a table, the node of a
    column, the package of a node or macro that is named with one. Names of nodes and columns are in lower case.
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
        if entry.kind in _NODES and entry.name:
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
        if source.name:
            yield Mention(Symbol("group", folder, source.name), source.at, defines=True)
        for table in source.tables:
            yield Mention(Symbol("source", folder, table.name, source.name), table.at, defines=True)
            yield from _tested(table.entry)
    for exposure in fact.exposures:
        yield from _references(folder, exposure.references)
    for test in fact.unit_tests:
        yield Mention(Symbol("node", folder, test.model.lower()), test.model_at)
        yield from _references(folder, tuple(each for each, _ in test.given if each is not None))


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

    def at(self, path: str, offset: int) -> tuple[Symbol, Span] | None:
        """The name of the project that stands at an offset, and its range without quotes."""
        record = self.record_of(path)
        for mention, span in self._in(record) if record is not None else ():
            if span.start <= offset <= span.end:
                return mention.symbol, span
        return None

    def definition(self, path: str, offset: int) -> tuple[Place, ...]:
        """The model's file, the source's entry, the macro; from a model's own entry in YAML its SQL."""
        found = self.at(path, offset)
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
        return tuple(dict.fromkeys((*self._made(symbol), *self._named(symbol))))

    def highlights(self, path: str, offset: int) -> tuple[Span, ...]:
        """The same name in the same file."""
        found, record = self.at(path, offset), self.record_of(path)
        if found is None or record is None:
            return ()
        return tuple(span for mention, span in self._in(record) if mention.symbol == found[0])

    def renamed(self, path: str, offset: int) -> Span | Refusal:
        """The range of the name that a rename would start from, or why it cannot be renamed."""
        found = self.at(path, offset)
        if found is None:
            return Refusal("no name that is known here stands at this place")
        return self._refused(found[0]) or found[1]

    def rename(self, path: str, offset: int, name: str) -> Mapping[str, tuple[TextEdit, ...]] | Refusal:
        """The edits that give it another name wherever the project names it. See ``moved`` for a model's own file."""
        found = self.at(path, offset)
        if found is None:
            return Refusal("no name that is known here stands at this place")
        symbol = found[0]
        if _WORD.fullmatch(name) is None:
            return Refusal(f"`{name}` cannot be a name of dbt's: use letters, digits and _")
        refused = self._refused(symbol) or self._taken(symbol, name)
        if refused is not None:
            return refused
        if symbol.kind == "column":
            plan = self._plan(symbol, name)
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
            plan = self._plan(symbol, name)
            return {} if isinstance(plan, Refusal) else _sorted(plan.unsure)
        edits: dict[str, dict[TextEdit, None]] = {}
        for file, text in self.projects.python(path) if symbol.kind in ("node", "source", "group") else ():
            for span in names_in_strings(text, symbol.name):
                edits.setdefault(file, {})[TextEdit(span, name)] = None
        return _sorted(edits)

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
        if symbol.kind != "node" or not symbol.group or not self._is_called(symbol.folder, symbol.group):
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

    def _named(self, symbol: Symbol) -> Iterator[Place]:
        if symbol.kind == "column":
            plan = self._plan(symbol, f"{symbol.name}_")
            for path, edits in () if isinstance(plan, Refusal) else plan.sure.items():
                yield from (Place(path, edit.span) for edit in edits if not edit.span.is_empty)
            return
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
        if symbol.kind == "column":
            where = self.columns.defined(symbol.folder, symbol.group, symbol.name) if self.columns is not None else None
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
        for folder in self._holders(symbol):
            found = self._get(("dbt-node", folder, symbol.name))
            nodes = [each for each in found if isinstance(each, DbtNode) and each.kind in _NODES]
            if nodes:
                return nodes
        return []

    def _holders(self, symbol: Symbol) -> Iterator[str]:
        """The folders that may define a name: the project, then its packages."""
        for folder in (symbol.folder, *map(str, self._get(("dbt-packages", symbol.folder)))):
            if symbol.kind not in ("macro", "node") or not symbol.group or self._is_called(folder, symbol.group):
                yield folder

    def _is_called(self, folder: str, name: str) -> bool:
        return any(isinstance(each, DbtProject) and each.name == name for each in self._get(("dbt-project", folder)))

    def _made_by(self, symbol: Symbol) -> list[DbtMacro | DbtTable | DbtSource]:
        key: tuple[str, ...] = ("dbt-macro", symbol.folder, symbol.name)
        if symbol.kind == "source":
            key = ("dbt-source", symbol.folder, symbol.group, symbol.name)
        elif symbol.kind == "group":
            key = ("dbt-group", symbol.folder, symbol.name)
        for folder in self._holders(symbol):
            found = self._get((key[0], folder, *key[2:]))
            made = [each for each in found if isinstance(each, (DbtMacro, DbtTable, DbtSource))]
            if made:
                return made
        return []

    def _get(self, key: tuple[str, ...]) -> Iterator[object]:
        for values in self.lookup.get(key):
            yield from values if isinstance(values, tuple) else (values,)

    # --- refusing --------------------------------------------------------------------------------

    def _refused(self, symbol: Symbol) -> Refusal | None:
        word = _WORDS[symbol.kind]
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

    def _taken(self, symbol: Symbol, name: str) -> Refusal | None:
        other = Symbol(symbol.kind, symbol.folder, name.lower() if symbol.kind == "node" else name, symbol.group)
        if symbol.kind == "column":
            return None
        if symbol.kind == "doc":
            is_taken = name in self.projects.docs(symbol.folder) and name != symbol.name
            return Refusal(f"the project has a documentation block `{name}` already") if is_taken else None
        taken = self._nodes(other) if symbol.kind == "node" else self._made_by(other)
        if other != symbol and taken:
            return Refusal(f"the project has a {_WORDS[symbol.kind]} `{name}` already")
        return None


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
