"""What surrounds a file: its configuration, the files that pin versions, and where its imports lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pipesense.engine.baseline import BadBaseline, parse_baseline
from pipesense.engine.config import FILE_NAMES, Config, ConfigProblem, glob_matches, parse_config
from pipesense.engine.dbt import DbtProjects
from pipesense.engine.files import FileAccess, Unreadable
from pipesense.engine.index import Key
from pipesense.engine.report import Reported
from pipesense.engine.reporting import configuration_finding
from pipesense.rule.registry import Registry

_SOURCE_FOLDERS = ("", "dags", "src", "plugins", "include")
_NO_KEYS: Final[frozenset[Key]] = frozenset()


def parents(path: str, root: str | None) -> Iterator[str]:
    """The folders that hold a path, nearest first, up to and including ``root``."""
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        if folder == root:
            return
        folder = folder.rpartition("/")[0]


@dataclass(slots=True)
class Surroundings:
    """Answers about projects, remembered until a file that could change them is touched."""

    registry: Registry
    files: FileAccess
    dialects: Callable[[], frozenset[str]]
    known: Callable[[str], bool]
    """Whether the workspace has a file of that path (open or listed)."""
    roots: list[str] = field(default_factory=list)
    projects: dict[str, str] = field(default_factory=dict)
    """For a workspace folder that is a part of a project, the project's folder: what holds there holds below."""
    overrides: Config = field(default_factory=Config)
    _configs: dict[str, Config | None] = field(default_factory=dict)
    _effective: dict[str, tuple[Config, Config]] = field(default_factory=dict)
    _enabled: dict[str, tuple[Config, frozenset[str]]] = field(default_factory=dict)
    """For each file the overrides and the settings that they gave."""
    _overridden: dict[int, tuple[Config, Config, Config]] = field(default_factory=dict)
    _unconfigured: dict[str, Config] = field(default_factory=dict)
    """The settings below a folder that has none of its own."""
    _rule_sets: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)
    _texts: dict[str, str | None] = field(default_factory=dict)
    _modules: dict[tuple[str, str], tuple[str | None, frozenset[Key]]] = field(default_factory=dict)
    """What a module name means in a folder, and the keys of the files that were looked for before it, in vain."""
    _file_keys: dict[str, Key] = field(default_factory=dict)
    """The keys of files that are looked for: hundreds of files look for the same ones."""
    _packages: dict[str, bool] = field(default_factory=dict)
    _package_keys: dict[str, frozenset[Key]] = field(default_factory=dict)
    problems: dict[str, tuple[ConfigProblem, ...]] = field(default_factory=dict)
    dbt: DbtProjects = field(init=False)

    def __post_init__(self) -> None:
        self.dbt = DbtProjects(self.files, self.text, lambda path: parents(path, self.root_of(path)))
        self.dbt.layers = lambda path: self.config(path).layers

    def forget(self) -> None:
        """Ask the file system again from now on."""
        self._configs.clear()
        self._effective.clear()
        self._enabled.clear()
        self._overridden.clear()
        self._unconfigured.clear()
        self._rule_sets.clear()
        self._texts.clear()
        self._modules.clear()
        self._file_keys.clear()
        self._packages.clear()
        self._package_keys.clear()
        self.problems.clear()
        self.dbt.forget()

    def root_of(self, path: str) -> str | None:
        """The innermost workspace folder that holds a path."""
        holding = [root for root in self.roots if path.startswith(root + "/")]
        return max(holding, key=len, default=None)

    def above(self, path: str) -> Iterator[str]:
        """The folders in which something may stand that holds for a path, nearest first."""
        root = self.root_of(path)
        return parents(path, self.projects.get(root, root) if root is not None else None)

    def relative(self, path: str) -> str:
        """A path below its workspace folder."""
        root = self.root_of(path)
        return path[len(root) + 1 :] if root is not None else path.rpartition("/")[2]

    def text(self, path: str) -> str | None:
        """The text of a file beside the sources, None where there is none that can be read."""
        if path not in self._texts:
            try:
                self._texts[path] = self.files.read(path) if self.files.exists(path) else None
            except Unreadable as error:
                self._texts[path] = None
                self.problems[path] = (ConfigProblem(path, 0, f"This file cannot be read: {error.reason}."),)
        return self._texts[path]

    def all_problems(self) -> tuple[tuple[str, int, str], ...]:
        """Everything wrong in the configuration files read so far: path, line (0-based), sentence."""
        return tuple(
            (path, each.line, each.message) for path, problems in sorted(self.problems.items()) for each in problems
        )

    def problem_findings(self, path: str) -> tuple[Reported, ...]:
        """What is wrong in a configuration file, as it is shown."""
        text, relative = self.text(path) or "", self.relative(path)
        return tuple(
            configuration_finding(path, relative, text, each.line, each.message) for each in self.problems[path]
        )

    def config(self, path: str) -> Config:
        """The settings that hold for a file: the nearest configuration file, under the overrides."""
        found = self._effective.get(path)
        if found is None or found[0] is not self.overrides:
            found = self._effective[path] = (self.overrides, self._with_overrides(self._nearest(path)))
        return found[1]

    def enabled(self, path: str) -> frozenset[str]:
        """The ids of the rules that speak in a file; the same object as long as the settings are the same."""
        config = self.config(path)
        found = self._enabled.get(path)
        if found is None or found[0] is not config:
            rules = config.enabled(self.registry, path)
            found = self._enabled[path] = (config, self._rule_sets.setdefault(rules, rules))
        return found[1]

    def excluded(self, path: str) -> bool:
        """Whether the settings leave a file out."""
        config = self.config(path)
        relative = config.relative(path)
        return any(glob_matches(glob, relative) for glob in config.exclude)

    def _with_overrides(self, found: Config) -> Config:
        """Settings under the overrides; one object for all files that have the same."""
        known = self._overridden.get(id(found))
        if known is None or known[0] is not found or known[1] is not self.overrides:
            known = self._overridden[id(found)] = (found, self.overrides, found.with_overrides(self.overrides))
        return known[2]

    def _nearest(self, path: str) -> Config:
        for folder in self.above(path):
            if folder not in self._configs:
                self._configs[folder] = self._config_in(folder)
            config = self._configs[folder]
            if config is not None:
                return config
        holder = self.root_of(path) or path.rpartition("/")[0]
        return self._unconfigured.setdefault(holder, Config(folder=holder))

    def _config_in(self, folder: str) -> Config | None:
        for name in FILE_NAMES:
            path = f"{folder}/{name}"
            text = self.text(path)
            if text is None:
                continue
            config = parse_config(path, text, self.registry, self.dialects)
            if config is not None:
                self.problems[path] = config.problems
                return config
        return None

    def asked(self, path: str) -> bool:
        """Whether anybody asked for the text of a file beside the sources (it need not exist); seeds count too.

        Of a folder that was deleted or renamed nothing but its own path is told.
        """
        if path in self._texts or (path.endswith(".csv") and self.dbt.of(path) is not None):
            return True
        below = path + "/"
        return self.dbt.has_seeds(below) or any(
            text is not None and known.startswith(below) for known, text in self._texts.items()
        )

    def version_texts(self, path: str, names: Iterable[str]) -> Mapping[str, str]:
        """The nearest file of each name above a path, by name."""
        found: dict[str, str] = {}
        folders = list(self.above(path))
        for name in names:
            for folder in folders:
                text = self.text(f"{folder}/{name}")
                if text is not None:
                    found[name] = text
                    break
        return found

    def module_path(self, path: str, name: str) -> str | None:
        """The workspace file that ``import name`` in a file means, or None for one outside the workspace."""
        return self._module(path, name)[0]

    def looked_for(self, path: str, name: str) -> frozenset[Key]:
        """The keys of the files that ``import name`` would mean before the one that it means, if they came to be.

        None where it means no file of the workspace: whoever reads a missing module's last name (see ``read_key`` of
        ``Stages``) hears of every file of that name, and dozens of places in which it does not stand need not be kept.
        """
        return self._module(path, name)[1]

    def _module(self, path: str, name: str) -> tuple[str | None, frozenset[Key]]:
        # No file imports itself: only for a file of that very name the answer is its own.
        itself = path.removesuffix("/__init__.py").removesuffix(".py").endswith("/" + name.replace(".", "/"))
        key = (path if itself else path.rpartition("/")[0], name)
        found = self._modules.get(key)
        if found is None:
            found = self._modules[key] = self._find_module(path, name)
        return found

    def _find_module(self, path: str, name: str) -> tuple[str | None, frozenset[Key]]:
        below = name.replace(".", "/")
        root = self.root_of(path)
        bases = list(parents(path, root))
        if root is not None:
            bases += [f"{root}/{folder}" for folder in _SOURCE_FOLDERS if folder]
        missing: list[str] = []
        for base in dict.fromkeys(bases):
            for candidate in (f"{base}/{below}.py", f"{base}/{below}/__init__.py"):
                if candidate == path:
                    continue
                if self.known(candidate) or self.files.exists(candidate):
                    return candidate, frozenset(map(self._file_key, missing))
                missing.append(candidate)
        return None, _NO_KEYS

    def _is_package(self, folder: str) -> bool:
        if folder not in self._packages:
            path = f"{folder}/__init__.py"
            self._packages[folder] = self.known(path) or self.files.exists(path)
        return self._packages[folder]

    def module_name(self, path: str) -> str | None:
        """The dotted name of a Python file below its innermost folder that is no package."""
        parts = path.removesuffix(".py").split("/")
        if parts[-1] == "__init__":
            parts.pop()
        at = len(parts) - len(self.package_files(path))
        name = ".".join(parts[at:])
        return name if name.replace(".", "").replace("_", "").isalnum() else None

    def package_files(self, path: str) -> tuple[str, ...]:
        """The ``__init__.py`` that tell the module name of a Python file, the last one missing."""
        folders = path.removesuffix("/__init__.py").split("/")[:-1]
        at = len(folders)
        while at > 0 and self._is_package("/".join(folders[:at])):
            at -= 1
        return tuple("/".join([*folders[:each], "__init__.py"]) for each in range(len(folders), max(at, 1) - 1, -1))

    def package_keys(self, path: str) -> frozenset[Key]:
        """The keys of ``package_files``, which the files of a folder share."""
        folder = path.removesuffix("/__init__.py").rpartition("/")[0]
        found = self._package_keys.get(folder)
        if found is None:
            found = self._package_keys[folder] = frozenset(map(self._file_key, self.package_files(path)))
        return found

    def _file_key(self, path: str) -> Key:
        return self._file_keys.setdefault(path, ("file", path))

    def baseline(self, path: str) -> frozenset[str]:
        """The fingerprints of findings that the project of a file lives with for now."""
        config = self.config(path)
        if config.baseline is None:
            return frozenset()
        text = self.text(f"{config.folder}/{config.baseline}")
        try:
            return frozenset(each.fingerprint for each in parse_baseline(text)) if text is not None else frozenset()
        except BadBaseline:
            return frozenset()

    def existing(self, candidates: Sequence[str]) -> str | None:
        """The first of several paths that exists."""
        return next((each for each in candidates if self.known(each) or self.files.exists(each)), None)
