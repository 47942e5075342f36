"""Dagster: assets and their checks, ops, graphs and jobs, with what schedules them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.model.change import Change, Refusal, Replace
from pipesense.model.value import Version
from pipesense.systems.dagster.version import VERSION_FILES, version_in_use
from pipesense.systems.system import Embed, Lifted, PythonSystem


def _version(module: Module, files: Mapping[str, str], configured: str | None) -> Version:
    return version_in_use(module, files, configured)


def _lift(module: Module, version: Version, embed: Embed) -> Lifted:
    from pipesense.systems.dagster.lift import lift

    return lift(module, version, embed)


def _write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    from pipesense.systems.dagster.write import write

    return write(change, module, version)


SYSTEM: Final = PythonSystem(
    name="dagster",
    marks=("dagster",),
    version_files=VERSION_FILES,
    version=_version,
    lift=_lift,
    write=_write,
)
