"""Who may import whom. A floor imports itself and what lies below; systems and faces never import each other."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "server"
RULES = ROOT / "rules"

FLOORS = {
    "text": 0,
    "model": 1,
    "quality": 2,
    "lang": 2,
    "systems": 3,
    "rule": 4,
    "engine": 5,
    "host": 6,
    "lsp": 7,
    "cli": 7,
    "__main__": 8,
}
SEPARATE = ("lsp", "cli")
"""Packages on one floor that must not know each other."""
ONLY_IN_LSP = {"pygls", "lsprotocol"}
FOR_RULES = ("pipesense.text", "pipesense.model", "pipesense.rule")
PARSERS = {"ast", "libcst", "sqlglot", "yaml", "jinja2", "tokenize"}
NO_IO = {"pathlib", "os", "socket", "subprocess", "shutil", "tempfile", "urllib", "http", "pygls", "lsprotocol"}
SHARED = ("brokers",)
"""Folders under systems/ that are no system but what several share: every system may import them, they import none."""
PURE = ("text", "model", "quality", "rule")
"""Floors that read nothing but what they are handed."""


@dataclass(frozen=True)
class Import:
    """One imported module, and where it is imported."""

    place: str
    module: str
    """The importing module's dotted name."""
    target: str


def imports_of(path: Path, base: Path) -> Iterator[Import]:
    """Every module that a file imports, anywhere in it; relative names resolved."""
    parts = path.relative_to(base).with_suffix("").parts
    module = ".".join(parts).removesuffix(".__init__")
    package = parts[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(where, module, alias.name)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            source = ".".join([*start, *([node.module] if node.module else [])])
            for alias in node.names:
                yield Import(where, module, f"{source}.{alias.name}")


def all_imports(folder: Path, base: Path) -> list[Import]:
    return [found for path in sorted(folder.rglob("*.py")) for found in imports_of(path, base)]


def within(target: str, package: str) -> bool:
    return target == package or target.startswith(package + ".")


def floor_of(module: str) -> tuple[str, int] | None:
    """The package directly below pipesense and its floor; None for pipesense itself and everything else."""
    parts = module.split(".")
    if parts[0] != "pipesense" or len(parts) < 2 or parts[1] not in FLOORS:
        return None
    return parts[1], FLOORS[parts[1]]


OURS = all_imports(SERVER / "pipesense", SERVER)
PACKS = all_imports(RULES / "pipesense_rules", RULES)


def test_every_package_has_a_floor() -> None:
    found = {path.stem for path in (SERVER / "pipesense").iterdir() if path.suffix == ".py" or any(path.glob("*.py"))}
    assert found - {"__init__"} == set(FLOORS)


def test_nothing_imports_from_above() -> None:
    breaches = []
    for found in OURS:
        importer, imported = floor_of(found.module), floor_of(found.target)
        if importer is not None and imported is not None and imported[1] > importer[1]:
            breaches.append(f"{found.place}: {importer[0]} imports {found.target}")
    assert breaches == []


def test_the_faces_do_not_know_each_other() -> None:
    breaches = []
    for found in OURS:
        importer, imported = floor_of(found.module), floor_of(found.target)
        faces = {each[0] for each in (importer, imported) if each is not None and each[0] in SEPARATE}
        if len(faces) > 1:
            breaches.append(f"{found.place} imports {found.target}")
    assert breaches == []


def system_of(module: str) -> str | None:
    """The system that a module belongs to; what lies directly in systems/ belongs to all."""
    parts = module.split(".")
    if parts[:2] != ["pipesense", "systems"] or len(parts) < 3:
        return None
    return parts[2] if (SERVER / "pipesense" / "systems" / parts[2]).is_dir() else None


def test_no_system_imports_another() -> None:
    breaches = []
    for found in OURS:
        importer, imported = system_of(found.module), system_of(found.target)
        if importer is not None and imported is not None and importer != imported and imported not in SHARED:
            breaches.append(f"{found.place}: {importer} imports {found.target}")
    assert breaches == []


@pytest.mark.parametrize("name", SHARED)
def test_what_systems_share_is_no_system(name: str) -> None:
    assert not hasattr(importlib.import_module(f"pipesense.systems.{name}"), "SYSTEM")


def test_only_the_server_speaks_the_protocol() -> None:
    breaches = [
        f"{found.place}: {found.target}"
        for found in [*OURS, *PACKS]
        if found.target.partition(".")[0] in ONLY_IN_LSP and not within(found.module, "pipesense.lsp")
    ]
    assert breaches == []


@pytest.mark.parametrize("package", PURE)
def test_the_lower_floors_read_nothing(package: str) -> None:
    breaches = [
        f"{found.place}: {found.target}"
        for found in OURS
        if within(found.module, f"pipesense.{package}") and found.target.partition(".")[0] in NO_IO
    ]
    assert breaches == []


def test_rules_see_facts_only() -> None:
    breaches = [
        f"{found.place}: {found.target}"
        for found in PACKS
        if found.module != "pipesense_rules"  # hands out the pages, so it reads them
        if (within(found.target, "pipesense") and not any(within(found.target, allowed) for allowed in FOR_RULES))
        or found.target.partition(".")[0] in PARSERS | NO_IO
    ]
    assert breaches == []


CASES = [
    ("import a.b", ["a.b"]),
    ("from a import b, c", ["a.b", "a.c"]),
    ("from . import b", ["pipesense.text.b"]),
    ("from .b import c", ["pipesense.text.b.c"]),
    ("from ..model import c", ["pipesense.model.c"]),
    ("def f():\n    import late", ["late"]),
    ("if TYPE_CHECKING:\n    from a import b", ["a.b"]),
]


@pytest.mark.parametrize(("code", "targets"), CASES)
def test_what_counts_as_an_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, targets: list[str]
) -> None:
    path = tmp_path / "pipesense" / "text" / "x.py"
    path.parent.mkdir(parents=True)
    path.write_text(code)
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert [found.target for found in imports_of(path, tmp_path)] == targets
