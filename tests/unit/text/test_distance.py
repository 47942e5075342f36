"""Slips of the fingers are told from other words."""

from __future__ import annotations

import pytest

from pipesense.text.distance import distance, nearest


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("retries", "retries", 0),
        ("retires", "retries", 1),  # two letters in each other's place
        ("retrys", "retries", 2),
        ("retry_dealy", "retry_delay", 1),
        ("pool", "queue", 3),  # more than was asked for
        ("", "ab", 2),
    ],
)
def test_distance(one: str, other: str, apart: int) -> None:
    assert distance(one, other, 2) == distance(other, one, 2) == apart


def test_the_nearest_must_be_one() -> None:
    assert nearest("retrys", ["retries", "retry_delay"], 2) == "retries"
    assert nearest("bat", ["cat", "hat"], 2) is None
    assert nearest("bat", ["horse"], 2) is None
