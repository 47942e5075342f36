"""Files and tables of lakes that are written without an engine: pyarrow, deltalake, pyiceberg."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.model.change import Change, Refusal, Replace
from pipesense.model.value import Version
from pipesense.systems.system import Embed, Lifted, PythonSystem


def _version(module: Module, files: Mapping[str, str], configured: str | None) -> Version:
    return Version()


def _lift(module: Module, version: Version, embed: Embed) -> Lifted:
    from pipesense.systems.lakes.lift import lift

    return lift(module, version)


def _write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    return Refusal("writers of files have nothing of their own to write that change with")


SYSTEM: Final = PythonSystem(
    name="lakes",
    marks=("pyarrow", "deltalake", "pyiceberg"),
    version_files=(),
    version=_version,
    lift=_lift,
    write=_write,
)
