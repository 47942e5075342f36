"""From the paths on the command line to files, folders and the projects that hold them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipesense.host.discovery import is_source, posix, project_root
from pipesense.host.ignore import IgnoreFiles


@dataclass(frozen=True, slots=True)
class Targets:
    """What is to be shown (``folders`` and ``files``) and what has to be read for that (``roots``).

    ``problems`` are sentences about paths that mean nothing; ``others`` are files that are neither Python nor
    SQL. All paths are absolute.
    """

    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def hold(self, path: str) -> bool:
        """Whether the findings of a file are asked for."""
        return path in self.files or any(path.startswith(folder.rstrip("/") + "/") for folder in self.folders)


def resolve(paths: Sequence[str]) -> Targets:
    """Look the paths up. A file or folder is read with its project, so that it is judged as in an editor."""
    folders: dict[str, None] = {}
    files: dict[str, None] = {}
    others: dict[str, None] = {}
    problems: list[str] = []
    for given in paths:
        path = posix(given)
        if os.path.isdir(path):
            folders[path] = None
        elif os.path.lexists(path):
            (files if is_source(path) else others)[path] = None
        else:
            problems.append(f"There is no file or folder {given}.")
    return Targets(
        tuple(folders),
        tuple(files),
        tuple(others),
        roots_of([*folders, *files]),
        tuple(problems),
    )


def roots_of(paths: Iterable[str]) -> tuple[str, ...]:
    """The projects that hold the paths, each listed once.

    A path that its project ignores (an installed package, a build folder) is read by itself: who names it
    wants it.
    """
    found: dict[str, None] = {}
    for path in paths:
        is_folder = os.path.isdir(path)
        root = project_root(path)
        if root is None:
            continue
        if not IgnoreFiles(root).hides(path, is_folder=is_folder):
            found[root] = None
        elif is_folder:
            found[path] = None
    return tuple(root for root in found if not _listed_with_another(root, found))


def _listed_with_another(root: str, roots: Iterable[str]) -> bool:
    return any(
        root.startswith(other.rstrip("/") + "/") and not IgnoreFiles(other).hides(root, is_folder=True)
        for other in roots
        if other != root
    )
