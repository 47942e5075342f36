"""A broker's tables as a system of Python files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from pipesense.lang.python.module import Module
from pipesense.model.change import Change, Refusal, Replace
from pipesense.model.value import Version
from pipesense.systems.pinned import FILES, package_versions
from pipesense.systems.system import Embed, Lifted, PythonSystem

if TYPE_CHECKING:
    from pipesense.systems.brokers.table import BrokerTable

MakeTable = Callable[[], "BrokerTable"]


def broker_system(name: str, marks: tuple[str, ...], packages: tuple[str, ...], table: MakeTable) -> PythonSystem:
    """The system; ``table`` is called when a file first has to do with it."""
    return PythonSystem(
        name=name,
        marks=marks,
        version_files=FILES,
        version=partial(_version, packages),
        lift=partial(_lift, table),
        write=partial(_write, table),
    )


def _version(packages: tuple[str, ...], module: Module, files: Mapping[str, str], configured: str | None) -> Version:
    """The versions of the clients stand beside; the system itself has none."""
    return Version(beside=package_versions(files, packages))


def _lift(table: MakeTable, module: Module, version: Version, embed: Embed) -> Lifted:
    from pipesense.systems.brokers.lift import lift

    return lift(table(), module, version)


def _write(table: MakeTable, change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    from pipesense.systems.brokers.write import write

    return write(table(), change, module, version)
