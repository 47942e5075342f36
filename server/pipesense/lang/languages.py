"""Which language a file is in, and how files of that language are cut."""

from __future__ import annotations

from typing import Final

from pipesense.lang.cut import Splitter

_SUFFIXES: Final = {
    ".py": "python",
    ".pyi": None,
    ".sql": "sql",
    ".ddl": "sql",
    ".hql": "sql",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".avsc": "json",
}
DOCUMENTS: Final = frozenset({"yaml", "json"})
"""Languages in which anything may be written: a file of theirs is kept only if some system knows what it is."""
_NEVER: Final = frozenset(
    (
        *(
            "package.json",
            "package-lock.json",
            "npm-shrinkwrap.json",
            "composer.json",
            "tsconfig.json",
            "jsconfig.json",
        ),
        *("pnpm-lock.yaml", "pnpm-workspace.yaml", "lerna.json", "angular.json", "renovate.json", "cdk.json"),
        *("manifest.json", "catalog.json", "run_results.json", "semantic_manifest.json", "sources.json"),
        *("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml", "environment.yml"),
        *(".pre-commit-config.yaml", ".pre-commit-hooks.yaml", ".readthedocs.yaml", ".readthedocs.yml"),
        *("mkdocs.yml", "codecov.yml", "openapi.yaml", "openapi.json", "swagger.yaml", "swagger.json", "Chart.yaml"),
    )
)
"""Names of documents that tools own: no pipeline is written in them, and some are very large."""
_NEVER_IN: Final = ("/.github/", "/.vscode/", "/.idea/", "/.gitlab/", "/.circleci/")


def language_of(path: str) -> str | None:
    """The language by the file's name ("python", "sql", "yaml", "json"), None for what PipeSense does not read."""
    dot = path.rfind(".")
    language = _SUFFIXES.get(path[dot:].lower()) if dot >= 0 else None
    if language in DOCUMENTS and (path.rpartition("/")[2] in _NEVER or any(part in path for part in _NEVER_IN)):
        return None
    return language


def splitter_of(language: str) -> Splitter:
    """The splitter of a language; loaded at its first file."""
    if language == "python":
        from pipesense.lang.python import split as python

        return python
    if language in DOCUMENTS:
        from pipesense.lang.documents import split as document

        return document
    from pipesense.lang.sql import split as sql

    return sql
