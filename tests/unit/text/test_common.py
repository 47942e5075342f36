"""What two texts share at their ends, found without looking at every character by itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipesense.text.common import common_end, common_start


@pytest.mark.parametrize(
    ("one", "other", "start", "end"),
    [
        ("", "", 0, 0),
        ("abc", "abc", 3, 0),
        ("abc", "abxc", 2, 1),
        ("aaa", "aa", 2, 0),
        ("", "a", 0, 0),
        ((1, 2, 3), (1, 4, 3), 1, 1),
    ],
)
def test_start_then_end(one: str, other: str, start: int, end: int) -> None:
    assert common_start(one, other) == start
    assert common_end(one, other, start) == end


@settings(deadline=None)
@given(st.text("ab", max_size=12), st.text("ab", max_size=12))
def test_it_is_the_longest(one: str, other: str) -> None:
    start = common_start(one, other)
    end = common_end(one, other, start)
    assert one[:start] == other[:start]
    assert one[start : start + 1] != other[start : start + 1] or start in (len(one), len(other))
    left, right = one[start:], other[start:]
    longest = max(
        size for size in range(min(len(left), len(right)) + 1) if left[len(left) - size :] == right[len(right) - size :]
    )
    assert end == longest
