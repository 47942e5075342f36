"""Places in Spark code that stand for a pattern, with what it means right there."""

from __future__ import annotations

from pipesense.model.code import PatternSite
from pipesense.model.frames import FrameScope


def sites_of(scope: FrameScope) -> tuple[PatternSite, ...]:
    """The places of a scope that a hover explains."""
    return ()
