"""What a file is there for, told from its path."""

from __future__ import annotations

from pathlib import PurePosixPath

from pipesense.rule.meta import FileRole

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
_OF_ONE_OCCASION = frozenset(
    ["archive", "archived", "deprecated", "obsolete", "attic", "adhoc", "ad_hoc", "ad-hoc", "scratch", "sandbox"]
)
"""Folders whose SQL is put away, or is run by hand: no pipeline reads it."""
_OF_MIGRATIONS = ("_migration", "_migrations", "-migrations")
"""How folders are called that hold the migrations of one of several databases."""
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
        if role is None and name.endswith(".sql") and part.lower().lstrip("_") in _OF_ONE_OCCASION:
            role = FileRole.AD_HOC
        if role is not None:
            return role
    return FileRole.PIPELINE


def is_of_tests(path: str) -> bool:
    """Whether a file belongs to tests, where definitions are made for them alone."""
    return "test" in path.lower() and default_role(path, "") is FileRole.TEST
