"""The engine's side of ``rule.dbt``: what files of a project say, put together for one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Final, TypeVar

from pipesense.engine.index import Key
from pipesense.engine.relations import Lookup, Relations
from pipesense.model.columns import Columns
from pipesense.model.data import Relation
from pipesense.model.dbt import (
    DbtEntry,
    DbtExposure,
    DbtMacro,
    DbtNode,
    DbtProject,
    DbtReference,
    DbtTable,
    Dynamic,
    Setting,
)
from pipesense.model.value import Absent, Evidence, Known, Origin, Unknown, Value, Version
from pipesense.rule.dbt import Found, Missing

T = TypeVar("T")

_REFERABLE: Final = frozenset(("model", "snapshot", "seed"))
_NO_ANSWER: Final = Columns((), Unknown("its query was not read"))
_FOLLOWED: Final = 4_000
"""Macros that are looked at to tell what a model reaches."""


@dataclass(slots=True)
class ProjectView:
    """Implements ``rule.dbt.DbtView`` over a look-up; every key that is asked for is told to ``note``."""

    folder: str
    lookup: Lookup
    note: Callable[[Key], None]
    relations: Callable[[], tuple[Relations, set[Key]]]

    def _get(self, key: Key, kind: type[T]) -> tuple[T, ...]:
        self.note(key)
        return tuple(
            each
            for value in self.lookup.get(key)
            for each in (value if isinstance(value, tuple) else (value,))
            if isinstance(each, kind)
        )

    @property
    def project(self) -> DbtProject | None:
        return self._project(self.folder)

    def _project(self, folder: str) -> DbtProject | None:
        found = self._get(("dbt-project", folder), DbtProject) if folder else ()
        return found[0] if found else None

    @property
    def packages(self) -> tuple[str, ...]:
        project = self.project
        return tuple(name for name, _ in project.packages) if project is not None else ()

    @property
    def complete(self) -> bool:
        return self._is_complete(self.folder)

    def _is_complete(self, folder: str) -> bool:
        return bool(self._get(("dbt-complete", folder), bool))

    @property
    def version(self) -> Version:
        project = self.project
        if project is None or not project.version:
            return Version()
        return Version(project.version, Evidence.PINNED, project.version_source)

    @property
    def layered(self) -> bool:
        return self._get(("dbt-layered", self.folder), bool) == (True,)

    @property
    def habits(self) -> frozenset[str]:
        return frozenset(self._get(("dbt-habits", self.folder), str))

    def layer(self, node: DbtNode) -> int | None:
        from pipesense.systems.dbt.layers import layer_of

        project = self._project(node.folder)
        return layer_of(node.name, node.place, project.layers if project is not None else ())

    def _folders(self) -> tuple[str, ...]:
        """The project and the packages in it, the project first."""
        return (self.folder, *self._get(("dbt-packages", self.folder), str))

    def _opened(self, *, macros: bool = False) -> Unknown | None:
        """Why a name may be defined that was not read."""
        project = self.project
        if project is None:
            return Unknown("it belongs to no project")
        why = project.macros_open if macros else project.opened
        if why:
            return Unknown(why)
        if self._is_installed_above():
            return Unknown("the project around it installs it, and defines names for it")
        for folder in self._folders():
            if not self._is_complete(folder):
                return Unknown("not every file of the project was read yet")
            opened = self._get(("dbt-opened", folder), str)
            if opened:
                return Unknown(opened[0])
        return None

    def _is_installed_above(self) -> bool:
        """Whether a project around this one has it as a local package: dbt looks into the root project for it, too."""
        above = PurePosixPath(self.folder)
        for folder in map(str, above.parents):
            project = self._project(folder)
            if project is not None and any(
                local and normpath(f"{folder}/{local}") == str(above) for _, local in project.packages
            ):
                return True
        return False

    def nodes(self, name: str) -> tuple[DbtNode, ...]:
        found = self._get(("dbt-node", self.folder, name.lower()), DbtNode)
        return tuple(each for each in found if each.kind in _REFERABLE)

    def ref(self, reference: DbtReference) -> Found[DbtNode] | Missing | Unknown:
        if not reference.names:
            return Unknown("its name is made up when it runs")
        name, package = reference.name.lower(), reference.group
        for folder in self._folders():
            project = self._project(folder)
            if package and project is not None and project.name != package:
                continue
            here = [each for each in self._get(("dbt-node", folder, name), DbtNode) if each.kind in _REFERABLE]
            if here:
                return Found(tuple(here))
            versioned = self._versioned(folder, name)
            if versioned:
                return Found(versioned)
        own = self.project
        if package and own is not None and package != own.name and not self._is_installed(package):
            return Unknown(f"the package {package} is not here")
        opened = self._opened()
        if opened is not None:
            return opened
        if not self._get(("dbt-names", self.folder, "node"), str):
            return Unknown("the project has no models: it is made to be installed in one that has them")
        if self._get(("dbt-entry", self.folder, "seed", name), DbtEntry):
            return Unknown("it is described as a seed whose file is not here")
        if self._get(("dbt-macro", self.folder, "ref"), DbtMacro):
            return Unknown("the project has a ref of its own")
        if self._in_manifest("node", name):
            return Unknown("target/manifest.json knows it, and its file was not read")
        return Missing(self._near(reference.name, "node"))

    def _in_manifest(self, kind: str, name: str) -> bool:
        """Whether dbt knew a name at its last run that no file here defines."""
        return bool(self._get(("dbt-known", self.folder, kind, name), str))

    def _versioned(self, folder: str, name: str) -> tuple[DbtNode, ...]:
        """The files of a model with versions, which are called name_v1 and so on."""
        return tuple(
            node
            for version in self._get(("dbt-versions", folder, name), str)
            for node in self._get(("dbt-node", folder, f"{name}_v{version}".lower()), DbtNode)
        )

    def _is_installed(self, package: str) -> bool:
        return any((found := self._project(folder)) is not None and found.name == package for folder in self._folders())

    def _near(self, name: str, kind: str) -> tuple[str, ...]:
        names = self._get(("dbt-names", self.folder, kind), str)
        return tuple(_like(name, names, 3, 0.75))

    def source(self, reference: DbtReference) -> Found[DbtTable] | Missing | Unknown:
        if len(reference.names) != 2:
            return Unknown("its name is made up when it runs")
        source, table = reference.names
        for folder in self._folders():
            found = self._get(("dbt-source", folder, source, table), DbtTable)
            if found:
                return Found(found)
        opened = self._opened()
        if opened is not None:
            return opened
        if self._get(("dbt-macro", self.folder, "source"), DbtMacro):
            return Unknown("the project has a source of its own")
        if self._in_manifest("source", f"{source}.{table}"):
            return Unknown("target/manifest.json knows it, and its file was not read")
        names = self._get(("dbt-names", self.folder, "source"), str)
        near = _like(f"{source}.{table}", names, 3, 0.8)
        return Missing(tuple(near))

    def macro(self, name: str) -> Found[DbtMacro] | Missing | Unknown:
        from pipesense.systems.dbt.tables import CONTEXT, MACROS

        package, _, last = name.rpartition(".")
        if not package:
            for folder in self._folders():
                found = self._get(("dbt-macro", folder, last), DbtMacro)
                if found:
                    return Found(found)
            if last in MACROS or last in CONTEXT or last.removeprefix("default__") in MACROS:
                return Found(())
            opened = self._opened(macros=True)
            return opened if opened is not None else Missing(self._near(last, "macro"))
        if package.split(".")[0] in CONTEXT and package != "dbt":
            return Found(())
        if package == "dbt" or (package.startswith("dbt_") and last in MACROS):
            return Found(())
        for folder in self._folders():
            project = self._project(folder)
            if project is not None and project.name == package:
                found = self._get(("dbt-macro", folder, last), DbtMacro)
                if found:
                    return Found(found)
                opened = self._opened(macros=True)
                if opened is not None:
                    return opened
                if self._in_manifest("macro", f"{package}.{last}"):
                    return Unknown("target/manifest.json knows it, and its file was not read")
                names = self._get(("dbt-names", folder, "macro"), str)
                return Missing(tuple(f"{package}.{each}" for each in _like(last, names, 3, 0.75)))
        return Unknown(f"{package} is no package that is here")

    def enabled(self, node: DbtNode) -> bool | None:
        value = self.setting(node, "enabled")
        if isinstance(value, Unknown):
            return None
        if isinstance(value, Known):
            return value.value if isinstance(value.value, bool) else None
        return True

    def entries(self, node: DbtNode) -> tuple[DbtEntry, ...]:
        return self._get(("dbt-entry", node.folder, node.kind, node.name.lower()), DbtEntry)

    def beside(self, node: DbtNode) -> DbtEntry | None:
        found = self._get(("dbt-beside", node.path.rpartition("/")[0]), DbtEntry)
        return found[-1] if found else None

    def setting(self, node: DbtNode, key: str) -> Value[Setting]:
        own = next((each for each in reversed(node.settings) if each.key in (key, "**")), None)
        if own is not None:
            return _value(own.value, own.at, Origin.HERE)
        from pipesense.systems.dbt.project import tree_setting

        for entry in self.entries(node):
            said = entry.setting(key) or entry.setting("**")
            if said is not None:
                return _value(said.value, said.at, Origin.PROJECT_FILE)
            if not entry.whole:
                return Unknown("a template decides what its YAML entry says")
        if not self._is_complete(node.folder):
            return Unknown("not every file of the project was read yet")
        opened = self._get(("dbt-opened", node.folder), str)
        if opened:
            return Unknown(opened[0])
        project = self._project(node.folder)
        root = self.project
        if project is None or not project.whole:
            return Unknown("dbt_project.yml cannot be read to its end")
        for each in dict.fromkeys((root, project)):
            if each is None:
                continue
            way = (node.package, *node.place, node.name)
            found, value = tree_setting(each, node.kind, way, key)
            if found:
                return _value(value, None, Origin.PROJECT_FILE)
        return Absent(Unknown("dbt's default"), ("the file", "its YAML entry", "dbt_project.yml"))

    def reaches(self, node: DbtNode, macro: str) -> bool | None:
        waiting = [each.name for each in node.calls]
        unknown = node.opened
        seen: set[str] = set()
        while waiting and len(seen) < _FOLLOWED:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            if name == macro or name.endswith(f".{macro}"):
                return True
            if name == "?":
                unknown = True
                continue
            if name in ("this", "flags"):
                continue
            if name.startswith("dispatch:"):
                waiting += self._implementations(name.removeprefix("dispatch:"))
                continue
            found = self.macro(name)
            if isinstance(found, Found):
                waiting += (call for each in found.several for call in each.calls)
            else:
                unknown = True
        return None if unknown else False

    def _implementations(self, name: str) -> list[str]:
        names = [each for folder in self._folders() for each in self._get(("dbt-names", folder, "macro"), str)]
        return [each for each in names if each.endswith(f"__{name}")]

    def children(self, node: DbtNode) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._get(("dbt-children", node.folder, node.name.lower()), str)))

    def exposed_by(self, node: DbtNode) -> tuple[DbtExposure, ...]:
        return self._get(("dbt-exposed", node.folder, node.name.lower()), DbtExposure)

    def cycle(self, node: DbtNode) -> tuple[str, ...]:
        return self._get(("dbt-cycle", node.folder, node.name.lower()), str)

    def table_uses(self, table: DbtTable) -> tuple[str, ...]:
        found = self._get(("dbt-readers", table.folder, table.source, table.name), str)
        return tuple(dict.fromkeys(found))

    def same_source(self, source: str, table: str) -> tuple[DbtTable, ...]:
        return self._get(("dbt-source", self.folder, source, table), DbtTable)

    def columns(self, node: DbtNode) -> Columns:
        if node.kind not in ("model", "snapshot"):
            return _NO_ANSWER
        relations, reads = self.relations()
        key = ("model", node.name.lower())
        reads.add(key)
        found = [
            each
            for values in self.lookup.get(key)
            if isinstance(values, tuple)
            for each in values
            if isinstance(each, Relation) and each.project == node.folder
        ]
        return relations.columns_of(found[0], reads) if len(found) == 1 else _NO_ANSWER

    def singular_tests(self, name: str) -> tuple[str, ...]:
        return self._get(("dbt-tested", self.folder, name.lower()), str)


def _value(value: Setting, at: object, origin: Origin) -> Value[Setting]:
    if isinstance(value, Dynamic):
        return Unknown("a template decides it")
    return Known(value, None, origin)


def _like(name: str, names: tuple[str, ...], most: int, at_least: float) -> list[str]:
    """The names that somebody may have meant, the most similar first; ``at_least`` is from 0 to 1."""
    from difflib import get_close_matches

    return get_close_matches(name, names, most, at_least)
