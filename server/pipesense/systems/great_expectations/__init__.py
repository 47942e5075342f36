"""Great Expectations: the data set API of 0.x, and contexts, suites, batches and checkpoints of 1.x."""

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
    return pins.pinned("great_expectations", files) or pins.pinned("great-expectations", files) or Version()


def _lift(module: Module, version: Version, embed: Embed) -> Lifted:
    from pipesense.systems.great_expectations.lift import lift

    return lift(module, version)


def _write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    from pipesense.systems.great_expectations.write import write

    return write(change, module, version)


SYSTEM: Final = PythonSystem(
    name="great_expectations",
    marks=("great_expectations",),
    version_files=pins.FILES,
    version=_version,
    lift=_lift,
    write=_write,
)
