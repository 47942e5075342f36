"""``dbt_project.yml`` and what stands beside it. https://docs.getdbt.com/reference/dbt_project.yml (1.10)."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Final

from pipesense.lang.yaml.nodes import Mapping, Scalar, Sequence, has_template
from pipesense.lang.yaml.read import read_yaml
from pipesense.model.dbt import DbtKey, DbtProject, Dynamic, Setting
from pipesense.model.where import Loc
from pipesense.systems.dbt.properties import setting_of
from pipesense.systems.dbt.sql import Locate
from pipesense.systems.dbt.tables import NODE_CONFIGS
from pipesense.text.regex import regex
from pipesense.text.span import Span

KINDS: Final = ("model", "seed", "snapshot", "macro", "test", "analysis")
_DEFAULTS: Final = {
    "model": ("models",),
    "seed": ("seeds",),
    "snapshot": ("snapshots",),
    "macro": ("macros",),
    "test": ("tests",),
    "analysis": ("analyses",),
}
_OLD_WORDS: Final = {"model": "source-paths", "seed": "data-paths"}
"""What the settings were called before dbt 1.0."""
_TREES: Final = {"models": "model", "seeds": "seed", "snapshots": "snapshot", "sources": "source", "tests": "test"}
IGNORES: Final = ".dbtignore"
BESIDE: Final = ("packages.yml", "dependencies.yml", "requirements.txt", "pyproject.toml", "package-lock.yml", IGNORES)
"""Files beside the project that say what it is made with, and what of it."""
_MODELLESS: Final = frozenset(
    (
        *("dbt_utils", "dbt_expectations", "dbt_date", "codegen", "audit_helper", "dbt_external_tables", "spark_utils"),
        *("fivetran_utils", "tsql_utils", "dbt_constraints", "dbt_codegen", "dbt_audit_helper", "insert_by_period"),
        *("metrics", "dbt_profiler", "dbt_feature_flags", "dbt_unit_testing", "snowflake_utils", "logging"),
    )
)
"""Packages of macros and tests only, as their repositories show: no model, seed, snapshot or source in them."""
_VERSIONS: Final = regex(r"([<>=!~]*)\s*v?(\d+)\.(\d+)(?:\.(\d+|\*))?")
_PIN: Final = regex(r"^[\"'\s]*dbt-core(?:\[[^\]]*\])?\s*[\"']?\s*[=~]=?\s*[\"'^~=]*(\d+)\.(\d+)(?:\.(\d+))?", re.M)


def read_project(
    folder: str, text: str, beside: Dict[str, str], installed: Callable[[str, str], bool], locate: Locate
) -> DbtProject:
    """A project by its own file and those beside it; ``installed(name, local)`` tells whether a package's
    folder is there; ``local`` is the path that the project gives, "" for one that dbt fetches.

    Packages: https://docs.getdbt.com/docs/build/packages.
    """
    file = read_yaml(text)
    root = file.root if isinstance(file.root, Mapping) else Mapping(Span(0, 0), ())
    paths = tuple((kind, _folders(root, kind)) for kind in KINDS)
    trees: list[tuple[str, Setting]] = []
    bare: list[DbtKey] = []
    for key, kind in _TREES.items():
        node = root.get(key)
        if isinstance(node, Mapping):
            trees.append((kind, setting_of(node)))
            if kind in ("model", "seed", "snapshot"):
                _bare(node, bare, locate, 0)
    name = root.get("name")
    opened, macros_open, packages = _packages(beside, installed)
    if not file.is_whole:
        opened = opened or "dbt_project.yml cannot be read to its end"
    version, source = _version(root, beside)
    flags = root.get("flags")
    return DbtProject(
        folder,
        name.text if isinstance(name, Scalar) else "",
        paths,
        tuple(trees),
        version,
        source,
        packages,
        opened,
        tuple((key, setting_of(value)) for key, value in flags.pairs()) if isinstance(flags, Mapping) else (),
        file.is_whole,
        tuple(bare),
        macros_open,
        target=_target(root),
        ignored=tuple(beside.get(IGNORES, "").splitlines()),
    )


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a project: its name, the package that it is for ("" for all), its value as written."""

    name: str
    package: str
    value: str
    span: Span


def variables(text: str) -> tuple[Variable, ...]:
    """What stands under ``vars:``; what stands below the name of a package belongs to that package."""
    root = read_yaml(text).root
    given = root.get("vars") if isinstance(root, Mapping) else None
    found: list[Variable] = []
    for entry in given.entries if isinstance(given, Mapping) else ():
        several = entry.value.entries if isinstance(entry.value, Mapping) else (entry,)
        package = entry.key or "" if isinstance(entry.value, Mapping) else ""
        for each in several:
            if each.key:
                found.append(Variable(each.key, package, each.value.span.of(text).strip(), each.name.span))
    return tuple(found)


def _target(root: Mapping) -> str:
    node = root.get("target-path")
    return node.text.strip("/").removeprefix("./") if isinstance(node, Scalar) and not has_template(node) else "target"


def _folders(root: Mapping, kind: str) -> tuple[str, ...]:
    node = root.get(f"{'analysis' if kind == 'analysis' else kind}-paths") or root.get(_OLD_WORDS.get(kind, ""))
    if isinstance(node, Scalar) and not node.is_null:
        return (node.text.strip("/").removeprefix("./"),)
    if not isinstance(node, Sequence):
        return _DEFAULTS[kind] if kind != "analysis" else ("analyses", "analysis")
    return tuple(each.text.strip("/").removeprefix("./") for each in node.items if isinstance(each, Scalar))


def _bare(node: Mapping, found: list[DbtKey], locate: Callable[[Span], Loc], depth: int) -> None:
    """Settings of dbt's own without the plus sign; a mapping may be a folder of that name."""
    own = frozenset(entry.key for entry in node.entries if entry.key)
    for entry in node.entries:
        key = entry.key or ""
        if isinstance(entry.value, Mapping):
            if not key.startswith("+") and depth < 20:
                _bare(entry.value, found, locate, depth + 1)
        elif key in NODE_CONFIGS:
            found.append(DbtKey(key, "project", own, locate(entry.name.span), locate(node.span)))


def tree_setting(project: DbtProject, kind: str, way: tuple[str, ...], key: str) -> tuple[bool, Setting]:
    """What the project's tree gives a node on a way of names: whether anything, and what; the most specific counts."""
    tree = next((tree for each, tree in project.trees if each == kind), None)
    found: tuple[bool, Setting] = (False, None)
    for step in (None, *way):
        if step is not None:
            tree = next((value for name, value in _pairs(tree) if name == step), None)
        if isinstance(tree, Dynamic):
            return True, tree
        if tree is None:
            break
        for name, value in _pairs(tree):
            if name == "+" + key or (name == key and not _pairs(value)):
                found = (True, value)
    return found


def _pairs(value: Setting) -> tuple[tuple[str, Setting], ...]:
    """The pairs of a mapping; nothing for a list or a plain value."""
    if isinstance(value, tuple) and value and all(isinstance(each, tuple) and len(each) == 2 for each in value):
        return tuple((str(each[0]), each[1]) for each in value if isinstance(each, tuple))
    return ()


def _packages(
    beside: Dict[str, str], installed: Callable[[str, str], bool]
) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    names: list[tuple[str, str]] = []
    opened = macros_open = ""
    for place in ("packages.yml", "dependencies.yml"):
        text = beside.get(place)
        if text is None:
            continue
        file = read_yaml(text)
        root = file.root
        if not file.is_whole or not isinstance(root, Mapping):
            opened = opened or (f"{place} cannot be read to its end" if text.strip() and not file.is_whole else "")
            continue
        listed = root.get("packages")
        for each in listed.items if isinstance(listed, Sequence) else ():
            name, local = _package(each) if isinstance(each, Mapping) else ("", "")
            if not name or not installed(name, local):
                macros_open = macros_open or f"the package {name or '?'} is not installed"
                if name not in _MODELLESS:
                    opened = opened or f"the package {name or '?'} is not installed"
            names.append((name, local))
        if root.get("projects") is not None:
            opened = opened or "it refers to other projects"
        if listed is not None and has_template(listed):
            opened = opened or f"a template decides what {place} lists"
    return opened, macros_open or opened, tuple(each for each in names if each[0])


def _package(node: Mapping) -> tuple[str, str]:
    """The name of a package, and the path of a local one."""
    for key in ("package", "git", "local", "tarball"):
        value = node.get(key)
        if isinstance(value, Scalar) and not has_template(value):
            name = value.text.rstrip("/").removesuffix(".git").rpartition("/")[2].replace("-", "_")
            return (name or "?", value.text) if key == "local" else (name, "")
    return "", ""


def _version(root: Mapping, beside: Dict[str, str]) -> tuple[tuple[int, ...], str]:
    """The oldest version of dbt that the project may run on, and what says so."""
    for name in ("requirements.txt", "pyproject.toml"):
        text = beside.get(name) or ""
        match = _PIN.search(text)
        if match is not None:
            return tuple(int(each) for each in match.groups() if each), name
    node = root.get("require-dbt-version")
    texts = [node] if isinstance(node, Scalar) else list(node.items) if isinstance(node, Sequence) else []
    for each in texts:
        for sign, major, minor, patch in _VERSIONS.findall(each.text) if isinstance(each, Scalar) else ():
            if sign in (">=", ">", "==", "=", "~=", ""):
                return tuple(int(part) for part in (major, minor, patch) if part.isdigit()), "require-dbt-version"
    return (), ""
