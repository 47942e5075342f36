"""dbt projects of the workspace: which files belong to them as what, and what each tells the others.

Every file of a project is read once when the project is found, so that "nobody defines this" can be said; what it
tells goes into the index under the file's own name, and linking the file later replaces it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from pipesense.engine.dbt_manifest import Manifests, manifest_path
from pipesense.engine.dbt_seeds import seed_relation
from pipesense.engine.files import FileAccess, Unreadable
from pipesense.engine.index import Index, Key, Stage
from pipesense.lang.sql.adapter import dialect_of_dbt, schemas_of_dbt
from pipesense.model.data import Relation
from pipesense.model.dbt import DbtFile, DbtMacro, DbtNode, DbtProject, DbtProperties
from pipesense.model.where import Loc
from pipesense.text.regex import regex
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

    from pipesense.systems.dbt.project import Variable
    from pipesense.systems.dbt.sql import Locate, Whereabouts

PROJECT_FILE: Final = "dbt_project.yml"
_YAML: Final = (".yml", ".yaml")
_INSTALLED: Final = ("dbt_packages", "dbt_modules")
_SPARSE: Final = "many of the models that it refers to are not here"
_FEW: Final = 4
_MISSING: Final = 0.25
"""The share of names that nobody defines from which a project counts as published in parts."""
_DOCS: Final = regex(r"\{%-?\s*docs\s+(?P<name>\w+)\s*-?%\}(?P<body>.*?)\{%-?\s*enddocs\s*-?%\}", re.DOTALL)
_DERIVED: Final = "#dbt"
"""Behind a project's folder: the name under which what follows from all of its files stands in the index."""


class Doc(NamedTuple):
    """A documentation block: where its name stands, and what it says."""

    path: str
    span: Span
    text: str


@dataclass(slots=True)
class _State:
    """A project as far as it was read."""

    project: DbtProject
    packages: tuple[str, ...]
    waiting: dict[str, None]
    graph: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    """For each file the nodes in it and what they refer to."""
    places: dict[str, tuple[tuple[str, tuple[str, ...], bool], ...]] = field(default_factory=dict)
    """For each file the models in it, with their folders, and whether they read a source."""
    stale: bool = True


@dataclass(slots=True)
class DbtProjects:
    """Answers about dbt projects, remembered until the surroundings change."""

    files: FileAccess
    text: Callable[[str], str | None]
    """The text of a file beside the sources, None where there is none."""
    parents: Callable[[str], Iterator[str]]
    now: Callable[[str], str | None] = lambda path: None
    """The text of a file that an editor has open."""
    layers: Callable[[str], Mapping[str, str]] = lambda path: {}
    """What the settings that hold for a file say of the layers of folders and prefixes."""
    _projects: dict[str, DbtProject | None] = field(default_factory=dict)
    _nearest: dict[str, DbtProject | None] = field(default_factory=dict)
    """For each folder that was asked about, the project around it."""
    _seeds: dict[str, dict[str, str]] = field(default_factory=dict)
    _states: dict[str, _State] = field(default_factory=dict)
    _before: dict[str, _State] = field(default_factory=dict)
    """What was read before the surroundings changed: files that are still there need not be read again."""
    _ignores: dict[tuple[str, ...], GitIgnoreSpec | None] = field(default_factory=dict)
    """What the lines of a ``.dbtignore`` mean."""
    _manifests: Manifests = field(init=False)

    def __post_init__(self) -> None:
        self._manifests = Manifests(self.files)

    def forget(self) -> None:
        """Look again from now on."""
        self._projects.clear()
        self._nearest.clear()
        self._seeds.clear()
        self._before.update(self._states)
        self._states.clear()

    # --- what a file is --------------------------------------------------------------------------

    def of(self, path: str) -> DbtProject | None:
        """The nearest project that holds a path."""
        within = path.rpartition("/")[0]
        if within not in self._nearest:
            self._nearest[within] = next(filter(None, map(self.at, self.parents(path))), None)
        return self._nearest[within]

    def at(self, folder: str) -> DbtProject | None:
        """The project of a folder."""
        if folder not in self._projects:
            path = f"{folder}/{PROJECT_FILE}"
            text = self.now(path)
            text = text if text is not None else self.text(path)
            self._projects[folder] = self._read_project(folder, text) if text is not None else None
        return self._projects[folder]

    def _read_project(self, folder: str, text: str, locate: Locate | None = None) -> DbtProject:
        from pipesense.systems.dbt.project import BESIDE, read_project

        beside = {name: found for name in BESIDE if (found := self.text(f"{folder}/{name}")) is not None}
        for name in ("requirements.txt", "pyproject.toml"):
            above = (self.text(f"{each}/{name}") for each in self.parents(f"{folder}/{name}"))
            beside[name] = beside.get(name) or next((each for each in above if each), "")
        path = f"{folder}/{PROJECT_FILE}"
        told = dialect_of_dbt(f"{folder}/models/any.sql", (folder, *self.parents(folder)), self.text)
        made = read_project(
            folder,
            text,
            beside,
            lambda name, local: self._package(folder, name, local) is not None,
            locate or (lambda span: Loc(path, 0, span)),
        )
        layers = tuple(self.layers(path).items())
        schemas = schemas_of_dbt((folder, *self.parents(folder)), self.text)
        return replace(made, adapter=told[0] if told is not None else "", layers=layers, schemas=schemas)

    def _package(self, folder: str, name: str, local: str) -> str | None:
        """The folder of an installed package."""
        places = [f"{folder}/{each}/{name}" for each in _INSTALLED]
        if local:
            places.insert(0, _joined(folder, local))
        return next((place for place in places if self.text(f"{place}/{PROJECT_FILE}") is not None), None)

    def whereabouts(self, path: str) -> Whereabouts | None:
        """As what a file belongs to a project; None for one that dbt does not read."""
        ending = path[path.rfind(".") :].lower()
        if ending not in (".sql", ".py", *_YAML):
            return None
        project = self.of(path)
        if project is None:
            return None
        relative = path[len(project.folder) + 1 :]
        if ending in _YAML and "/" not in relative:
            return None
        best: tuple[int, str, str] | None = None
        for kind, folders in project.paths:
            for folder in folders:
                if (not folder or relative.startswith(f"{folder}/")) and (best is None or len(folder) > best[0]):
                    best = (len(folder), kind, folder)
        if best is None or (ending == ".py" and best[1] != "model") or self._ignored(project, relative):
            return None
        from pipesense.systems.dbt.sql import Whereabouts

        below = relative[len(best[2]) + 1 if best[2] else 0 :]
        return Whereabouts(path, project.folder, project.name, best[1], tuple(below.split("/")[:-1]))

    def _ignored(self, project: DbtProject, relative: str) -> bool:
        """Whether dbt passes over a file: https://docs.getdbt.com/reference/dbtignore (1.10)."""
        if not project.ignored:
            return False
        if project.ignored not in self._ignores:
            from pathspec import GitIgnoreSpec

            try:
                self._ignores[project.ignored] = GitIgnoreSpec.from_lines(project.ignored)
            except ValueError:
                self._ignores[project.ignored] = None
        spec = self._ignores[project.ignored]
        return spec is not None and spec.match_file(relative)

    def reads(self, path: str) -> bool:
        """Whether dbt reads a YAML file."""
        return path.endswith("/" + PROJECT_FILE) or (path.endswith(_YAML) and self.whereabouts(path) is not None)

    def model(self, path: str) -> tuple[str, str] | None:
        """The folder of the project and the name of the model that a SQL file is, or None."""
        where = self.whereabouts(path) if path.endswith(".sql") else None
        return (where.folder, where.stem) if where is not None and where.kind == "model" else None

    def folder(self, path: str) -> str:
        """The folder of the project that holds a path, "" where there is none."""
        project = self.of(path)
        return project.folder if project is not None else ""

    # --- seeds -----------------------------------------------------------------------------------

    def seed(self, folder: str, name: str) -> Relation | None:
        """The seed of a project: its CSV file's header says all of its columns."""
        project = self.at(folder) if folder else None
        if project is None:
            return None
        path = self._listed(project).get(name.lower())
        return self._read(path, name, folder) if path is not None else None

    def seeds(self, folder: str) -> tuple[str, ...]:
        """The names of a project's seeds, in lower case."""
        project = self.at(folder) if folder else None
        return tuple(sorted(self._listed(project))) if project is not None else ()

    def _listed(self, project: DbtProject) -> dict[str, str]:
        """The files of a project's seeds by their names in lower case."""
        folder = project.folder
        if folder not in self._seeds:
            self._seeds[folder] = {
                path.rpartition("/")[2].removesuffix(".csv").lower(): path
                for below in project.folders("seed")
                for path in self.files.listing(f"{folder}/{below}" if below else folder)
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
        return seed_relation(text, path, name, folder)

    # --- what editors ask ------------------------------------------------------------------------

    def mentioning(self, folder: str, word: str) -> Iterator[str]:
        """The paths of a project's files whose text holds a word, in order."""
        project = self.at(folder)
        if project is not None and folder not in self._states:
            # The surroundings changed a moment ago, and no file was linked since.
            self._begin(project)
        state = self._states.get(folder)
        folded = word.lower()
        for path in sorted({*state.graph, *state.waiting}) if state is not None else ():
            text = self._read_now(path)
            if text is not None and folded in text.lower():
                yield path

    def said(self, path: str) -> tuple[str, DbtFile | DbtProperties] | None:
        """The text of a project's file and what it tells, with places in that text."""
        text, where = self._read_now(path), self.whereabouts(path)
        if text is None or where is None:
            return None
        from pipesense.systems.dbt.index import read_file

        return text, read_file(text, where, lambda span: Loc(path, 0, span))

    def variables_at(self, folder: str) -> tuple[Variable, ...]:
        """The variables that a project's file gives values to, those for one package included."""
        from pipesense.systems.dbt.project import variables

        path = f"{folder}/{PROJECT_FILE}"
        text = self.now(path)
        return variables(text if text is not None else self.text(path) or "")

    def variables(self, folder: str) -> tuple[str, ...]:
        """Their names."""
        return tuple(dict.fromkeys(each.name for each in self.variables_at(folder)))

    def docs(self, folder: str) -> dict[str, Doc]:
        """The documentation blocks of a project by their names.

        https://docs.getdbt.com/docs/build/documentation (1.10).
        """
        project = self.at(folder) if folder else None
        found: dict[str, Doc] = {}
        for path in self.files.listing(folder) if project is not None else ():
            if path.endswith(".md") and (text := self._read_now(path)) is not None:
                for match in _DOCS.finditer(text):
                    found.setdefault(match["name"], Doc(path, Span(*match.span("name")), match["body"].strip()))
        return found

    def python(self, path: str) -> Iterator[tuple[str, str]]:
        """The Python files of the workspace folder that holds a path, with their texts."""
        root = next(reversed([*self.parents(path)]), "")
        for file in self.files.listing(root) if root else ():
            if file.endswith(".py") and (text := self._read_now(file)) is not None:
                yield file, text

    def signature(self, macro: DbtMacro) -> str:
        """The name and arguments of a macro, as they are written."""
        text = self._read_now(macro.path) or ""
        match = re.search(rf"\b(?:macro|test|data_test)\s+({re.escape(macro.name)}\s*\([^%]*\))\s*-?%}}", text)
        return " ".join(match[1].split()) if match is not None else macro.name

    def _read_now(self, path: str) -> str | None:
        text = self.now(path)
        if text is None:
            try:
                text = self.files.read(path)
            except Unreadable:
                return None
        return text

    # --- what files tell -------------------------------------------------------------------------

    def ensure(self, path: str) -> None:
        """The project of a path, and the packages in it, are to be read."""
        project = self.of(path)
        if project is not None and project.folder not in self._states:
            self._begin(project)

    def _begin(self, project: DbtProject) -> None:
        folder = project.folder
        before = self._before.pop(folder, None)
        packages = tuple(
            found for name, local in project.packages if (found := self._package(folder, name, local)) is not None
        )
        paths = {path: None for below in self._roots(project) for path in self.files.listing(below)}
        wanted = {path: None for path in paths if self.whereabouts(path) is not None and self.folder(path) == folder}
        state = self._states[folder] = _State(project, packages, wanted)
        if before is not None and before.project.paths == project.paths and before.project.name == project.name:
            for path in [path for path in wanted if path in before.graph]:
                del wanted[path]
                state.graph[path], state.places[path] = before.graph[path], before.places[path]
        for package in packages:
            other = self.at(package)
            if other is not None and package not in self._states:
                self._begin(other)
        if not any(f"/{each}/" in folder for each in _INSTALLED):
            self._expect_manifest(state)

    def _expect_manifest(self, state: _State) -> None:
        folder = state.project.folder

        def exists(relative: str) -> bool:
            path = f"{folder}/{relative}"
            return path not in state.graph and self.files.exists(path)

        here = (self.at(package) for package in state.packages)
        self._manifests.expect(state.project, frozenset(each.name for each in here if each is not None), exists)

    def touched(self, path: str) -> bool:
        """A file was written; whether it is a manifest, which is read again then."""
        if not self._manifests.touched(path):
            return False
        for state in self._states.values():
            if manifest_path(state.project) == path:
                self._expect_manifest(state)
        return True

    @staticmethod
    def _roots(project: DbtProject) -> tuple[str, ...]:
        folders = sorted({folder for _, several in project.paths for folder in several})
        if "" in folders or "." in folders:
            return (project.folder,)
        tops = [each for each in folders if not any(each.startswith(f"{other}/") for other in folders)]
        return tuple(f"{project.folder}/{each}" for each in tops)

    def read(self, path: str, text: str, locate: Locate) -> DbtFile | DbtProperties | None:
        """What a file of a project says; None for any other."""
        where = self.whereabouts(path)
        if where is None:
            return None
        from pipesense.systems.dbt.index import read_file

        self.ensure(path)
        return read_file(text, where, locate)

    def read_again(self, folder: str, text: str, locate: Locate) -> DbtProject:
        """A project by a text of its file, with places in it."""
        return self._read_project(folder, text, locate)

    def project_linked(self, folder: str) -> None:
        """The file of a project may say something else now."""
        self._projects.pop(folder, None)
        self._nearest.clear()
        fresh = self.at(folder)
        state = self._states.get(folder)
        if state is not None and fresh != state.project:
            self._before[folder] = self._states.pop(folder)
        if fresh is not None:
            self.ensure(f"{folder}/{PROJECT_FILE}")

    def note(self, path: str, found: DbtFile | DbtProperties) -> None:
        """A file was linked: what it refers to may have changed."""
        state = self._states.get(found.folder)
        if state is not None:
            self._note(state, path, found)

    def _note(self, state: _State, path: str, found: DbtFile | DbtProperties) -> None:
        from pipesense.systems.dbt.index import parents

        state.waiting.pop(path, None)
        graph = parents(found)
        nodes = found.nodes if isinstance(found, DbtFile) else ()
        places = tuple(
            (node.name, node.place, any(each.kind == "source" for each in node.references))
            for node in nodes
            if node.kind == "model"
        )
        if state.graph.get(path) != graph or state.places.get(path) != places:
            state.graph[path], state.places[path] = graph, places
            state.stale = True

    def drop(self, path: str) -> None:
        """A file is gone."""
        for state in self._states.values():
            state.waiting.pop(path, None)
            if state.graph.pop(path, None) is not None:
                state.places.pop(path, None)
                state.stale = True

    @property
    def waiting(self) -> bool:
        """Whether files wait to be read, or what follows from them was not worked out."""
        return bool(self._manifests) or any(state.waiting or state.stale for state in self._states.values())

    def step(self, index: Index, is_linked: Callable[[str], bool], count: int) -> frozenset[Key]:
        """Read some files of a project; the keys that changed by it."""
        changed: set[Key] = set()
        for folder, state in self._states.items():
            while state.waiting and count > 0:
                count -= 1
                path = next(iter(state.waiting))
                changed |= self._preview(path, state, index, is_linked(path))
            if not state.waiting and state.stale:
                state.stale = False
                changed |= index.export(folder + _DERIVED, Stage.LINK, self._derived(state))
        while count > 0 and self._manifests:
            count -= _FEW
            if (told := self._manifests.step(_FEW)) is not None:
                changed |= index.export(told[0], Stage.LINK, told[1])
        return frozenset(changed)

    def _preview(self, path: str, state: _State, index: Index, linked: bool) -> frozenset[Key]:
        state.waiting.pop(path, None)
        text, where = self._read_now(path), self.whereabouts(path)
        unread = (f"{path.rpartition('/')[2]} cannot be read",) if text is None and path.endswith(_YAML) else ()
        told: dict[Key, object] = {("dbt-opened", where.folder): unread} if where is not None and unread else {}
        # Under another name than the file's own, which is dropped once it turns out to be unreadable.
        opened: frozenset[Key] = (
            index.export(path + _DERIVED, Stage.LINK, told) if path.endswith(_YAML) else frozenset()
        )
        if text is None or where is None:
            return opened
        from pipesense.systems.dbt.index import exports, read_file

        found = read_file(text, where, lambda span: Loc(path, 0, span))
        self._note(state, path, found)
        return opened if linked else opened | index.export(path, Stage.LINK, exports(found))

    def _is_sparse(self, state: _State) -> bool:
        """Whether so many models are missing that the project must have been published in parts."""
        known = {name for nodes in state.graph.values() for name in nodes} | {*self._listed(state.project)}
        wanted = {target for nodes in state.graph.values() for targets in nodes.values() for target in targets}
        return len(wanted) > _FEW and len(wanted - known) > _MISSING * len(wanted)

    def _derived(self, state: _State) -> dict[Key, tuple[object, ...]]:
        from pipesense.systems.dbt.index import circles, habits, is_layered

        folder = state.project.folder
        graph = {name: targets for nodes in state.graph.values() for name, targets in nodes.items()}
        models = [each for several in state.places.values() for each in several]
        made: dict[Key, tuple[object, ...]] = {
            ("dbt-project", folder): (state.project,),
            ("dbt-packages", folder): state.packages,
            ("dbt-complete", folder): (True,),
            ("dbt-opened", folder): (_SPARSE,) if self._is_sparse(state) else (),
            ("dbt-layered", folder): (is_layered((each[:2] for each in models), state.project.layers),),
            ("dbt-habits", folder): habits(models, graph, state.project.layers),
        }
        for name, members in circles(graph).items():
            made[("dbt-cycle", folder, name)] = members
        for name, path in self._listed(state.project).items():
            place = tuple(path.split("/")[:-1])
            seed = DbtNode(
                *("seed", name, path, folder, state.project.name, place, "csv", (), (), (), False),
                Loc(path, 0, Span(0, 0)),
            )
            made[("dbt-node", folder, name)] = (*made.get(("dbt-node", folder, name), ()), seed)
        made[("dbt-names", folder, "node")] = tuple(self._listed(state.project))
        return made


def _joined(folder: str, relative: str) -> str:
    """A folder named from another one."""
    parts = relative.strip("/").split("/") if not relative.startswith("/") else []
    at = folder.split("/")
    for part in parts:
        if part == "..":
            at = at[:-1]
        elif part not in ("", "."):
            at.append(part)
    return "/".join(at)
