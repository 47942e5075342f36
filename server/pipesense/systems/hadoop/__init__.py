"""Hadoop from Python: jobs of mrjob, and files of HDFS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.model.change import Change, Refusal, Replace
from pipesense.model.value import Version
from pipesense.systems.pinned import FILES, package_versions
from pipesense.systems.system import Embed, Lifted, PythonSystem


def _version(module: Module, files: Mapping[str, str], configured: str | None) -> Version:
    return Version(beside=package_versions(files, ("mrjob", "hdfs")))


def _lift(module: Module, version: Version, embed: Embed) -> Lifted:
    from pipesense.systems.hadoop.lift import lift

    return lift(module)


def _write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    return Refusal("changes to Hadoop's clients are not written")


SYSTEM: Final = PythonSystem("hadoop", ("mrjob", "hdfs", "HadoopFileSystem"), FILES, _version, _lift, _write)
