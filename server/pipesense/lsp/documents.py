"""The client's documents: which URI means which path, which are open, in which version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pygls import IS_WIN, uris

from pipesense.lang.languages import language_of

SUFFIX_OF_LANGUAGE: Final = {
    "python": ".py",
    "sql": ".sql",
    "jinja-sql": ".sql",
    "dbt": ".sql",
    "snowflake-sql": ".sql",
    "bigquery": ".sql",
    "databricks-sql": ".sql",
    "postgres": ".sql",
    "plpgsql": ".sql",
    "pgsql": ".sql",
    "plsql": ".sql",
    "mssql": ".sql",
    "mysql": ".sql",
    "spark-sql": ".sql",
    "hql": ".sql",
    "yaml": ".yaml",
    "json": ".json",
    "jsonc": ".json",
    "asl": ".asl.json",
    "asl-yaml": ".asl.yaml",
}
"""The suffix under which a document without a file is read, by the protocol's language id."""


@dataclass(slots=True)
class OpenDocument:
    """A document that the client keeps for itself until it closes it."""

    uri: str
    path: str
    version: int
    is_read: bool
    """Whether the engine reads documents of this kind; the others are only counted."""


class Documents:
    """All open documents, by URI as the client writes it and by the engine's path."""

    def __init__(self) -> None:
        self._by_uri: dict[str, OpenDocument] = {}
        self._by_path: dict[str, OpenDocument] = {}

    def opened(self, uri: str, language: str, version: int) -> OpenDocument:
        """Remember a document; opening it a second time replaces the first."""
        path = path_of(uri, language)
        is_read = path is not None and language_of(path) is not None
        document = OpenDocument(uri, path or uri, version, is_read)
        self._by_uri[uri] = document
        self._by_path[document.path] = document
        return document

    def closed(self, uri: str) -> OpenDocument | None:
        """Forget a document."""
        document = self._by_uri.pop(uri, None)
        if document is not None and self._by_path.get(document.path) is document:
            del self._by_path[document.path]
        return document

    def get(self, uri: str) -> OpenDocument | None:
        """The open document of that URI."""
        return self._by_uri.get(uri)

    def at(self, path: str) -> OpenDocument | None:
        """The open document of that path."""
        return self._by_path.get(path)

    def path(self, uri: str) -> str | None:
        """The path that a URI means, whether open or not; None for what is neither open nor a file."""
        document = self._by_uri.get(uri)
        return document.path if document is not None else path_of(uri)

    def uri(self, path: str) -> str:
        """The URI of a path, spelled as the client spelled it where it did."""
        document = self._by_path.get(path)
        return document.uri if document is not None else (uris.from_fs_path(path) or path)

    def __len__(self) -> int:
        return len(self._by_uri)

    def __iter__(self) -> Iterator[OpenDocument]:
        return iter(list(self._by_uri.values()))


def path_of(uri: str, language: str = "") -> str | None:
    """The engine's path of a URI: absolute, ``/`` between parts.

    A document that has no file yet ("untitled:") gets a path of its own with the suffix of its language; other
    kinds of URI (a version-control view, a notebook cell) have none.
    """
    path = uris.to_fs_path(uri)
    if path is not None:
        return path.replace("\\", "/") if IS_WIN else path
    scheme, _, name = uri.partition(":")
    if scheme != "untitled" or not name:
        return None
    suffix = SUFFIX_OF_LANGUAGE.get(language, "")
    return f"/untitled:/{name.lstrip('/')}{'' if name.endswith(suffix) else suffix}"
