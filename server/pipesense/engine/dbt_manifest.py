"""Reading manifests of dbt bit by bit, in the time that nobody needs, and what they tell the workspace.

A manifest only ever adds: a name that it knows is not called missing, and editors are told of packages that are not
installed. Rules never see what stands in it as a fact, so no finding comes of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pipesense.engine.files import FileAccess, Unreadable
from pipesense.engine.index import Key

if TYPE_CHECKING:
    from pipesense.model.dbt import DbtProject
    from pipesense.systems.dbt.manifest import Manifest

_AT_ONCE: Final = 4
"""Values of a manifest that one step of background work reads: a few milliseconds."""
_DECIDING: Final = ("packages.yml", "dependencies.yml")


@dataclass(slots=True)
class ManifestReading:
    """One manifest. ``here`` are the names of the packages whose files are read anyway."""

    files: FileAccess
    project: DbtProject
    here: frozenset[str]
    exists: Callable[[str], bool]
    """Whether a file of the project is there that was not read; its path is relative to the project."""
    _made: Manifest | None = None
    _rest: Iterator[tuple[str, Mapping[str, Any]]] | None = None

    @property
    def path(self) -> str:
        """Where the project's manifest stands."""
        return manifest_path(self.project)

    def step(self, count: int) -> dict[Key, tuple[object, ...]] | None:
        """Read some more; what it tells, once all of it was read. A torn manifest tells nothing."""
        from pipesense.systems.dbt.manifest import LARGEST, Manifest, Torn, read_into, values

        if self._rest is None:
            try:
                text = self.files.read_large(self.path, LARGEST)
            except Unreadable:
                return {}
            self._made, self._rest = Manifest(self.path, self.project.folder), values(text)
            return None
        assert self._made is not None
        try:
            for _ in range(min(count * _AT_ONCE, 1 << 30)):
                found = next(self._rest, None)
                if found is None:
                    return dict(_told(self._made, self.exists))
                read_into(self._made, *found, self.project.name, self.here)
        except Torn:
            return {}
        return None


@dataclass(slots=True)
class Manifests:
    """The manifests of all projects: which were read, and which wait."""

    files: FileAccess
    _waiting: dict[str, ManifestReading] = field(default_factory=dict)
    _read: dict[str, object] = field(default_factory=dict)
    """For each manifest that was read what it was then."""

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def expect(self, project: DbtProject, here: frozenset[str], exists: Callable[[str], bool]) -> None:
        """A project was found: its manifest is to be read, if it is newer than what says which packages it has."""
        path = manifest_path(project)
        stamp = self._stamp(project, path)
        now = (stamp, here, project.name)
        if self._read.get(path, (None, frozenset(), project.name)) != now:
            self._waiting[path] = ManifestReading(self.files, project, here, exists)
        self._read[path] = now

    def touched(self, path: str) -> bool:
        """A file was written; whether it is a manifest that somebody reads."""
        if path not in self._read:
            return False
        # The next look differs from this one, whatever it finds.
        self._read[path] = None
        return True

    def _stamp(self, project: DbtProject, path: str) -> object:
        stamp = self.files.stamp(path)
        if stamp is None:
            return None
        others = (self.files.stamp(f"{project.folder}/{name}") for name in _DECIDING)
        return stamp if all(other is None or other[1] <= stamp[1] for other in others) else None

    def step(self, count: int) -> tuple[str, dict[Key, tuple[object, ...]]] | None:
        """Read a part of the next one; its path and what it tells, once it was read to its end."""
        path, reading = next(iter(self._waiting.items()))
        stamp = self._read.get(path)
        gone = isinstance(stamp, tuple) and stamp[0] is None
        told = {} if gone else reading.step(count)
        if told is None:
            return None
        self._waiting.pop(path, None)
        return path, told


def manifest_path(project: DbtProject) -> str:
    """Where dbt writes the manifest of a project."""
    return f"{project.folder}/{project.target}/manifest.json"


def _told(made: Manifest, exists: Callable[[str], bool]) -> Iterator[tuple[Key, tuple[object, ...]]]:
    """What a manifest tells, by the keys under which it is asked for."""
    found: dict[Key, list[object]] = {}

    def add(value: object, *key: str) -> None:
        found.setdefault(key, []).append(value)

    folder = made.folder
    for package in made.packages:
        add(made.place(package), "dbt-manifest", folder)
    for node in made.nodes:
        add(node, "dbt-node", node.folder, node.name.lower())
        add(node.name, "dbt-names", node.folder, "node")
        add(node.package, "dbt-known", folder, "node", node.name.lower())
    for name, file in made.own.items():
        if exists(file):
            add(file, "dbt-known", folder, "node", name)
    for entry in made.entries:
        add(entry, "dbt-entry", entry.folder, entry.kind, entry.name.lower())
    for table in made.tables:
        add(table, "dbt-source", table.folder, table.source, table.name)
        add(f"{table.source}.{table.name}", "dbt-names", table.folder, "source")
        add(table.package, "dbt-known", folder, "source", f"{table.source}.{table.name}")
    for macro, signature in made.macros:
        place = made.place(macro.package)
        add(macro, "dbt-macro", place, macro.name)
        add(macro.name, "dbt-names", place, "macro")
        add(signature, "dbt-signature", place, macro.name)
        add(macro.package, "dbt-known", folder, "macro", f"{macro.package}.{macro.name}")
    for relation in made.relations:
        add(relation, "source" if relation.kind == "source" else "model", relation.parts[-1].lower())
    return ((key, tuple(several)) for key, several in found.items())
