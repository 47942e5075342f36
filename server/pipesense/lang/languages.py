"""Which language a file is in, and how files of that language are cut."""

from __future__ import annotations

from typing import Final

from pipesense.lang.cut import Splitter

_SUFFIXES: Final = {".py": "python", ".pyi": None, ".sql": "sql", ".ddl": "sql", ".hql": "sql"}


def language_of(path: str) -> str | None:
    """The language by the file's suffix ("python", "sql"), None for files that PipeSense does not read."""
    dot = path.rfind(".")
    return _SUFFIXES.get(path[dot:].lower()) if dot >= 0 else None


def splitter_of(language: str) -> Splitter:
    """The splitter of a language; loaded at its first file."""
    if language == "python":
        from pipesense.lang.python import split as python

        return python
    from pipesense.lang.sql import split as sql

    return sql
