"""The names of a dbt project that stand in one file: models, sources, macros, docs blocks, variables, columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.engine.features.dbt_holders import NODES
from pipesense.model.dbt import DbtEntry, DbtFile, DbtProperties, DbtReference, DbtSource
from pipesense.model.where import Loc
from pipesense.systems.dbt.tables import CONTEXT
from pipesense.text.regex import regex
from pipesense.text.span import Span

_DOC: Final = regex(r"\bdoc\(\s*(?:['\"]\w+['\"]\s*,\s*)?(?P<quote>['\"])(?P<name>\w+)(?P=quote)\s*\)")
_REF: Final = regex(r"\bref\(\s*(?:['\"](?P<package>\w+)['\"]\s*,\s*)?['\"](?P<name>\w+)['\"]\s*\)")
_SOURCE: Final = regex(r"\bsource\(\s*['\"](?P<group>[^'\"]+)['\"]\s*,\s*['\"](?P<name>[^'\"]+)['\"]\s*\)")
_VAR: Final = regex(r"\bvar\(\s*(?P<quote>['\"])(?P<name>\w+)(?P=quote)\s*[,)]")


@dataclass(frozen=True, slots=True)
class Symbol:
    """What a name means. ``kind``: "node" (a model, snapshot or seed), "source" (one of its tables), "group" (a source
    itself), "macro", "doc" (a documentation block), "var" (a variable), "column" (of a node) or "field" (of a source's
    table); ``group`` is the source of a table, the node of a column, source and table of a field with a dot between,
    the package of a node or macro that is named with one. Names of nodes, columns and fields are in lower case.
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


def spans(fact: object, text: str, path: str) -> Iterator[tuple[Mention, Span]]:
    """Every name that a file's facts tell, with its range, where the places of the facts are those of the text."""
    for mention in mentions(fact):
        if mention.loc.file == path and not mention.loc.span.is_empty:
            placed = named(mention, text, mention.loc.span)
            if placed is not None:
                yield placed


def named(mention: Mention, text: str, span: Span) -> tuple[Mention, Span] | None:
    """A mention with the range of the name alone."""
    if mention.symbol.kind == "group" and not mention.defines:
        before = _group_before(text, span, mention.symbol.name)
        return (mention, before) if before is not None else None
    return mention, _unquoted(text, span, mention.symbol.name)


def referred(text: str, path: str, folder: str) -> Iterator[tuple[Mention, Span]]:
    """The models and sources that a file names which is none of the project's own kinds (``dbt_project.yml``)."""
    for match in _REF.finditer(text) if "ref(" in text else ():
        span = Span(*match.span("name"))
        yield Mention(Symbol("node", folder, match["name"].lower(), match["package"] or ""), Loc(path, 0, span)), span
    for match in _SOURCE.finditer(text) if "source(" in text else ():
        for kind, owner in (("group", ""), ("source", match["group"])):
            span = Span(*match.span("group" if kind == "group" else "name"))
            yield Mention(Symbol(kind, folder, span.of(text), owner), Loc(path, 0, span)), span


def written(text: str, path: str, folder: str) -> Iterator[tuple[Mention, Span]]:
    """The documentation blocks and variables that calls in a text name."""
    for kind, pattern in (("doc", _DOC), ("var", _VAR)):
        for match in pattern.finditer(text) if f"{kind}(" in text else ():
            span = Span(*match.span("name"))
            yield Mention(Symbol(kind, folder, match["name"]), Loc(path, 0, span)), span


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
