"""Facts with a quick constructor are frozen dataclasses like all others."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from pipesense.model.making import quick_to_make


@quick_to_make
@dataclass(frozen=True, slots=True)
class Made:
    name: str
    parts: tuple[str, ...] = ()
    known: bool | None = None


def test_fields_are_given_by_position_by_name_and_by_default() -> None:
    made = Made("a", known=True)
    assert (made.name, made.parts, made.known) == ("a", (), True)
    assert made == Made("a", (), True) != Made("a")
    assert hash(made) == hash(Made("a", (), True))
    assert replace(made, name="b") == Made("b", known=True)
    assert repr(made) == "Made(name='a', parts=(), known=True)"


def test_nothing_can_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Made("a").name = "b"  # type: ignore[misc]


def test_what_is_missing_is_told_by_its_name() -> None:
    with pytest.raises(TypeError, match=r"Made\.__init__.*name"):
        Made()  # type: ignore[call-arg]


def test_a_class_that_needs_more_than_its_fields_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class WithList:
        names: list[str] = field(default_factory=list)

    with pytest.raises(TypeError, match=r"WithList\.names"):
        quick_to_make(WithList)
