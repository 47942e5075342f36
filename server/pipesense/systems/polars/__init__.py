"""polars: eager and lazy frames."""

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
    return pins.pinned("polars", files) or Version()


def _lift(module: Module, version: Version, embed: Embed) -> Lifted:
    from pipesense.systems.polars.lift import lift

    return lift(module, version)


def _write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    from pipesense.systems.polars.write import write

    return write(change, module, version)


SYSTEM: Final = PythonSystem(
    name="polars",
    marks=("polars", "pl."),
    version_files=pins.FILES,
    version=_version,
    lift=_lift,
    write=_write,
)
