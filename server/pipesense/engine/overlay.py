"""The index as it would be if one file said something else: for trying fixes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipesense.engine.index import Index, Key, Stage


@dataclass(slots=True)
class Overlay:
    """``index`` with the exports of ``path`` exchanged."""

    index: Index
    path: str
    exports: dict[Stage, Mapping[Key, Any]] = field(default_factory=dict)

    def get(self, key: Key) -> tuple[Any, ...]:
        """All values under a key."""
        own = [values[key] for values in self.exports.values() if key in values]
        return (*own, *self.index.get(key, without=self.path))
