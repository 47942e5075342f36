"""Which version of a package a project's files pin, in the spellings that people use."""

from __future__ import annotations

import pytest

from pipesense.lang.python.pins import pinned

SPELLINGS = {
    "as it is called": ("sqlalchemy", "requirements.txt", "sqlalchemy==2.0.36\n", (2, 0, 36)),
    "as its authors write it": ("sqlalchemy", "requirements.txt", "SQLAlchemy==2.0.36\n", (2, 0, 36)),
    "with extras": ("sqlalchemy", "requirements.txt", "SQLAlchemy[asyncio]~=2.0.36\n", (2, 0, 36)),
    "underscores for hyphens": ("great-expectations", "requirements.txt", "great_expectations==0.18.22\n", (0, 18, 22)),
    "locked": ("pyspark", "poetry.lock", '[[package]]\nname = "PySpark"\nversion = "3.5.1"\n', (3, 5, 1)),
}


@pytest.mark.parametrize(("package", "name", "text", "expected"), SPELLINGS.values(), ids=SPELLINGS)
def test_a_pin_is_read(package: str, name: str, text: str, expected: tuple[int, ...]) -> None:
    found = pinned(package, {name: text})
    assert found is not None
    assert found.number == expected


def test_a_package_whose_name_only_begins_alike_is_another_one() -> None:
    assert pinned("sqlalchemy", {"requirements.txt": "SQLAlchemy-Utils==0.41.2\n"}) is None
    assert pinned("sqlalchemy", {"requirements.txt": "# SQLAlchemy==1.3\n"}) is None
