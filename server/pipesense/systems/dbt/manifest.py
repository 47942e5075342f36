"""What ``target/manifest.json`` tells of packages whose files are not here.

dbt writes the file at each run, so it may be torn, of another day or of another branch. It adds names, words and
columns of packages; nothing of the project's own files is taken from it, and no place in any file.
https://docs.getdbt.com/reference/artifacts/manifest-json (schema v4 of dbt 1.0 to v12 of dbt 1.10).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from json import JSONDecoder
from typing import Any, Final

from pipesense.lang.sql.adapter import ADAPTERS
from pipesense.model.columns import Family
from pipesense.model.data import Column, DatasetName, Relation
from pipesense.model.dbt import DbtColumn, DbtEntry, DbtMacro, DbtNode, DbtTable
from pipesense.model.value import Unknown
from pipesense.model.where import Loc
from pipesense.text.regex import regex
from pipesense.text.span import Span

LARGEST: Final = 64_000_000
"""Bytes of a manifest that is read; those of projects with 5,000 models have 50 MB."""

_SECTIONS: Final = ("nodes", "sources", "macros")
_KINDS: Final = frozenset(("model", "seed", "snapshot"))
_BLANK: Final = regex(r"\s*")
_PACKAGES_OF_DBT: Final = frozenset(("dbt", *(f"dbt_{name}" for name in ADAPTERS)))
_MOST: Final = 200_000
"""Nodes, sources and macros of one manifest."""
_WHY: Final = Unknown("target/manifest.json lists its columns, as dbt saw them at its last run")
_NOTHING: Final = Unknown("target/manifest.json lists no columns of it")


class Torn(Exception):
    """The text is no manifest that was written to its end."""


@dataclass(slots=True)
class Manifest:
    """What was read so far. ``packages`` are names; ``own`` gives the names of the project's nodes with their files."""

    path: str
    folder: str
    packages: dict[str, None] = field(default_factory=dict)
    nodes: list[DbtNode] = field(default_factory=list)
    entries: list[DbtEntry] = field(default_factory=list)
    tables: list[DbtTable] = field(default_factory=list)
    macros: list[tuple[DbtMacro, str]] = field(default_factory=list)
    """With the way in which each is called."""
    relations: list[Relation] = field(default_factory=list)
    own: dict[str, str] = field(default_factory=dict)

    def place(self, package: str) -> str:
        """The folder under which a package stands whose files are not here."""
        return f"{self.path}#{package}"


def values(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The nodes, sources and macros of a manifest one by one, each with the name of its section.

    Only one of them is held in memory at a time, and whoever asks may stop between two.

    Raises:
        Torn: the text ends early, or is something else.
    """
    if not text[-100:].rstrip().endswith("}"):
        raise Torn
    decoder = JSONDecoder()
    at, left = _opened(text, 0), set(_SECTIONS)
    while left:
        key, at = _key(decoder, text, at)
        if not key:
            return
        if key in left and text.startswith("{", at):
            left.remove(key)
            at = _opened(text, at)
            while True:
                name, at = _key(decoder, text, at)
                if not name:
                    break
                value, at = _decoded(decoder, text, at)
                if isinstance(value, dict):
                    yield key, value
        else:
            _, at = _decoded(decoder, text, at)


def read_into(made: Manifest, section: str, value: Mapping[str, Any], project: str, here: frozenset[str]) -> None:
    """Take one value of a manifest; ``here`` are the packages whose files are read anyway."""
    package, name = _text(value, "package_name"), _text(value, "name")
    if not package or not name or len(made.nodes) + len(made.tables) + len(made.macros) > _MOST:
        return
    if package == project:
        if section == "nodes" and _text(value, "resource_type") in _KINDS:
            made.own[name.lower()] = _text(value, "original_file_path")
        return
    if package in here or package in _PACKAGES_OF_DBT:
        return
    made.packages[package] = None
    loc = Loc(made.path, 0, Span(0, 0))
    if section == "nodes" and _text(value, "resource_type") in _KINDS:
        _node(made, value, package, name, loc)
    elif section == "sources":
        _table(made, value, package, name, loc)
    elif section == "macros":
        _macro(made, value, package, name, loc)


def _node(made: Manifest, value: Mapping[str, Any], package: str, name: str, loc: Loc) -> None:
    folder, kind = made.place(package), _text(value, "resource_type")
    made.nodes.append(DbtNode(kind, name, made.path, folder, package, (), "manifest", (), (), (), True, loc))
    made.entries.append(_entry(made, value, kind, package, name, loc))
    made.relations.append(_relation(value, (name,), "model", folder, loc))


def _table(made: Manifest, value: Mapping[str, Any], package: str, name: str, loc: Loc) -> None:
    folder, source = made.place(package), _text(value, "source_name")
    places = (_text(value, "identifier") or name, _text(value, "schema"), _text(value, "database"))
    entry = _entry(made, value, "source", package, name, loc)
    made.tables.append(DbtTable(source, name, *places, made.path, folder, package, entry, None, "", None, loc, True))
    made.relations.append(_relation(value, (source, name), "source", folder, loc))


def _macro(made: Manifest, value: Mapping[str, Any], package: str, name: str, loc: Loc) -> None:
    text = _text(value, "macro_sql")
    # What it calls in turn was not followed; only that it asks for later runs is sure where its own text does.
    calls = frozenset(("?", *(("is_incremental",) if "is_incremental(" in text else ())))
    kind = "test" if name.startswith("test_") else "macro"
    found = re.search(r"\b(?:macro|test|data_test)\s+(\w+\s*\([^%]*?\))\s*-?%\}", text)
    shown = " ".join(found[1].split()) if found is not None else name
    plain = name.removeprefix("test_") if kind == "test" else name
    macro = DbtMacro(kind, plain, made.path, package, calls, (), loc)
    made.macros.append((macro, shown))
    made.entries.append(_entry(made, value, "macro", package, plain, loc))


def _entry(made: Manifest, value: Mapping[str, Any], kind: str, package: str, name: str, loc: Loc) -> DbtEntry:
    words = _text(value, "description")
    columns = tuple(
        DbtColumn(
            each,
            bool(_text(said, "description").strip()),
            _text(said, "data_type"),
            False,
            (),
            (),
            loc,
            loc,
            True,
            description=_text(said, "description"),
        )
        for each, said in _columns(value)
    )
    return DbtEntry(
        *(kind, name, made.path, made.place(package), package, (), columns, (), bool(words.strip()), (), (), False),
        loc,
        loc,
        description=words,
    )


def _relation(value: Mapping[str, Any], parts: tuple[str, ...], kind: str, folder: str, loc: Loc) -> Relation:
    columns = tuple(
        Column(each, _text(said, "data_type").upper(), None, loc, "", Family.UNKNOWN) for each, said in _columns(value)
    )
    opened = _WHY if columns else _NOTHING
    name = DatasetName((parts[-1].lower(),))
    return Relation(name, columns, (), (), loc, opened, kind=kind, parts=parts, project=folder)


def _columns(value: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    said = value.get("columns")
    for name, each in said.items() if isinstance(said, dict) else ():
        if isinstance(each, dict):
            yield _text(each, "name") or str(name), each


def _text(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""


def _blanks(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match is not None else at


def _opened(text: str, at: int) -> int:
    at = _blanks(text, at)
    if not text.startswith("{", at):
        raise Torn
    return at + 1


def _key(decoder: JSONDecoder, text: str, at: int) -> tuple[str, int]:
    """The next key of a mapping and where its value starts; "" behind its end."""
    at = _blanks(text, at)
    if text.startswith(",", at):
        at = _blanks(text, at + 1)
    if text.startswith("}", at):
        return "", at + 1
    key, at = _decoded(decoder, text, at)
    at = _blanks(text, at)
    if not isinstance(key, str) or not text.startswith(":", at):
        raise Torn
    return key, _blanks(text, at + 1)


def _decoded(decoder: JSONDecoder, text: str, at: int) -> tuple[Any, int]:
    try:
        return decoder.raw_decode(text, at)
    except (ValueError, RecursionError):
        raise Torn from None
