"""What the code of tasks does with failures."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.model.change import Replace
from pipesense.model.where import Loc


@dataclass(frozen=True, slots=True)
class DroppedException:
    """A function that a task runs catches every exception of its work and goes on as if nothing had happened.

    ``loc`` is what is caught, ``work`` the call whose failure is lost, ``does`` what happens instead, in words.
    """

    scope: str
    loc: Loc
    caught: str
    work: str
    does: str
    edits: tuple[Replace, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckThatOnlyTells:
    """A function named like a check, run by a task, finds wrong data at ``loc``, tells somebody, and succeeds."""

    scope: str
    name: str
    loc: Loc
    tells: str
    edits: tuple[Replace, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockChoosesData:
    """A function that a task runs lets ``clock``, asked at ``loc``, choose what ``called`` reads or writes.

    ``scheduled``: a pipeline with a calendar runs it, so that a run has a date of its own.
    """

    scope: str
    loc: Loc
    clock: str
    called: str
    scheduled: bool


@dataclass(frozen=True, slots=True)
class NaiveMoment:
    """``clock``, asked at ``loc``, gives a moment without a time zone, and it meets ``other``, which has one."""

    loc: Loc
    clock: str
    other: str
    why: str
    edits: tuple[Replace, ...] = ()
