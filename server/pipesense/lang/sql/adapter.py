"""The dialect that the files of a dbt project tell: its profile, the adapter it installs, settings of one adapter.

Profiles: https://docs.getdbt.com/docs/core/connect-data-platform/profiles.yml (dbt 1.10). Only files of the workspace
count, so what stands in the home folder is not known; and where they tell of several adapters, nothing is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from pipesense.text.regex import regex

Texts = Callable[[str], "str | None"]
"""The text of a file by its path; None where there is none."""

_DIALECTS: Final = {
    **{
        name: name
        for name in (
            *("athena", "bigquery", "clickhouse", "databricks", "doris", "dremio", "duckdb", "exasol", "fabric"),
            *("hive", "materialize", "mysql", "oracle", "postgres", "redshift", "risingwave", "snowflake", "spark"),
            *("sqlite", "starrocks", "teradata", "trino"),
        )
    },
    "fabricspark": "spark",
    "glue": "spark",
    "mariadb": "mysql",
    "sqlserver": "tsql",
    "synapse": "tsql",
}
"""Names of adapters and the dialects behind them."""

ADAPTERS: Final = frozenset(_DIALECTS)

_PROJECT: Final = "dbt_project.yml"
_PROFILES: Final = ("profiles.yml", "profiles/profiles.yml", "profile/profiles.yml", ".dbt/profiles.yml")
_INSTALLED: Final = ("requirements.txt", "pyproject.toml", "Pipfile", "meltano.yml", "setup.py", "setup.cfg")
_PACKAGES: Final = regex(r"/(?:dbt_packages|dbt_modules)/.*")
_PROFILE: Final = regex(r"^profile:\s*['\"]?([\w.-]+)", re.MULTILINE)
_FOLDERS: Final = ("models", "analyses", "analysis", "tests", "seeds", "data", "macros", "snapshots", "functions")
_PATHS: Final = regex(
    r"^(?:model|source|analysis|test|seed|data|macro|snapshot|function)-paths:"
    r"[ \t\r]*(?:\[([^\]]*)\]|\n((?:[ \t]*-[^\n]*\n?)+))",
    re.MULTILINE,
)
_TYPE: Final = regex(r"^\s+(?:-\s+)?type:\s*['\"]?([\w-]+)", re.MULTILINE)
_SCHEMA: Final = regex(r"^\s+(?:schema|dataset):\s*['\"]?([\w$-]+)['\"]?\s*(?:#.*)?$", re.MULTILINE)
_ADAPTER: Final = regex(rf"\bdbt-({'|'.join(_DIALECTS)})\b(?!-utils)")
_SETTINGS: Final = (
    # https://docs.getdbt.com/reference/resource-configs/snowflake-configs and bigquery-configs
    ("snowflake", regex(r"^\s+\+?(snowflake_warehouse|query_tag|copy_grants|transient):", re.MULTILINE)),
    (
        "bigquery",
        regex(
            r"^\s+\+?(maximum_bytes_billed|grant_access_to|hours_to_expiration|require_partition_filter):", re.MULTILINE
        ),
    ),
)


def dialect_of_dbt(path: str, folders: Iterable[str], text: Texts) -> tuple[str, str] | None:
    """The dialect of a SQL file below a dbt project, and what says so; None where nothing does.

    ``folders`` are those above the file, the nearest first. Files of installed packages belong to the project that
    installed them.
    """
    above = [folder for folder in folders if len(folder) <= len(_PACKAGES.sub("", path))]
    at = next((at for at, folder in enumerate(above) if text(f"{folder}/{_PROJECT}") is not None), None)
    if at is None:
        return None
    project = text(f"{above[at]}/{_PROJECT}") or ""
    if not _PACKAGES.search(path) and not _is_dbts(path[len(above[at]) + 1 :], project):
        return None
    named = _PROFILE.search(project)
    if named is not None:
        profile = _profile(named[1], above[at:], text)
        if profile is not None:
            return profile if profile[0] else None
    return _installed(above[at:], text) or _settings(project) or _named(named[1] if named is not None else "")


def _is_dbts(relative: str, project: str) -> bool:
    """Whether a file lies in one of the folders that dbt reads; others of a repository may run anywhere."""
    folders = {*_FOLDERS}
    for inline, listed in _PATHS.findall(project):
        folders.update(re.findall(r"[\w./-]+", inline) if inline else re.findall(r"-\s+['\"]?([\w./-]+)", listed))
    return any(relative.startswith(f"{folder.strip('/').removeprefix('./')}/") for folder in folders)


def _profile(name: str, folders: Sequence[str], text: Texts) -> tuple[str, str] | None:
    """What the profile of the project says; ("", ...) for one with outputs of several kinds."""
    for folder in folders:
        for place in _PROFILES:
            found = text(f"{folder}/{place}")
            section = _section(found, name) if found is not None else ""
            types = {each.lower() for each in _TYPE.findall(section)}
            if types:
                dialects = {_DIALECTS.get(each, "") for each in types}
                return dialects.pop() if len(dialects) == 1 else "", f"dbt profile {name}"
    return None


def schemas_of_dbt(folders: Sequence[str], text: Texts) -> tuple[str, ...]:
    """The schemas that the outputs of a project's profile name; ``folders``: the project's own and those above it.

    A schema that a template makes up is left out. https://docs.getdbt.com/docs/core/connect-data-platform/profiles.yml
    """
    named = _PROFILE.search(text(f"{folders[0]}/{_PROJECT}") or "")
    for folder in folders if named is not None else ():
        for place in _PROFILES:
            found = text(f"{folder}/{place}")
            section = _section(found, named[1]) if found is not None and named is not None else ""
            if section:
                told = tuple(dict.fromkeys(each.lower() for each in _SCHEMA.findall(section)))
                # https://docs.getdbt.com/docs/core/connect-data-platform/duckdb-setup: the schema is main by default.
                return told or (("main",) if {each.lower() for each in _TYPE.findall(section)} == {"duckdb"} else ())
    return ()


def _section(text: str, name: str) -> str:
    """The lines below a key at the start of a line."""
    match = re.search(rf"^['\"]?{re.escape(name)}['\"]?:[^\n]*\n((?:[ \t#\r][^\n]*\n?|\n)*)", text, re.MULTILINE)
    return match[1] if match is not None else ""


def _installed(folders: Sequence[str], text: Texts) -> tuple[str, str] | None:
    """The only adapter that the nearest list of packages with any names."""
    for folder in folders:
        found = {each for name in _INSTALLED for each in _ADAPTER.findall(text(f"{folder}/{name}") or "")}
        if found:
            return (
                (_DIALECTS[adapter], f"dbt-{adapter} is installed") if (adapter := found.pop()) and not found else None
            )
    return None


def _settings(project: str) -> tuple[str, str] | None:
    """The only adapter whose own settings the project makes."""
    found = [(dialect, match[1]) for dialect, pattern in _SETTINGS if (match := pattern.search(project)) is not None]
    return (found[0][0], f"dbt setting {found[0][1]}") if len(found) == 1 else None


def _named(profile: str) -> tuple[str, str] | None:
    """A profile that bears an adapter's name."""
    dialect = _DIALECTS.get(profile.lower())
    return (dialect, f"dbt profile {profile}") if dialect is not None else None
