"""Configuration: what ``[tool.pipesense]`` or ``pipesense.toml`` says, checked word by word.

A wrong key or value never stops the analysis: it is a problem with a place and a suggestion, and the rest of
the file holds.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final, TypeVar

from pipesense.rule.meta import FileRole, Severity
from pipesense.rule.registry import Registry

V = TypeVar("V")

FILE_NAMES: Final = ("pipesense.toml", "pyproject.toml")

KEYS: Final = (
    "select",
    "ignore",
    "severity",
    "per-file-ignores",
    "dialect",
    "roles",
    "layers",
    "version",
    "assets",
    "baseline",
    "exclude",
    "rules",
)
"""Everything that a configuration file, or an editor, may set."""
_ASSET_KEYS: Final = ("append_only", "unique_key")


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """Something in a configuration file that cannot be meant; ``line`` is 0-based."""

    path: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Config:
    """Checked settings. ``folder`` is where the globs start; "" for defaults and editor settings."""

    folder: str = ""
    path: str = ""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dialect: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, FileRole] = field(default_factory=dict)
    layers: Mapping[str, str] = field(default_factory=dict)
    version: Mapping[str, str] = field(default_factory=dict)
    assets: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    baseline: str | None = None
    problems: tuple[ConfigProblem, ...] = ()

    def relative(self, path: str) -> str:
        """A path as the globs of this configuration see it."""
        return path[len(self.folder) + 1 :] if self.folder and path.startswith(self.folder + "/") else path

    def dialect_of(self, path: str) -> str | None:
        """The dialect configured for a file; the last glob that fits wins."""
        return _last(self.dialect, self.relative(path))

    def role_of(self, path: str) -> FileRole | None:
        """The role configured for a file; the last glob that fits wins."""
        return _last(self.roles, self.relative(path))

    def enabled(self, registry: Registry, path: str) -> frozenset[str]:
        """The ids of the rules that speak in a file."""
        on = _union(registry, self.select) if self.select else registry.on_by_default
        off = _union(registry, self.ignore)
        relative = self.relative(path)
        for glob, selectors in self.per_file_ignores.items():
            if glob_matches(glob, relative):
                off |= _union(registry, selectors)
        return on - off

    def severity_of(self, rule_id: str) -> Severity | None:
        """The severity configured for a rule or its concern, or None."""
        return self.severity.get(rule_id) or self.severity.get(rule_id.partition("/")[0])

    def with_overrides(self, other: Config) -> Config:
        """These settings with those of an editor or a command line on top."""
        return replace(
            self,
            select=other.select or self.select,
            ignore=self.ignore + other.ignore,
            severity={**self.severity, **other.severity},
            per_file_ignores={**self.per_file_ignores, **other.per_file_ignores},
            dialect={**self.dialect, **other.dialect},
            roles={**self.roles, **other.roles},
            layers={**self.layers, **other.layers},
            version={**self.version, **other.version},
            assets={**self.assets, **other.assets},
            rules={**self.rules, **other.rules},
            exclude=self.exclude + other.exclude,
            baseline=other.baseline or self.baseline,
            problems=self.problems + other.problems,
        )


def _last(globs: Mapping[str, V], relative: str) -> V | None:
    return next((value for glob, value in reversed(list(globs.items())) if glob_matches(glob, relative)), None)


def _union(registry: Registry, selectors: Sequence[str]) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for selector in selectors:
        found |= registry.matching(selector)
    return found


@lru_cache(maxsize=512)
def _glob_pattern(glob: str) -> re.Pattern[str]:
    pattern = glob.removeprefix("./").removeprefix("/")
    anchored = "/" in pattern.rstrip("/")
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            parts.append("(?:.*/)?")
            at += 3
        elif pattern.startswith("**", at):
            parts.append(".*")
            at += 2
        elif pattern[at] == "*":
            parts.append("[^/]*")
            at += 1
        elif pattern[at] == "?":
            parts.append("[^/]")
            at += 1
        else:
            parts.append(re.escape(pattern[at]))
            at += 1
    body = "".join(parts).removesuffix("/")
    return re.compile(("" if anchored else "(?:.*/)?") + body + "(?:/.*)?$")


def glob_matches(glob: str, path: str) -> bool:
    """Whether a glob of the configuration means a path; a folder's name means everything below it."""
    return _glob_pattern(glob).match(path) is not None


def parse_config(path: str, text: str, registry: Registry, dialects: Callable[[], frozenset[str]]) -> Config | None:
    """The settings in a configuration file, or None for a pyproject.toml without ``[tool.pipesense]``.

    A file that is not TOML gives default settings and a problem that says where it breaks.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    folder, _, name = path.rpartition("/")
    try:
        data: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        if name == "pyproject.toml" and "[tool.pipesense" not in text:
            return None
        found = re.search(r"line (\d+)", str(error))
        line = int(found.group(1)) - 1 if found else 0
        return Config(folder, path, problems=(ConfigProblem(path, line, f"This is not valid TOML: {error}."),))
    if name == "pyproject.toml":
        tool = data.get("tool")
        data = tool.get("pipesense") if isinstance(tool, dict) else None
        if data is None:
            return None
    return settings(data, registry, dialects, folder=folder, path=path, text=text)


def settings(
    data: object,
    registry: Registry,
    dialects: Callable[[], frozenset[str]],
    *,
    folder: str = "",
    path: str = "",
    text: str = "",
) -> Config:
    """Checked settings from plain data (a TOML table, or an editor's settings)."""
    if not isinstance(data, Mapping):
        return Config(folder, path, problems=(ConfigProblem(path, 0, "The settings must be a table."),))
    reader = _Reader(path, text, registry, dialects)
    known = {key.replace("_", "-"): value for key, value in data.items() if isinstance(key, str)}
    for key in known:
        if key not in KEYS:
            reader.problem(key, f'"{key}" is not a setting.{_did_you_mean(key, KEYS)}')
    return Config(
        folder=folder,
        path=path,
        select=reader.selectors("select", known.get("select")),
        ignore=reader.selectors("ignore", known.get("ignore")),
        severity=reader.severities(known.get("severity")),
        per_file_ignores={
            glob: reader.selectors("per-file-ignores", value)
            for glob, value in reader.table("per-file-ignores", known.get("per-file-ignores")).items()
        },
        dialect=reader.dialects(known.get("dialect")),
        roles=reader.roles(known.get("roles")),
        layers=reader.layers(known.get("layers")),
        version=reader.strings("version", known.get("version")),
        assets=reader.assets(known.get("assets")),
        rules=reader.options(known.get("rules")),
        exclude=reader.words("exclude", known.get("exclude")),
        baseline=reader.word("baseline", known.get("baseline")),
        problems=tuple(reader.problems),
    )


def _did_you_mean(word: str, words: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, words, 1, 0.5)
    return f' Did you mean "{near[0]}"?' if near else f" Known: {', '.join(sorted(words)[:20])}."


class _Reader:
    """Reads values of one configuration and keeps what is wrong with them."""

    def __init__(self, path: str, text: str, registry: Registry, dialects: Callable[[], frozenset[str]]) -> None:
        self.path = path
        self.problems: list[ConfigProblem] = []
        self._lines = text.splitlines()
        self._registry = registry
        self._dialects = dialects

    def problem(self, word: str, message: str) -> None:
        line = next((at for at, text in enumerate(self._lines) if word in text.partition("#")[0]), 0)
        self.problems.append(ConfigProblem(self.path, line, message))

    def table(self, key: str, value: object) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.problem(key, f'"{key}" must be a table, not {_kind(value)}.')
            return {}
        return {str(name): each for name, each in value.items()}

    def words(self, key: str, value: object) -> tuple[str, ...]:
        if value is None:
            return ()
        if isinstance(value, str):
            return (value,)
        if isinstance(value, Sequence) and all(isinstance(each, str) for each in value):
            return tuple(value)
        self.problem(key, f'"{key}" must be a list of strings, not {_kind(value)}.')
        return ()

    def word(self, key: str, value: object) -> str | None:
        if value is None or isinstance(value, str):
            return value
        self.problem(key, f'"{key}" must be a string, not {_kind(value)}.')
        return None

    def strings(self, key: str, value: object) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, each in self.table(key, value).items():
            word = self.word(key, each)
            if word is not None:
                found[name] = word
        return found

    def selectors(self, key: str, value: object) -> tuple[str, ...]:
        found = self.words(key, value)
        for selector in found:
            self._check_rule(selector)
        return found

    def _check_rule(self, selector: str) -> None:
        if not self._registry.matching(selector):
            near = self._registry.near(selector)
            hint = f' Did you mean "{near[0]}"?' if near else ' "pipesense rules" lists them all.'
            self.problem(selector, f'There is no rule or concern "{selector}".{hint}')

    def severities(self, value: object) -> dict[str, Severity]:
        found: dict[str, Severity] = {}
        for selector, word in self.strings("severity", value).items():
            self._check_rule(selector)
            level = Severity.parse(word)
            if level is None:
                words = [each.word for each in Severity]
                self.problem(word, f'"{word}" is not a severity.{_did_you_mean(word, words)}')
            else:
                found[selector] = level
        return found

    def dialects(self, value: object) -> dict[str, str]:
        table = {"**": value} if isinstance(value, str) else value
        found: dict[str, str] = {}
        for glob, word in self.strings("dialect", table).items():
            if word.lower() in self._dialects():
                found[glob] = word.lower()
            else:
                near = _did_you_mean(word.lower(), sorted(self._dialects()))
                self.problem(word, f'"{word}" is not a SQL dialect.{near}')
        return found

    def roles(self, value: object) -> dict[str, FileRole]:
        found: dict[str, FileRole] = {}
        for glob, word in self.strings("roles", value).items():
            role = next((each for each in FileRole if each.value == word), None)
            if role is None:
                words = [each.value for each in FileRole]
                self.problem(word, f'"{word}" is not a role.{_did_you_mean(word, words)}')
            else:
                found[glob] = role
        return found

    def layers(self, value: object) -> dict[str, str]:
        """Folders, or prefixes with their ``_``, and the words for the layers of what lies there."""
        from pipesense.systems.dbt.layers import WORDS

        found: dict[str, str] = {}
        for name, word in self.strings("layers", value).items():
            if word.lower() in WORDS:
                found[name] = word.lower()
            else:
                self.problem(word, f'"{word}" is not a layer.{_did_you_mean(word.lower(), sorted(WORDS))}')
        return found

    def assets(self, value: object) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for name, facts in self.table("assets", value).items():
            table = self.table(name, facts)
            for key in table:
                if key not in _ASSET_KEYS:
                    self.problem(key, f'"{key}" is not known of an asset.{_did_you_mean(key, _ASSET_KEYS)}')
            found[name.lower()] = table
        return found

    def options(self, value: object) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for rule_id, table in self.table("rules", value).items():
            rule = self._registry.get(rule_id)
            if rule is None:
                self._check_rule(rule_id)
                continue
            found[rule_id] = {}
            for name, each in self.table(rule_id, table).items():
                option = rule.meta.options.get(name)
                if option is None:
                    near = _did_you_mean(name, sorted(rule.meta.options)) if rule.meta.options else ""
                    self.problem(name, f'{rule_id} has no option "{name}".{near}')
                elif not isinstance(each, option.kind):
                    self.problem(name, f'"{name}" must be {option.kind.__name__}, not {_kind(each)}.')
                else:
                    found[rule_id][name] = each
        return found


def _kind(value: object) -> str:
    return {
        dict: "a table",
        list: "a list",
        str: "a string",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }.get(type(value), type(value).__name__)
