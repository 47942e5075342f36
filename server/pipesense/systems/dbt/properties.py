"""A YAML file of a dbt project: what it says of models, sources, exposures and unit tests.

https://docs.getdbt.com/reference/configs-and-properties (1.10). What a template decides is Dynamic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.lang.jinja.expressions import Call, Const, NotRead, Reader
from pipesense.lang.jinja.template import read_template
from pipesense.lang.yaml.nodes import Alias, Entry, Mapping, Node, Scalar, Sequence, has_template, resolved
from pipesense.lang.yaml.read import YamlFile, read_yaml
from pipesense.model.dbt import (
    DbtColumn,
    DbtEntry,
    DbtExposure,
    DbtKey,
    DbtNode,
    DbtProperties,
    DbtReference,
    DbtRow,
    DbtSetting,
    DbtSource,
    DbtTable,
    DbtTest,
    DbtUnitTest,
    Dynamic,
    Freshness,
    Setting,
)
from pipesense.model.where import Loc
from pipesense.systems.dbt.freshness import freshness, loaded_at
from pipesense.systems.dbt.sql import Locate
from pipesense.systems.dbt.tables import MOVED_TO_CONFIG, TEST_SETTINGS
from pipesense.text.span import Span

_SECTIONS: Final = {
    "models": "model",
    "seeds": "seed",
    "snapshots": "snapshot",
    "analyses": "analysis",
    "macros": "macro",
}
_BESIDE: Final = frozenset(("tags", "meta", "docs", "group", "access", "enabled", "latest_version", "deprecation_date"))
_DEEPEST: Final = 12


@dataclass(frozen=True, slots=True)
class _Where:
    path: str
    folder: str
    package: str


def read_properties(text: str, path: str, folder: str, package: str, locate: Locate) -> DbtProperties:
    """What a YAML file says; nothing for one that is no list of properties."""
    return properties(read_yaml(text), path, folder, package, locate)


def properties(file: YamlFile, path: str, folder: str, package: str, locate: Locate) -> DbtProperties:
    """What a YAML file that was read says."""
    root = file.root
    torn = locate(file.problem.span) if file.problem is not None and not file.templated else None
    if not isinstance(root, Mapping):
        closed = file.is_whole and (root is None or _is_nothing(root))
        return DbtProperties(path, folder, (), (), (), (), closed, torn)
    lift = _Lift(_Where(path, folder, package), locate)
    whole = file.is_whole
    entries: list[DbtEntry] = []
    sources: list[DbtSource] = []
    exposures: list[DbtExposure] = []
    unit_tests: list[DbtUnitTest] = []
    for name, kind in _SECTIONS.items():
        entries += (lift.entry(kind, each) for each in _mappings(root.get(name)))
    sources += (lift.source(each) for each in _mappings(root.get("sources")))
    exposures += (lift.exposure(each) for each in _mappings(root.get("exposures")))
    unit_tests += (lift.unit_test(each) for each in _mappings(root.get("unit_tests")))
    known = {*_SECTIONS, "sources", "exposures", "unit_tests"}
    closed = whole and not any(
        has_template(each) or isinstance(each, Alias)
        for key in known
        if (value := root.get(key)) is not None
        for each in (value, *(value.items if isinstance(value, Sequence) else ()))
    )
    return DbtProperties(
        path, folder, tuple(entries), tuple(sources), tuple(exposures), tuple(unit_tests), closed, torn
    )


def yaml_snapshots(found: DbtProperties) -> Iterator[DbtNode]:
    """The snapshots that a YAML file makes by itself: those with a ``relation``."""
    for entry in found.entries:
        if entry.kind == "snapshot" and entry.relation is not None:
            yield DbtNode(
                *("snapshot", entry.name, entry.path, entry.folder, entry.package, (), "yaml", entry.settings),
                (entry.relation,),
                (),
                not entry.whole,
                entry.at,
            )


def setting_of(node: Node | None, depth: int = 0) -> Setting:
    """A YAML value; Dynamic where a template or something unknown decides it."""
    if node is None or depth > _DEEPEST:
        return None if node is None else Dynamic("")
    node = resolved(node)
    if has_template(node):
        assert isinstance(node, Scalar)
        return Dynamic(node.text)
    if isinstance(node, Scalar):
        return node.value if not node.tag else Dynamic(node.text)
    if isinstance(node, Sequence):
        return tuple(setting_of(each, depth + 1) for each in node.items)
    if isinstance(node, Mapping):
        return tuple((key, setting_of(value, depth + 1)) for key, value in node.pairs())
    return Dynamic("")


def _mappings(node: Node | None) -> list[Mapping]:
    return (
        [each for each in map(resolved, node.items) if isinstance(each, Mapping)] if isinstance(node, Sequence) else []
    )


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_null


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) and not node.is_null else ""


@dataclass(frozen=True, slots=True)
class _Lift:
    where: _Where
    locate: Locate

    def at(self, node: Node | None, fallback: Mapping) -> Loc:
        return self.locate(node.span if node is not None and not node.span.is_empty else _first(fallback))

    def settings(self, node: Mapping) -> list[DbtSetting]:
        """Keys that configure, beside ``config:`` and in it; the latter count."""
        found = [self.setting(entry, old=True) for entry in node.entries if entry.key in _BESIDE]
        config = node.get("config")
        if isinstance(config, Mapping):
            found += (
                DbtSetting(key, setting_of(value), self.locate(value.span), self.locate(value.span))
                for key, value in config.pairs()
            )
            own = {entry.key: entry for entry in config.entries}
            found = [
                DbtSetting(each.key, each.value, each.at, self.locate(own[each.key].name.span), each.old_place)
                if not each.old_place and each.key in own
                else each
                for each in found
            ]
            if any(entry.key is None for entry in config.entries):
                found.append(DbtSetting("**", Dynamic(""), self.locate(config.span), self.locate(config.span)))
        elif config is not None and not _is_nothing(config):
            found.append(DbtSetting("**", Dynamic(""), self.locate(config.span), self.locate(config.span)))
        return found

    def setting(self, entry: Entry, *, old: bool = False) -> DbtSetting:
        value = self.locate(entry.value.span)
        return DbtSetting(entry.key or "", setting_of(entry.value), value, self.locate(entry.name.span), old)

    def entry(self, kind: str, node: Mapping) -> DbtEntry:
        name = node.get("name")
        where = self.where
        columns = [self.column(each) for each in _mappings(node.get("columns"))]
        versions = _mappings(node.get("versions"))
        keys = [*self.keys(node, kind)]
        for column in _mappings(node.get("columns")):
            keys += self.keys(column, "column")
        listed = node.get("columns")
        return DbtEntry(
            kind,
            _text(name) if not has_template(name) else "",
            where.path,
            where.folder,
            where.package,
            tuple(self.settings(node)),
            tuple(columns),
            tuple(self.tests(node, "")),
            bool(_text(node.get("description")).strip()),
            tuple(_text(each.get("v")) for each in versions),
            tuple(self.constraints(node)),
            self.is_whole(node),
            self.at(name, node),
            self.locate(node.span),
            self.relation(node.get("relation")),
            tuple(keys),
            self.locate(listed.span) if isinstance(listed, Sequence) and node.own("columns") is not None else None,
            any(each.get("columns") is not None for each in versions),
            _text(node.get("description")),
        )

    def is_whole(self, node: Mapping) -> bool:
        """Whether nothing that is not known could add to an entry."""
        return not any(
            entry.key is None
            or (entry.key == "<<" and not isinstance(resolved(entry.value), Mapping))
            or (has_template(entry.value) and entry.key in ("columns", "tests", "data_tests", "config", "constraints"))
            for entry in node.entries
        )

    def keys(self, node: Mapping, kind: str) -> Iterator[DbtKey]:
        own = frozenset(entry.key for entry in node.entries if entry.key)
        for entry in node.entries:
            if entry.key in ("tests", "data_tests") or entry.key in MOVED_TO_CONFIG.get(kind, ()):
                yield DbtKey(entry.key or "", kind, own, self.locate(entry.name.span), self.locate(node.span))

    def constraints(self, node: Mapping) -> Iterator[tuple[str, tuple[str, ...]]]:
        for each in _mappings(node.get("constraints")):
            columns = each.get("columns")
            names = tuple(_text(resolved(item)) for item in columns.items) if isinstance(columns, Sequence) else ()
            yield _text(each.get("type")), names

    def column(self, node: Mapping) -> DbtColumn:
        name = node.get("name")
        constraints = tuple(kind for kind, _ in self.constraints(node))
        meta = node.get("meta")
        primary = isinstance(meta, Mapping) and setting_of(meta.get("primary_key")) is True
        return DbtColumn(
            _text(name) if not has_template(name) else "",
            bool(_text(node.get("description")).strip()),
            _text(node.get("data_type")),
            setting_of(node.get("quote")) is True,
            tuple(self.tests(node, _text(name))),
            constraints,
            self.at(name, node),
            self.locate(node.span),
            not self.is_whole(node) or has_template(name),
            primary or "primary_key" in constraints,
            _text(node.get("description")),
        )

    def tests(self, node: Mapping, column: str) -> Iterator[DbtTest]:
        for key in ("tests", "data_tests"):
            listed = node.get(key)
            for item in listed.items if isinstance(listed, Sequence) else ():
                test = self.test(resolved(item), column)
                if test is not None:
                    yield test

    def test(self, node: Node, column: str) -> DbtTest | None:
        if isinstance(node, Scalar) and not node.is_null:
            name, package = _named(node.text)
            return DbtTest(name, package, column, (), (), False, self.locate(node.span))
        if not isinstance(node, Mapping) or not node.entries:
            return None
        first = node.entries[0]
        label = first.key or ""
        at, body = first.name.span, resolved(first.value)
        said = node.get("test_name")
        if said is not None:
            label, at, body = _text(said), said.span, node
        elif label in ("name", "config", "arguments"):
            return None
        name, package = _named(label)
        if not isinstance(body, Mapping):
            return DbtTest(name, package, column, (), (), False, self.locate(at))
        nested = body.get("arguments")
        arguments = [(key, value) for key, value in body.pairs() if key not in (*TEST_SETTINGS, "test_name")]
        is_nested = isinstance(nested, Mapping)
        flat = [
            self.setting(entry)
            for entry in body.entries
            if entry.key is not None and entry.key not in (*TEST_SETTINGS, "test_name", "<<")
        ]
        if isinstance(nested, Mapping):
            arguments = [*nested.pairs()]
        settings = [self.setting(entry, old=True) for entry in body.entries if entry.key in TEST_SETTINGS]
        config = body.get("config")
        if isinstance(config, Mapping):
            settings += (self.setting(entry) for entry in config.entries if entry.key)
        to = dict(arguments).get("to")
        return DbtTest(
            name,
            package,
            column,
            tuple((key, setting_of(value)) for key, value in arguments),
            tuple(each for each in settings if each.key not in ("config", "arguments", "description", "name")),
            is_nested,
            self.locate(at),
            self.locate(body.span) if not isinstance(first.value, Alias) else None,
            tuple(each for each in flat if each.key != "arguments"),
            self.relation(to) if name == "relationships" else None,
            tuple((key, self.locate(value.span)) for key, value in arguments),
        )

    def relation(self, node: Node | None) -> DbtReference | None:
        """``ref('x')`` in a YAML value, with or without the braces."""
        if not isinstance(node, Scalar):
            return None
        at = self.locate(node.span)
        call = reference_in(node.text)
        if call is None:
            return None
        names = tuple(each.value for each in call.args if isinstance(each, Const) and isinstance(each.value, str))
        constant = len(names) == len(call.args) and 1 <= len(names) <= 2
        version = call.keyword("v") or call.keyword("version")
        said = str(version.value) if isinstance(version, Const) else "?" if version is not None else ""
        return DbtReference(call.name, names if constant else (), said, at, at)

    def source(self, node: Mapping) -> DbtSource:
        name, where = node.get("name"), self.where
        fresh, loaded = freshness(node, self.locate), loaded_at(node)
        listed = node.get("tables")
        settings = tuple(self.settings(node))
        tables = tuple(self.table(each, node, fresh, loaded) for each in _mappings(listed))
        return DbtSource(
            _text(name) if not has_template(name) else "",
            where.path,
            where.folder,
            where.package,
            tables,
            fresh,
            loaded,
            settings,
            self.is_whole(node) and not has_template(name) and not has_template(listed),
            self.at(name, node),
            self.locate(node.span),
            self.locate(listed.span) if isinstance(listed, Sequence) and listed.items else None,
            tuple(self.keys(node, "source")),
        )

    def table(self, node: Mapping, source: Mapping, fresh: Freshness | bool | None, loaded: str) -> DbtTable:
        name, where = node.get("name"), self.where
        places = [source.get("schema"), source.get("database"), node.get("identifier"), source.get("catalog")]
        own = freshness(node, self.locate)
        entry = self.entry("source", node)
        enabled = entry.setting("enabled")
        if enabled is None:
            enabled = next((each for each in reversed(self.settings(source)) if each.key == "enabled"), None)
        return DbtTable(
            _text(source.get("name")),
            entry.name,
            _text(node.get("identifier")) or entry.name,
            _text(source.get("schema")) or _text(source.get("name")),
            _text(source.get("database")),
            where.path,
            where.folder,
            where.package,
            entry,
            own if own is not None else fresh,
            loaded_at(node) or loaded,
            enabled.value if enabled is not None else None,
            self.at(name, node),
            any(has_template(each) for each in places) or has_template(name),
        )

    def exposure(self, node: Mapping) -> DbtExposure:
        owner = node.get("owner")
        is_known = isinstance(owner, Mapping)
        depends = node.get("depends_on")
        listed = depends.items if isinstance(depends, Sequence) else ()
        references = [self.relation(resolved(each)) for each in listed]
        return DbtExposure(
            _text(node.get("name")),
            self.where.path,
            self.where.folder,
            owner is not None and not _is_nothing(owner),
            isinstance(owner, Mapping) and owner.get("name") is not None,
            (isinstance(owner, Mapping) and owner.get("email") is not None) or (owner is not None and not is_known),
            tuple(each for each in references if each is not None),
            bool(listed) or (depends is not None and not isinstance(depends, Sequence) and not _is_nothing(depends)),
            self.at(node.get("name"), node),
            self.locate(node.span),
        )

    def unit_test(self, node: Mapping) -> DbtUnitTest:
        model, expect = node.get("model"), node.get("expect")
        given = [(self.relation(each.get("input")), self.rows(each)) for each in _mappings(node.get("given"))]
        return DbtUnitTest(
            _text(node.get("name")),
            _text(model),
            self.where.path,
            self.where.folder,
            tuple(given),
            self.rows(expect) if isinstance(expect, Mapping) else (),
            not has_template(model) and not has_template(node.get("given")),
            self.at(node.get("name"), node),
            self.at(model, node),
        )

    def rows(self, node: Mapping) -> tuple[DbtRow, ...]:
        """Rows written as mappings; those in another format say nothing."""
        if _text(node.get("format")) not in ("", "dict"):
            return ()
        return tuple(
            DbtRow(tuple((entry.key, self.locate(entry.name.span)) for entry in row.entries if entry.key))
            for row in _mappings(node.get("rows"))
        )


def _first(node: Mapping) -> Span:
    return node.entries[0].name.span if node.entries else node.span


def _named(label: str) -> tuple[str, str]:
    package, _, name = label.rpartition(".")
    return name, package


def reference_in(text: str) -> Call | None:
    """The ``ref`` or ``source`` that a YAML value is, braces or not."""
    template = read_template(text) if "{{" in text else None
    if template is not None:
        expressions = [each for tag in template.tags for each in tag.expressions]
    else:
        try:
            reader = Reader(text, 0, len(text))
            expressions = [reader.expression()] if not reader.done else []
        except NotRead:
            expressions = []
    found = [each for each in expressions if isinstance(each, Call) and each.name in ("ref", "source")]
    return found[0] if len(found) == 1 else None


YamlReader = Callable[[str], YamlFile]
