"""What a file is there for, told from its path."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from pipesense.rule.meta import FileRole
from pipesense.text.regex import regex

_ROLE_FOLDERS = {
    "tests": FileRole.TEST,
    "test": FileRole.TEST,
    "migrations": FileRole.MIGRATION,
    "migration": FileRole.MIGRATION,
    "alembic": FileRole.MIGRATION,
    "flyway": FileRole.MIGRATION,
    "liquibase": FileRole.MIGRATION,
    "example_dags": FileRole.EXAMPLE,
    "macros": FileRole.MACRO,
}
_PUT_AWAY_OR_BY_HAND = frozenset(
    {
        *("archive", "archived", "deprecated", "obsolete", "attic", "backup", "backups"),
        *("adhoc", "ad_hoc", "ad-hoc", "scratch", "sandbox"),
    }
)
"""Folders whose SQL is put away, or is run by hand: no pipeline reads it."""
EPHEMERAL: Final = "__dbt__cte__"
"""How dbt calls the ephemeral models in what it compiles; nobody writes that."""
_TARGETS_OF_DBT: Final = ("compiled", "run")
_RESOURCES = frozenset({"models", "tests", "analyses", "snapshots", "seeds"})
_OF_MIGRATIONS = ("_migration", "_migrations", "-migrations")
"""How folders are called that hold the migrations of one of several databases."""
_OF_DEFINITIONS = regex(r"ddl|schema|table|create|init|setup|migrat|database|^db$|defin|structure|bootstrap|source")
_OF_TESTS = (".test", ".tests")
"""How .NET calls the project that tests another one
(https://learn.microsoft.com/en-us/dotnet/core/testing/unit-testing-with-dotnet-test)."""


def default_role(path: str, folder: str) -> FileRole:
    """What a file is there for, told from its path below the project's folder."""
    relative = path[len(folder) + 1 :] if folder and path.startswith(folder + "/") else path
    parts = PurePosixPath(relative).parts
    name = parts[-1] if parts else ""
    if name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py":
        return FileRole.TEST
    if any(one in _TARGETS_OF_DBT and other in _RESOURCES for one, other in zip(parts[1:], parts[3:], strict=False)):
        # dbt writes target/run/<project>/models/..., wherever target-path puts the first of them.
        return FileRole.GENERATED
    if name[:1] in "VUR" and "__" in name and name.endswith(".sql") and name[1:2].isdigit():
        return FileRole.MIGRATION
    if parts[-3:-1] == ("features", "steps") or parts[-2:] == ("features", "environment.py"):
        # The layout of behave, https://behave.readthedocs.io/en/stable/gherkin/ (1.2.6).
        return FileRole.TEST
    # A folder of that name says the same when it is itself the project; "tests" may be anybody's project.
    above = [folder.rpartition("/")[2]] if folder.endswith("/example_dags") else []
    for part in reversed([*above, *parts[:-1]]):
        role = _ROLE_FOLDERS.get(part.lower())
        if role is None and part.lower().endswith(_OF_MIGRATIONS):
            role = FileRole.MIGRATION
        if role is None and part.lower().endswith(_OF_TESTS):
            role = FileRole.TEST
        if role is None and name.endswith(".sql") and part.lower().lstrip("_") in _PUT_AWAY_OR_BY_HAND:
            role = FileRole.AD_HOC
        if role is not None:
            return role
    return FileRole.PIPELINE


def is_of_tests(path: str) -> bool:
    """Whether a file belongs to tests, where definitions are made for them alone."""
    return "test" in path.lower() and default_role(path, "") is FileRole.TEST


def defines_elsewhere(reading: str, defining: str) -> bool:
    """Whether a SQL file that defines a table lies outside of the reading one's folders, in none for definitions.

    What such a file creates may be of another time or for another database.
    """
    if not (reading.endswith(".sql") and defining.endswith(".sql")):
        return False
    mine, theirs = PurePosixPath(reading).parts[:-1], PurePosixPath(defining).parts[:-1]
    parting = next((at for at, (one, other) in enumerate(zip(mine, theirs, strict=False)) if one != other), None)
    return parting is not None and not any(_OF_DEFINITIONS.search(part.lower()) for part in theirs[parting:])
