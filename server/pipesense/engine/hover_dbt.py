"""What to say about names of a dbt project: models, sources, macros, documentation blocks, columns in YAML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, TypeVar

from pipesense.engine.dbt import PROJECT_FILE, DbtProjects
from pipesense.engine.dbt_view import ProjectView
from pipesense.engine.features.dbt_holders import nodes, tables, values
from pipesense.engine.features.dbt_mentions import Symbol
from pipesense.engine.features.dbt_names import DbtNames
from pipesense.engine.hover_base import MOST, Making, code, told_origin
from pipesense.lang.jinja.references import reference
from pipesense.lang.sql.passed_on import Passed, Taken
from pipesense.model.columns import Columns
from pipesense.model.data import Relation
from pipesense.model.dbt import (
    DbtEntry,
    DbtFile,
    DbtMacro,
    DbtNode,
    DbtProject,
    DbtReference,
    DbtSource,
    DbtTable,
    DbtTest,
    Freshness,
    Setting,
)
from pipesense.model.value import Absent, Known
from pipesense.systems.dbt.layers import layer_and_reason
from pipesense.text.regex import regex

_T = TypeVar("_T")

_COLUMNS_SHOWN: Final = 30
_LONGEST: Final = 600
_DOC: Final = regex(r"\{\{\s*doc\(\s*(?:['\"]\w+['\"]\s*,\s*)?['\"](\w+)['\"]\s*\)\s*\}\}")
_SHOWN_SETTINGS: Final = ("incremental_strategy", "unique_key", "on_schema_change", "access", "group", "tags")


def about_dbt(made: Making) -> bool:
    """The section about the name at the place; False where none of a project stands there."""
    projects = made.answers.relations.projects
    if not isinstance(projects, DbtProjects):
        return False
    path = made.record.path
    folder = projects.folder(path)
    if not folder:
        return False
    names = DbtNames(lambda other: made.record if other == path else None, made.lookup, made.place, projects)
    found = names.at(path, made.offset)
    if found is not None:
        text = _Telling(made, projects, found[0].folder).about(found[0])
        made.add(text, found[1])
        return bool(text)
    for fact in made.record.linked.facts:
        for node in fact.nodes if isinstance(fact, DbtFile) else ():
            span = made.here(node.config_at) if node.config_at is not None else None
            if span is not None:
                made.add(_Telling(made, projects, folder).node(node), span)
                return True
    return False


def listed_of_dbt(made: Making, passed: Passed | None) -> Iterator[str]:
    """What the YAML of a project says of a column that is read from one of its models or sources."""
    projects = made.answers.relations.projects
    named = passed.source.parts[-1] if isinstance(passed, Taken) and passed.source.parts else ""
    of = reference(named) if named[:1] == "{" else None
    if of is None or not isinstance(passed, Taken) or not isinstance(projects, DbtProjects):
        return
    folder, name = projects.folder(made.record.path), passed.name.casefold()
    if of.kind == "source":
        entries = [table.entry for table in tables(made.lookup, folder, of.group, of.name)]
    else:
        found = nodes(made.lookup, folder, of.name.lower(), of.group)
        keys = [("dbt-entry", each.folder, each.kind, each.name.lower()) for each in found]
        entries = [each for key in keys for each in values(made.lookup, key) if isinstance(each, DbtEntry)]
    listed = [column for entry in entries for column in entry.columns if column.name.casefold() == name]
    telling = _Telling(made, projects, folder)
    for column in listed:
        if column.tests:
            yield f"- tests: {_few([_test(test) for test in column.tests])}"
        if column.description.strip():
            yield f"\n{telling.words(column.description)}"


class _Telling:
    """Words about what one project defines."""

    def __init__(self, made: Making, projects: DbtProjects, folder: str) -> None:
        self.made = made
        self.projects = projects
        self.folder = folder
        relations = made.answers.relations
        self.view = ProjectView(folder, made.lookup, lambda key: None, lambda: (relations, set()))

    def about(self, symbol: Symbol) -> str:
        """What is worth knowing of a name, "" where nothing is known."""
        if symbol.kind == "node":
            nodes = self._get(("dbt-node", symbol.folder, symbol.name), DbtNode) or self._versions(symbol)
            nodes = nodes or self._held(symbol, "dbt-node", DbtNode, symbol.name)
            return "\n\n".join(self.node(each) for each in nodes[:2] if each.kind in ("model", "snapshot", "seed"))
        if symbol.kind == "source":
            tables = self._held(symbol, "dbt-source", DbtTable, symbol.group, symbol.name)
            return self.table(tables[0]) if tables else ""
        if symbol.kind == "group":
            sources = self._get(("dbt-group", symbol.folder, symbol.name), DbtSource)
            listed = sorted(
                {
                    name.partition(".")[2]
                    for name in self._get(("dbt-names", symbol.folder, "source"), str)
                    if name.partition(".")[0] == symbol.name
                }
            )
            return f"**Source {symbol.name}**\n\n- tables: {_few(listed)}" if sources else ""
        if symbol.kind == "macro":
            macros = self._held(symbol, "dbt-macro", DbtMacro, symbol.name)
            return self.macro(macros[0]) if macros else ""
        if symbol.kind == "doc":
            doc = self.projects.docs(symbol.folder).get(symbol.name)
            return f"**Documentation {symbol.name}**\n\n{_short(doc.text)}" if doc is not None else ""
        if symbol.kind == "var":
            return self.variable(symbol)
        return self.field(symbol) if symbol.kind == "field" else self.column(symbol)

    def _held(self, symbol: Symbol, key: str, kind: type[_T], *name: str) -> tuple[_T, ...]:
        """Who has a name: the project, else a package of it, installed or known from the manifest."""
        places = (self._get((each, symbol.folder), str) for each in ("dbt-packages", "dbt-manifest"))
        for folder in (symbol.folder, *chain.from_iterable(places)):
            held = self._get((key, folder, *name), kind)
            if held and (symbol.kind != "macro" or not symbol.group or self._called(folder) == symbol.group):
                return held
        return ()

    def _called(self, folder: str) -> str:
        found = self._get(("dbt-project", folder), DbtProject)
        return found[0].name if found else folder.rpartition("#")[2]

    # --- models, snapshots, seeds ----------------------------------------------------------------

    def node(self, node: DbtNode) -> str:
        """A model: how it is stored, its words, its tests, its neighbours and its columns."""
        entries = self.view.entries(node)
        stored = self._stored(node)
        head = f"**{node.kind.capitalize()} {node.name}**" + (f" · {stored}" if stored else "")
        lines = [head, "", *self._described(entries)]
        if node.language == "manifest":
            lines.append(
                f"- defined in: the package {node.package}, which is not here; target/manifest.json tells of it"
            )
            return "\n".join([*lines, *_columns(self._manifested(node), entries)])
        where = self.made.line_of(node.at) or node.path[len(self.folder) + 1 :]
        lines.append(f"- defined in: {where if node.language != 'yaml' else f'{where} (YAML)'}")
        project = self.projects.at(node.folder)
        layer = layer_and_reason(node.name, node.place, project.layers if project is not None else ())
        if layer is not None and node.kind == "model":
            lines.append(f"- layer: {layer[0].word}, by {layer[1]}")
        lines += self._settings(node)
        lines.append(f"- upstream: {_few(self._upstream(node))}")
        lines.append(f"- downstream: {_few(self.view.children(node))}")
        exposures = dict.fromkeys(each.name for each in self.view.exposed_by(node))
        if exposures:
            lines.append(f"- exposed as: {_few(exposures)}")
        lines.append(f"- tests: {_few(self._tests(node, entries), 'none')}")
        lines += _columns(self._resolved(node), entries)
        return "\n".join(lines)

    def _versions(self, symbol: Symbol) -> tuple[DbtNode, ...]:
        versions = self._get(("dbt-versions", symbol.folder, symbol.name), str)
        return tuple(
            node
            for version in versions
            for node in self._get(("dbt-node", symbol.folder, f"{symbol.name}_v{version}".lower()), DbtNode)
        )

    def _stored(self, node: DbtNode) -> str:
        if node.kind != "model":
            return ""
        value = self.view.setting(node, "materialized")
        if isinstance(value, Known):
            return str(value.value)
        return "view (dbt's default)" if isinstance(value, Absent) else "stored as a template decides"

    def _settings(self, node: DbtNode) -> Iterator[str]:
        for key in _SHOWN_SETTINGS:
            value = self.view.setting(node, key)
            if isinstance(value, Known) and value.value is not None:
                yield f"- {key}: {code(_written(value.value))}"
        contract = self.view.setting(node, "contract")
        if isinstance(contract, Known) and isinstance(contract.value, tuple) and ("enforced", True) in contract.value:
            yield "- contract: enforced"

    def _upstream(self, node: DbtNode) -> list[str]:
        return list(dict.fromkeys(_name(each) for each in node.references if each.names))

    def _tests(self, node: DbtNode, entries: Iterable[DbtEntry]) -> list[str]:
        named = [_test(test) for entry in entries for test in entry.all_tests()]
        return list(dict.fromkeys((*named, *map(code, self.view.singular_tests(node.name)))))

    def _resolved(self, node: DbtNode) -> Columns:
        if node.kind == "seed":
            seed = self.projects.seed(node.folder, node.name)
            return self.made.answers.relations.columns_of(seed, set()) if seed is not None else Columns(())
        return self.view.columns(node)

    def _manifested(self, node: DbtNode) -> Columns:
        found = self._get(("model", node.name.lower()), Relation)
        own = next((each for each in found if each.project == node.folder), None)
        return self.made.answers.relations.columns_of(own, set()) if own is not None else Columns(())

    # --- the rest --------------------------------------------------------------------------------

    def table(self, table: DbtTable) -> str:
        """A source's table: its words, its freshness, its readers and the columns that YAML lists."""
        lines = [f"**Source {table.source}.{table.name}**", "", *self._described((table.entry,))]
        lines.append(f"- defined in: {self.made.line_of(table.at) or table.path.rpartition('/')[2]}")
        if "#" in table.folder:
            lines[-1] = (
                f"- defined in: the package {table.package}, which is not here; target/manifest.json tells of it"
            )
        if (table.identifier, table.schema) != (table.name, table.source):
            lines.append(f"- in the warehouse: {code('.'.join(filter(None, (table.schema, table.identifier))))}")
        lines.append(f"- freshness: {_fresh(table.freshness)}")
        lines.append(f"- read by: {_few(dict.fromkeys(self.view.table_uses(table)))}")
        lines.append(f"- tests: {_few(list(dict.fromkeys(map(_test, table.entry.all_tests()))), 'none')}")
        lines += _columns(Columns(()), (table.entry,))
        if not table.entry.columns:
            lines.append("\nMore columns may exist: no file here says its columns.")
        return "\n".join(lines)

    def macro(self, macro: DbtMacro) -> str:
        """A macro: how it is called, and its words."""
        place = f"{macro.path}#{macro.package}"
        told = self._get(("dbt-signature", place, macro.name), str)
        lines = [f"**{macro.kind.capitalize()} {code(told[0] if told else self.projects.signature(macro))}**", ""]
        folder = place if told else self.folder
        lines += self._described(self._get(("dbt-entry", folder, "macro", macro.name.lower()), DbtEntry))
        if told:
            lines.append(
                f"- defined in: the package {macro.package}, which is not here; target/manifest.json tells of it"
            )
            return "\n".join(lines)
        lines.append(f"- defined in: {self.made.line_of(macro.at) or macro.path.rpartition('/')[2]}")
        return "\n".join(lines)

    def variable(self, symbol: Symbol) -> str:
        """A variable: what the project's file says it is; the command line may say something else."""
        given = [each for each in self.projects.variables_at(symbol.folder) if each.name == symbol.name]
        lines = [f"**Variable {symbol.name}**", ""]
        for each in given[:MOST]:
            whom = f" for the package {each.package}" if each.package else ""
            shown = each.value if len(each.value) <= _LONGEST else f"{each.value[:_LONGEST]} ..."
            lines.append(f"- {PROJECT_FILE}{whom}: {code(' '.join(shown.split()))}")
        if not given:
            lines.append(f"- {PROJECT_FILE} does not name it: its value is the default that stands here, or `--vars`")
        return "\n".join(lines)

    def field(self, symbol: Symbol) -> str:
        """A column that YAML lists for a source's table: its type, its words and its tests."""
        source, _, table = symbol.group.partition(".")
        found = [each.entry for each in self._held(symbol, "dbt-source", DbtTable, source, table)]
        listed = [each for entry in found for each in entry.columns if each.name.lower() == symbol.name]
        kind = next((f" · {code(each.data_type)}" for each in listed if each.data_type), "")
        lines = [f"**Column {symbol.name}** of the source {symbol.group}{kind}", ""]
        lines += [self.words(each.description) for each in listed if each.description]
        lines.append(f"- tests: {_few([_test(test) for each in listed for test in each.tests], 'none')}")
        return "\n".join(lines) if listed else ""

    def column(self, symbol: Symbol) -> str:
        """A column that YAML lists: its type, where its values come from, its tests."""
        nodes = [each for each in self.view.nodes(symbol.group) if each.folder == symbol.folder]
        if len(nodes) != 1:
            return ""
        listed = [
            column
            for entry in self.view.entries(nodes[0])
            for column in entry.columns
            if column.name.lower() == symbol.name
        ]
        found = self._resolved(nodes[0]).find(symbol.name)
        head = f"**Column {symbol.name}** of {nodes[0].name}"
        if found is not None and found.type.is_known:
            head += f" · {code(found.type)}"
        lines = [head, "", *(self.words(each.description) for each in listed if each.description)]
        if found is not None and found.origins:
            verb = "a copy of" if found.copied else "made from"
            lines.append(f"- {verb}: {_few(map(told_origin, found.origins))}")
        lines.append(f"- tests: {_few([_test(test) for each in listed for test in each.tests], 'none')}")
        return "\n".join(lines)

    def _described(self, entries: Iterable[DbtEntry]) -> Iterator[str]:
        for entry in entries:
            if entry.description.strip():
                yield self.words(entry.description)
                yield ""

    def words(self, text: str) -> str:
        """A description with the documentation blocks that it names."""
        if "doc(" in text:
            docs = self.projects.docs(self.folder)
            text = _DOC.sub(lambda match: docs[match[1]].text if match[1] in docs else match[0], text)
        return _short(text)

    def _get(self, key: tuple[str, ...], kind: type[_T]) -> tuple[_T, ...]:
        return tuple(
            each
            for values in self.made.lookup.get(key)
            for each in (values if isinstance(values, tuple) else (values,))
            if isinstance(each, kind)
        )


def _columns(resolved: Columns, entries: Iterable[DbtEntry]) -> Iterator[str]:
    """A table of what the query gives and what YAML says of it."""
    listed = {column.name.lower(): column for entry in entries for column in entry.columns if column.name}
    grain = min(resolved.keys, key=len, default=None)
    if grain:
        order = [column.name for column in resolved.columns if column.name.casefold() in grain]
        yield f"- one row per {', '.join(map(code, order))}"
    names = list(dict.fromkeys((*(each.name for each in resolved.columns if each.name), *_only(listed, resolved))))
    if names:
        yield ""
        yield "| column | type | tests | |"
        yield "|---|---|---|---|"
    for name in names[:_COLUMNS_SHOWN]:
        column, found = listed.get(name.lower()), resolved.find(name)
        kind = str(found.type) if found is not None and found.type.is_known else column.data_type if column else ""
        tests = ", ".join(dict.fromkeys(test.name for test in column.tests)) if column is not None else ""
        words = _short(" ".join(column.description.split()), 80) if column is not None else ""
        yield f"| {name} | {kind} | {tests} | {words.replace('|', '/')} |"
    if len(names) > _COLUMNS_SHOWN:
        yield f"\nand {len(names) - _COLUMNS_SHOWN} more"
    if resolved.opened is not None:
        yield f"\nMore columns may exist: {resolved.opened.why}."


def _only(listed: Iterable[str], resolved: Columns) -> list[str]:
    known = {each.name.lower() for each in resolved.columns}
    return [name for name in listed if name not in known]


def _name(reference: DbtReference) -> str:
    return reference.name if reference.kind == "ref" else f"{reference.group}.{reference.name}"


def _test(test: DbtTest) -> str:
    of = test.column or ", ".join(map(str, several)) if (several := _several(test)) or test.column else ""
    return f"{test.name}({of})" if of else test.name


def _several(test: DbtTest) -> tuple[Setting, ...]:
    value = test.argument("combination_of_columns")
    return value if isinstance(value, tuple) else ()


def _fresh(found: Freshness | bool | None) -> str:
    if not isinstance(found, Freshness):
        return "opted out" if found is False else "not checked"
    said = [f"{word} after {hours:g} h" for word, hours in (("warning", found.warn), ("error", found.error)) if hours]
    return ", ".join(said) or "as its other settings say"


def _written(value: Setting) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _short(text: str, longest: int = _LONGEST) -> str:
    text = text.strip()
    return text if len(text) <= longest else f"{text[: longest - 3].rstrip()}..."


def _few(names: Iterable[str], none: str = "nothing") -> str:
    several = list(names)
    shown = ", ".join(name if name[:1] == "`" else code(name) for name in several[:MOST])
    return (shown or none) + (f" and {len(several) - MOST} more" if len(several) > MOST else "")
