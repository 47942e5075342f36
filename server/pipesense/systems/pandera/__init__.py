"""Pandera: schemas that frames are held against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipesense.lang.python import pins
from pipesense.lang.python.module import Module
from pipesense.model.change import Change, Refusal, Replace
from pipesense.model.value import Evidence, Version
from pipesense.systems.system import Embed, Lifted, PythonSystem


def _version(module: Module, files: Mapping[str, str], configured: str | None) -> Version:
    if configured is not None and (number := pins.number(configured)):
        return Version(number, Evidence.PINNED, "the configuration")
    return pins.pinned("pandera", files) or Version()


def _lift(module: Module, version: Version, embed: Embed) -> Lifted:
    from pipesense.systems.pandera.lift import lift

    return lift(module)


def _write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    return Refusal("there is no spelling for that change here")


SYSTEM: Final = PythonSystem(
    name="pandera",
    # A schema may come from another file, and then only its name says what it is.
    marks=("pandera", "chema.validate(", "SCHEMA.validate("),
    version_files=pins.FILES,
    version=_version,
    lift=_lift,
    write=_write,
)
