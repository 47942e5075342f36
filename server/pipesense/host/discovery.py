"""Which files PipeSense reads, and which project a path belongs to."""

from __future__ import annotations

import os
import posixpath
import re
import sys
from typing import Final

from pipesense.engine.config import FILE_NAMES
from pipesense.lang.languages import language_of
from pipesense.text.regex import regex

_VERSION_FILES: Final = regex(r"^(?:requirements|constraints)[\w.-]*\.(?:txt|in)$|^(?:uv|poetry)\.lock$|^Pipfile$")
"""Files that say which version of a framework a project runs on."""

_SETTINGS: Final = frozenset({*FILE_NAMES, "dbt_project.yml"})
_ROOT_MARKERS: Final = (".git", ".hg", "dbt_project.yml")
_LONGEST_PYPROJECT: Final = 1_000_000
_PIPESENSE_TABLE: Final = regex(r"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*[\"']?pipesense\b", re.M)


def is_source(name: str) -> bool:
    """Whether a file of that name holds code that PipeSense judges."""
    return language_of(name) is not None


def is_wanted(name: str) -> bool:
    """Whether a file of that name says something: code, settings, versions, the columns of a seed, dbt's docs."""
    return (
        is_source(name) or name in _SETTINGS or name.endswith((".csv", ".md")) or _VERSION_FILES.match(name) is not None
    )


def posix(path: str) -> str:
    """A path as the engine knows it: absolute, ``/`` between parts, symbolic links left as they are."""
    absolute = os.path.abspath(path)
    return absolute.replace("\\", "/") if sys.platform == "win32" else absolute


def project_root(path: str) -> str | None:
    """The folder of the project that holds an absolute path, or None where there is no project to read.

    It is the nearest folder with PipeSense settings, a repository or a dbt project. Without any of them it is
    the path's own folder, unless that is a place where everything is put (the home folder, the folder for
    temporary files, the file system's root): reading all of it is not what somebody means who names one file.
    """
    start = path if os.path.isdir(path) else posixpath.dirname(path)
    unbounded = _unbounded_folders()
    at = start
    while at not in unbounded:
        if _is_root(at):
            return at
        above = posixpath.dirname(at)
        if above == at:
            break
        at = above
    if start == path or start not in unbounded:
        return start
    return None


def nearest_config(path: str) -> str | None:
    """The file whose settings hold for an absolute path, or None."""
    at = path if os.path.isdir(path) else posixpath.dirname(path)
    while True:
        for name in FILE_NAMES:
            file = f"{at.rstrip('/')}/{name}"
            if os.path.isfile(file) and (name == "pipesense.toml" or _has_settings(file)):
                return file
        above = posixpath.dirname(at)
        if above == at:
            return None
        at = above


def _is_root(folder: str) -> bool:
    base = folder.rstrip("/")
    if any(os.path.lexists(f"{base}/{marker}") for marker in (*_ROOT_MARKERS, "pipesense.toml")):
        return True
    return _has_settings(f"{base}/pyproject.toml")


def _has_settings(pyproject: str) -> bool:
    """Whether a pyproject.toml speaks of PipeSense; looked up in its text, so that a broken one counts too."""
    try:
        if not os.path.isfile(pyproject):
            return False
        with open(pyproject, encoding="utf-8", errors="replace") as file:
            return _PIPESENSE_TABLE.search(file.read(_LONGEST_PYPROJECT)) is not None
    except OSError:
        return False


def _unbounded_folders() -> frozenset[str]:
    import tempfile

    home = os.path.expanduser("~")
    return frozenset({"/", posix(home), posix(tempfile.gettempdir()), posixpath.dirname(posix(home))})
