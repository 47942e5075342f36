"""Changes to code with pandas: new names, and a schema or suite that a frame is held against before a write."""

from __future__ import annotations

from pipesense.lang.python.module import Module
from pipesense.model.change import AddCheck, Change, Refusal, Replace
from pipesense.model.value import Version
from pipesense.quality.frames import Style
from pipesense.systems.frame_checks import (
    FrameWrite,
    in_pandas,
    insert,
    nothing_to_ask,
    stem_of,
    style_of,
    write_of,
)
from pipesense.systems.frames import Reading, nothing_beside
from pipesense.systems.pandas.lift import write_access
from pipesense.systems.pandas.tables import LIBRARY
from pipesense.systems.renames import write_name


def write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    """The replacements that make a change, or why there are none."""
    if not isinstance(change, AddCheck):
        return write_name(change)
    style = style_of(change, module)
    refusal = nothing_to_ask(change, style)
    if refusal is not None:
        return refusal
    found = Reading(module, LIBRARY, version, nothing_beside, "pandas: write", {}).scopes()
    writes = [
        FrameWrite(each, (access,), each.receiver)
        for one in found
        for each in one.scope.operations
        if (access := write_access(each)) is not None
    ]
    stem = stem_of(change, "suite" if style is Style.GX else "schema")
    return insert(module, write_of(change, writes), stem, in_pandas(change, module))
