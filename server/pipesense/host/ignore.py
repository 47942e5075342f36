"""What is not the user's own work: what version control ignores, environments, installed and built things."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

ALWAYS_SKIPPED: Final = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".venv",
        ".venvs",
        ".tox",
        ".nox",
        ".eggs",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
        ".ipynb_checkpoints",
        ".terraform",
        "__pycache__",
        "__pypackages__",
        "node_modules",
        "site-packages",
        "dbt_packages",
        "dbt_modules",
    }
)
"""Folders of these names hold nothing that a project's author wrote."""

_BUILD_FILES: Final = ("dbt_project.yml", "pom.xml", "Cargo.toml", "build.sbt")
"""Beside one of these a folder "target" is what the build made; elsewhere it is a word that data people use."""


class IgnoreFiles:
    """The ``.gitignore`` files that speak about the files below a root.

    Those above the root count as far up as its repository reaches, as they do for git
    (https://git-scm.com/docs/gitignore). Each file is read once.
    """

    def __init__(self, root: str) -> None:
        self._specs: dict[str, GitIgnoreSpec | None] = {}
        self._top = _repository(root) or root
        if self.hides(root, is_folder=True):
            # Somebody wants to read what a repository ignores: only what lies below has a say then.
            self._top = root

    def skips_folder(self, parent: str, name: str) -> bool:
        """Whether nothing below the folder ``name`` of ``parent`` is read."""
        path = f"{parent.rstrip('/')}/{name}"
        if name in ALWAYS_SKIPPED or os.path.lexists(f"{path}/pyvenv.cfg"):
            return True
        if name == "target" and any(os.path.lexists(f"{parent}/{file}") for file in _BUILD_FILES):
            return True
        return self._ignored(path + "/")

    def skips_file(self, path: str) -> bool:
        """Whether a file is ignored by name; the folders above it were asked before."""
        return self._ignored(path)

    def hides(self, path: str, *, is_folder: bool) -> bool:
        """Whether walking down from the repository's top would come to ``path``."""
        if path == self._top or not path.startswith(self._top.rstrip("/") + "/"):
            return False
        at = self._top.rstrip("/")
        parts = path[len(at) + 1 :].split("/")
        folders, last = (parts, "") if is_folder else (parts[:-1], parts[-1])
        for name in folders:
            if self.skips_folder(at or "/", name):
                return True
            at = f"{at}/{name}"
        return bool(last) and self.skips_file(path)

    def _ignored(self, path: str) -> bool:
        """What the ``.gitignore`` nearest to ``path`` that speaks of it says; a folder's path ends with a slash."""
        folder = posixpath.dirname(path.rstrip("/"))
        while True:
            spec = self._spec(folder)
            if spec is not None:
                verdict = spec.check_file(path[len(folder.rstrip("/")) + 1 :]).include
                if verdict is not None:
                    return verdict
            if folder in (self._top, "/", "") or len(folder) <= len(self._top):
                return False
            folder = posixpath.dirname(folder)

    def _spec(self, folder: str) -> GitIgnoreSpec | None:
        if folder not in self._specs:
            self._specs[folder] = _read_spec(f"{folder.rstrip('/')}/.gitignore")
        return self._specs[folder]


def _read_spec(path: str) -> GitIgnoreSpec | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.rstrip("\n") for line in file]
    except OSError:
        return None
    if not any(line.strip() and not line.startswith("#") for line in lines):
        return None
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return _line_by_line(lines)


def _line_by_line(lines: list[str]) -> GitIgnoreSpec:
    """The patterns that can be read; git passes over the others too."""
    from pathspec import GitIgnoreSpec

    good: list[str] = []
    for line in lines:
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            continue
        good.append(line)
    return GitIgnoreSpec.from_lines(good)


def _repository(root: str) -> str | None:
    """The folder at or above ``root`` that holds a ``.git``, or None."""
    at = root.rstrip("/") or "/"
    while True:
        if os.path.lexists(f"{at.rstrip('/')}/.git"):
            return at
        above = posixpath.dirname(at)
        if above in (at, ""):
            return None
        at = above
