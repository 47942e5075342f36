"""What goes wrong between the steps of pipelines that are functions, and in the graph of assets."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.model.change import Replace
from pipesense.model.value import Version
from pipesense.model.where import Loc


@dataclass(frozen=True, slots=True)
class LostFuture:
    """``steps`` are started at ``places`` in ``pipeline``; nobody waits for them or uses what they give.

    ``edits`` ask for their results at the end.
    """

    noun: str
    pipeline: str
    steps: tuple[str, ...]
    places: tuple[Loc, ...]
    target: Version
    edits: tuple[Replace, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkBetweenSteps:
    """The body of ``pipeline``, which has steps, does by itself what ``effect`` says, at ``loc``."""

    noun: str
    pipeline: str
    what: str
    effect: str
    loc: Loc


@dataclass(frozen=True, slots=True)
class UnknownAsset:
    """``written`` at ``loc`` names an asset that the file does not have; ``meant`` is the one that it comes nearest."""

    written: str
    meant: str
    by: str
    loc: Loc
    edit: Replace


@dataclass(frozen=True, slots=True)
class UnregisteredCheck:
    """The file lists what it hands to the system, and the check ``name`` is not in it; ``edits`` add it."""

    name: str
    asset: str
    loc: Loc
    listed: Loc
    edits: tuple[Replace, ...]
