"""Completion in a dbt project: names in template tags, and keys, names and values in its YAML files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from pipesense.engine.features.completion import Catalogue, Item, ItemKind
from pipesense.engine.record import FileRecord
from pipesense.engine.relations import Answers, Lookup
from pipesense.model.data import Relation
from pipesense.model.dbt import DbtEntry, DbtMacro, DbtProject
from pipesense.model.value import Known
from pipesense.systems.dbt.tables import ENUMS, NODE_CONFIGS
from pipesense.text.regex import regex
from pipesense.text.span import Span

_OPEN: Final = regex(r"\{[{%][-+]?(?:(?![}%]\}).)*\Z", re.DOTALL)
_SOURCE: Final = regex(r"source\(\s*(?:(?P<quote>['\"])(?P<group>[^'\"]*)(?P=quote)\s*,\s*)?['\"](?P<typed>[^'\"]*)\Z")
_VARIABLE: Final = regex(r"\bvar\(\s*['\"](?P<typed>[^'\"]*)\Z")
_CONFIG: Final = regex(r"\bconfig\((?P<inside>(?:[^()]|\([^()]*\))*)\Z")
_KEY: Final = regex(r"(?:\A|,)\s*(?P<typed>\w*)\Z")
_VALUE: Final = regex(r"(?:\A|,)\s*(?P<key>\w+)\s*=\s*['\"](?P<typed>[\w+]*)\Z")
_CALL: Final = regex(r"(?:\A\{\{[-+]?|\A\{%[-+]?\s*\w+|[(,=~+|\s])\s*(?P<typed>[A-Za-z_][\w.]*|)\Z")
_IN_QUOTES: Final = regex(r"\A(?:[^'\"]|'[^']*'|\"[^\"]*\")*\Z")
_REF: Final = regex(r"\bref\(\s*['\"](?P<typed>[^'\"]*)\Z")
_LINE: Final = regex(r"\A(?P<indent> *)(?P<item>- +)?(?:(?P<key>\w+): +)?(?P<typed>[\w+.]*)\Z")
_LISTED: Final = regex(r"\b(?:data_)?tests: *\[(?:[^\[\]{}]*, *)?(?P<typed>[\w.]*)\Z")
"""A list of tests in one line, up to the name that is typed."""
_ABOVE: Final = regex(r"\A(?P<indent> *)(?P<item>- +)?(?:(?P<key>[\w+]+):(?P<value>.*))?")

_MATERIALIZED: Final = ("view", "table", "incremental", "ephemeral", "materialized_view")
_FUNCTIONS: Final = (
    "ref",
    "source",
    "config",
    "var",
    "this",
    "is_incremental",
    "env_var",
    "target",
    "log",
    "run_query",
)
_TESTS: Final = ("not_null", "unique", "accepted_values", "relationships")
_NODES: Final = {"models": "model", "seeds": "seed", "snapshots": "snapshot"}
_KEYS: Final = {
    # https://docs.getdbt.com/reference/model-properties and the pages of the other properties (1.10)
    "models": ("name", "description", "columns", "data_tests", "config", "docs", "constraints", "versions", "access"),
    "seeds": ("name", "description", "columns", "data_tests", "config", "docs"),
    "snapshots": ("name", "description", "relation", "columns", "data_tests", "config"),
    "columns": ("name", "description", "data_type", "data_tests", "constraints", "quote", "meta", "tags"),
    "sources": ("name", "description", "database", "schema", "loader", "tables", "config", "quoting", "tags"),
    "tables": ("name", "description", "identifier", "columns", "data_tests", "config", "loaded_at_field", "freshness"),
    "exposures": ("name", "label", "type", "owner", "depends_on", "url", "description", "maturity", "meta", "tags"),
    "freshness": ("warn_after", "error_after", "filter"),
    "warn_after": ("count", "period"),
    "error_after": ("count", "period"),
    "unit_tests": ("name", "model", "given", "expect", "overrides", "config", "description"),
    "owner": ("name", "email"),
    "": ("version", "models", "sources", "seeds", "snapshots", "exposures", "macros", "unit_tests", "groups"),
}
_VALUES: Final = {
    **ENUMS,
    "materialized": _MATERIALIZED,
    "period": ("minute", "hour", "day"),
    "type": ("dashboard", "notebook", "analysis", "ml", "application"),
    "maturity": ("high", "medium", "low"),
    "strategy": ("timestamp", "check"),
}


class Projects(Protocol):
    """dbt projects, and the texts of the files beside their models."""

    def folder(self, path: str) -> str:
        """The folder of the project that holds a path."""

    def variables(self, folder: str) -> tuple[str, ...]:
        """The variables that a project's file gives values to."""


@dataclass(frozen=True, slots=True)
class DbtCompletion:
    """``record_of`` gives a file with all its facts."""

    record_of: Callable[[str], FileRecord | None]
    lookup: Catalogue
    projects: Projects
    answers: Callable[[Lookup], Answers]

    def in_sql(self, path: str, offset: int) -> tuple[Item, ...]:
        """What may stand at an offset inside a template tag; () anywhere else, and where models are referred to."""
        record, folder = self.record_of(path), self.projects.folder(path)
        if record is None or not folder:
            return ()
        opened = _OPEN.search(record.document.text[max(0, offset - 2000) : offset])
        return tuple(self._in_tag(opened.group(), folder, offset)) if opened is not None else ()

    def in_yaml(self, path: str, offset: int) -> tuple[Item, ...]:
        """What may stand at an offset of a project's YAML file."""
        record, folder = self.record_of(path), self.projects.folder(path)
        if record is None or not folder:
            return ()
        text = record.document.text
        line = text.rfind("\n", 0, offset) + 1
        before = text[line:offset]
        referred = _REF.search(before)
        if referred is not None:
            names = [*self._names(folder, "node"), *self._of_packages(folder, "node")]
            return tuple(_items(names, ItemKind.MODEL, referred["typed"], offset, "model"))
        tag = _OPEN.search(before)
        if tag is not None:
            return tuple(self._in_tag(tag.group(), folder, offset))
        listed = _LISTED.search(before)
        if listed is not None:
            return tuple(self._tests(listed["typed"], folder, offset))
        typed = _LINE.match(before)
        if typed is None:
            return ()
        return tuple(self._in_line(typed, _way(text[:line], typed), folder, offset))

    # --- SQL -------------------------------------------------------------------------------------

    def _in_tag(self, before: str, folder: str, offset: int) -> Iterator[Item]:
        source = _SOURCE.search(before)
        if source is not None:
            every = (*self._names(folder, "source"), *self._of_packages(folder, "source"))
            names = [each.partition(".") for each in every]
            group = source["group"]
            found = [table for name, _, table in names if name == group] if group else [name for name, _, _ in names]
            yield from _items(found, ItemKind.MODEL, source["typed"], offset, "table" if group else "source")
            return
        variable = _VARIABLE.search(before)
        if variable is not None:
            yield from _items(
                self.projects.variables(folder), ItemKind.SETTING, variable["typed"], offset, "variable", sort=False
            )
            return
        config = _CONFIG.search(before)
        if config is not None:
            yield from _configured(config["inside"], offset)
            return
        called = _CALL.search(before) if _IN_QUOTES.match(before) else None
        if called is not None:
            yield from _items(_FUNCTIONS, ItemKind.MACRO, called["typed"], offset, "dbt", sort=False)
            yield from _items(self._names(folder, "macro"), ItemKind.MACRO, called["typed"], offset, "macro")
            yield from _items(self._of_packages(folder, "macro"), ItemKind.MACRO, called["typed"], offset, "package")

    # --- YAML ------------------------------------------------------------------------------------

    def _in_line(self, typed: re.Match[str], way: list[tuple[str, str]], folder: str, offset: int) -> Iterator[Item]:
        key, word = typed["key"], typed["typed"]
        owner = way[0][0] if way else ""
        if key == "name":
            yield from self._named(owner, way, word, folder, offset)
        elif key is not None:
            yield from _items(_VALUES.get(key, ()), ItemKind.VALUE, word, offset, key, sort=False)
        elif owner in ("tests", "data_tests"):
            yield from self._tests(word, folder, offset)
        else:
            yield from _keys(owner, word, offset)

    def _tests(self, word: str, folder: str, offset: int) -> Iterator[Item]:
        yield from _items(_TESTS, ItemKind.TEST, word, offset, "dbt", sort=False)
        yield from _items(self._generic_tests(folder), ItemKind.TEST, word, offset, "generic test")

    def _named(self, owner: str, way: list[tuple[str, str]], word: str, folder: str, offset: int) -> Iterator[Item]:
        if owner in _NODES:
            known = {name for name in self._names(folder, "node") if self._entries(folder, _NODES[owner], name)}
            names = sorted(self._names(folder, "node"), key=lambda each: (each in known, each))
            yield from _items(names, ItemKind.MODEL, word, offset, _NODES[owner], sort=False)
        elif owner == "columns":
            model = next((name for kind, name in way[1:] if kind in _NODES and name), "")
            yield from _items(self._columns(folder, model), ItemKind.COLUMN, word, offset, model, sort=False)

    def _columns(self, folder: str, model: str) -> list[str]:
        for values in self.lookup.get(("model", model.lower())):
            for relation in values if isinstance(values, tuple) else ():
                if isinstance(relation, Relation) and relation.project == folder:
                    whole = self.answers(self.lookup).relations.whole(Known(relation), set())
                    return [column.name for column in whole.value.columns] if isinstance(whole, Known) else []
        return []

    def _generic_tests(self, folder: str) -> list[str]:
        return [
            name
            for name in self._names(folder, "macro")
            if any(
                isinstance(each, DbtMacro) and "test" in each.kind for each in self._get(("dbt-macro", folder, name))
            )
        ]

    # --- the index -------------------------------------------------------------------------------

    def _names(self, folder: str, kind: str) -> list[str]:
        return sorted({str(name) for name in self._get(("dbt-names", folder, kind))})

    def _of_packages(self, folder: str, kind: str) -> list[str]:
        """The names that packages bring, installed or known from the manifest; macros with their package's name."""
        found: set[str] = set()
        for key in ("dbt-packages", "dbt-manifest"):
            for place in map(str, self._get((key, folder))):
                known = next(
                    (each.name for each in self._get(("dbt-project", place)) if isinstance(each, DbtProject)), ""
                )
                package = known or place.rpartition("#")[2]
                prefix = f"{package}." if kind == "macro" else ""
                found.update(f"{prefix}{name}" for name in self._get(("dbt-names", place, kind)))
        return sorted(found)

    def _entries(self, folder: str, kind: str, name: str) -> bool:
        return any(isinstance(each, DbtEntry) for each in self._get(("dbt-entry", folder, kind, name.lower())))

    def _get(self, key: tuple[str, ...]) -> Iterator[object]:
        for values in self.lookup.get(key):
            yield from values if isinstance(values, tuple) else (values,)


def _configured(inside: str, offset: int) -> Iterator[Item]:
    value = _VALUE.search(inside)
    if value is not None:
        yield from _items(
            _VALUES.get(value["key"], ()), ItemKind.VALUE, value["typed"], offset, value["key"], sort=False
        )
        return
    key = _KEY.search(inside)
    if key is not None and _IN_QUOTES.match(inside):
        given = set(re.findall(r"(\w+)\s*=", inside))
        for name in sorted(NODE_CONFIGS - given, key=lambda each: (each != "materialized", each)):
            span = Span(offset - len(key["typed"]), offset)
            yield Item(name, ItemKind.SETTING, f"{name}=", span, "config", name)


def _keys(owner: str, word: str, offset: int) -> Iterator[Item]:
    names = sorted(NODE_CONFIGS) if owner == "config" else _KEYS.get(owner, ())
    for name in names:
        yield Item(name, ItemKind.SETTING, f"{name}: ", Span(offset - len(word), offset), owner, name)


def _items(
    names: Iterable[str], kind: ItemKind, typed: str, offset: int, detail: str, *, sort: bool = True
) -> Iterator[Item]:
    span = Span(offset - len(typed), offset)
    for name in sorted(set(names)) if sort else dict.fromkeys(names):
        yield Item(name, kind, name, span, detail, name)


def _way(above: str, here: re.Match[str]) -> list[tuple[str, str]]:
    """The keys around a line, innermost first, each with the name of the list's item that holds the line below it."""
    found: list[tuple[str, str]] = []
    depth = len(here["indent"])
    name = ""
    is_item = here["item"] is not None
    for row in reversed(above.split("\n")):
        match = _ABOVE.match(row)
        if match is None or not row.strip() or row.lstrip().startswith("#"):
            continue
        indent = len(match["indent"])
        inner = indent + len(match["item"] or "")
        if inner == depth and match["key"] == "name" and not is_item:
            name = match["value"].strip().strip("'\"")
        if match["item"] is not None and inner == depth and not is_item:
            # The first line of the item that holds the line.
            depth, is_item = indent, True
        elif match["key"] is not None and inner < depth + (1 if is_item else 0) and not match["value"].strip():
            found.append((match["key"], name))
            name = match["value"].strip()
            depth, is_item = inner, False
            if match["item"] is not None:
                depth, is_item = indent, True
    return found
