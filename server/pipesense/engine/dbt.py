"""Which files are models and seeds of a dbt project. Only what the catalogue of relations needs."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pipesense.engine.files import FileAccess, Unreadable
from pipesense.model.data import Column, DatasetName, Relation
from pipesense.model.where import Loc
from pipesense.text.span import Span

_LISTS: Final = re.compile(
    r"^(model|source|seed|data)-paths:[ \t]*(?:\[([^\]\n]*)\]|((?:[ \t]*(?:#[^\n]*)?\n[ \t]*-[^\n]*)+))", re.M
)
_NAME: Final = re.compile(r"""[^\s,'"\[\]-][^,'"\[\]\n#]*""")
_DEFAULTS: Final = {"model": ("models",), "seed": ("seeds",)}
_OLD_WORDS: Final = {"source": "model", "data": "seed"}
"""What the settings were called before dbt 1.0."""


@dataclass(frozen=True, slots=True)
class DbtProject:
    """The folders of a project, as paths without a slash at their ends."""

    folder: str
    models: tuple[str, ...]
    seeds: tuple[str, ...]


@dataclass(slots=True)
class DbtProjects:
    """Answers about dbt projects, remembered until the surroundings change."""

    files: FileAccess
    text: Callable[[str], str | None]
    """The text of a file beside the sources, None where there is none."""
    parents: Callable[[str], Iterator[str]]
    _projects: dict[str, DbtProject | None] = field(default_factory=dict)
    _seeds: dict[str, dict[str, str]] = field(default_factory=dict)

    def forget(self) -> None:
        """Look again from now on."""
        self._projects.clear()
        self._seeds.clear()

    def of(self, path: str) -> DbtProject | None:
        """The nearest project that holds a path."""
        for folder in self.parents(path):
            if folder not in self._projects:
                text = self.text(f"{folder}/dbt_project.yml")
                self._projects[folder] = _project(folder, text) if text is not None else None
            found = self._projects[folder]
            if found is not None:
                return found
        return None

    def model(self, path: str) -> tuple[str, str] | None:
        """The folder of the project and the name of the model that a SQL file is, or None."""
        project = self.of(path) if path.endswith(".sql") else None
        if project is None or not any(path.startswith(folder + "/") for folder in project.models):
            return None
        return project.folder, path.rpartition("/")[2].removesuffix(".sql")

    def folder(self, path: str) -> str:
        """The folder of the project that holds a path, "" where there is none."""
        project = self.of(path)
        return project.folder if project is not None else ""

    def seed(self, folder: str, name: str) -> Relation | None:
        """The seed of a project: its CSV file's header says all of its columns."""
        project = self.of(f"{folder}/dbt_project.yml") if folder else None
        if project is None:
            return None
        path = self._listed(project).get(name.lower())
        return self._read(path, name, folder) if path is not None else None

    def seeds(self, folder: str) -> tuple[str, ...]:
        """The names of a project's seeds, in lower case."""
        project = self.of(f"{folder}/dbt_project.yml") if folder else None
        return tuple(sorted(self._listed(project))) if project is not None else ()

    def _listed(self, project: DbtProject) -> dict[str, str]:
        """The files of a project's seeds by their names in lower case."""
        folder = project.folder
        if folder not in self._seeds:
            self._seeds[folder] = {
                path.rpartition("/")[2].removesuffix(".csv").lower(): path
                for below in project.seeds
                for path in self.files.listing(below)
                if path.endswith(".csv")
            }
        return self._seeds[folder]

    def has_seeds(self, below: str) -> bool:
        """Whether a seed that somebody asked for lies below a folder (with a slash at its end)."""
        return any(path.startswith(below) for seeds in self._seeds.values() for path in seeds.values())

    def _read(self, path: str, name: str, folder: str) -> Relation | None:
        try:
            text = self.files.read(path)
        except Unreadable:
            return None
        loc = Loc(path, 0, Span(0, 0))
        header = next(csv.reader(text.splitlines()[:1]), [])
        columns = tuple(Column(each.strip(), "", None, loc) for each in header if each.strip())
        if not columns or len(columns) != len(header):
            return None
        return Relation(DatasetName((name.lower(),)), columns, (), (), loc, kind="seed", parts=(name,), project=folder)


def _project(folder: str, text: str) -> DbtProject:
    found = dict(_DEFAULTS)
    for word, inline, listed in _LISTS.findall(text):
        lines = [inline] if inline else [line.partition("-")[2] for line in listed.split("\n") if "-" in line]
        names = [name.strip().strip("/") for line in lines for name in _NAME.findall(line)]
        found[_OLD_WORDS.get(word, word)] = tuple(name for name in names if name)
    return DbtProject(
        folder,
        tuple(f"{folder}/{name}" for name in found["model"]),
        tuple(f"{folder}/{name}" for name in found["seed"]),
    )
