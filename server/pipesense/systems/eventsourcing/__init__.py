"""Code that follows a log of events: projections, incremental loads, and the positions that they keep."""

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
    from pipesense.systems.eventsourcing import positions, sagas

    kept, changed = positions.lift(module), sagas.lift(module)
    return Lifted(facts=(*kept.facts, *changed.facts), sites=(*kept.sites, *changed.sites))


def _write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    return Refusal("nothing here knows how to write this change")


_MARKS: Final = (
    *("position", "checkpoint", "cursor", "offset", "watermark", "bookmark", "event_store", "eventsourcing"),
    *(".reserve", ".charge", ".book", ".debit", ".capture", ".withdraw", ".allocate", ".provision"),
)

SYSTEM: Final = PythonSystem("eventsourcing", _MARKS, (), _version, _lift, _write)
