"""Quix Streams: stream processors over Kafka as chains of operations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipesense.lang.python.module import Module
from pipesense.model.value import Version
from pipesense.systems.brokers.system import broker_system
from pipesense.systems.system import Embed, Lifted

if TYPE_CHECKING:
    from pipesense.systems.brokers.table import BrokerTable


def _table() -> BrokerTable:
    from pipesense.systems.quix.tables import TABLE

    return TABLE


_BROKER: Final = broker_system("quix", ("quixstreams",), ("quixstreams",), _table)


def _lift(module: Module, version: Version, embed: Embed) -> Lifted:
    from pipesense.systems.quix.jobs import unrun

    lifted = _BROKER.lift(module, version, embed)
    return replace(lifted, facts=(*lifted.facts, *unrun(module)))


SYSTEM: Final = replace(_BROKER, lift=_lift)
