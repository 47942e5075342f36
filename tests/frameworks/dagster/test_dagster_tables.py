"""What is said to be gone is gone from the installed Dagster, and what is said to warn warns."""

from __future__ import annotations

import warnings
from typing import Any

import dagster as dg
import pytest

from pipesense.systems.dagster.tables import NEWEST, REMOVED, WARNED

pytestmark = pytest.mark.framework


def test_the_table_was_written_from_this_release() -> None:
    assert dg.__version__ == NEWEST


@pytest.mark.parametrize("name", sorted(REMOVED))
def test_removed_names_are_gone(name: str) -> None:
    with pytest.raises(AttributeError):
        getattr(dg, name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("auto_materialize_policy", dg.AutoMaterializePolicy.eager()),
        ("non_argument_deps", {"a"}),
        ("compute_kind", "python"),
    ],
)
def test_arguments_still_work(name: str, value: Any) -> None:
    assert name in WARNED
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")

        def orders() -> None: ...

        assert dg.asset(**{name: value})(orders)
