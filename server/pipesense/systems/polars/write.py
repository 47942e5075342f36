"""Changes to code with polars: new names, and one query over a frame that raises before a write."""

from __future__ import annotations

from pipesense.lang.python.module import Module
from pipesense.model.change import AddCheck, Change, Refusal, Replace
from pipesense.model.value import Version
from pipesense.quality.frames import Style
from pipesense.systems.frame_checks import FrameWrite, in_polars, insert, nothing_to_ask, stem_of, write_of
from pipesense.systems.frames import Reading, nothing_beside
from pipesense.systems.polars.lift import written
from pipesense.systems.polars.tables import FRAME, LIBRARY
from pipesense.systems.renames import write_name


def write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    """The replacements that make a change, or why there are none."""
    if not isinstance(change, AddCheck):
        return write_name(change)
    refusal = nothing_to_ask(change, Style.POLARS)
    if refusal is not None:
        return refusal
    found = Reading(module, LIBRARY, version, nothing_beside, "polars: write", {}).scopes()
    writes = [
        FrameWrite(each, tuple(accesses), each.receiver)
        for one in found
        for each in one.scope.operations
        if each.kind == FRAME and each.name.startswith("write_") and (accesses := written(each))
    ]
    return insert(module, write_of(change, writes), stem_of(change, "checks"), in_polars(change, module))
