"""The index as it would be if one file said something else, or if there were one more: for trying fixes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipesense.engine.index import Index, Key, Stage


@dataclass(slots=True)
class Overlay:
    """``index`` with the exports of ``path`` exchanged; of a file that is new where ``index`` is an overlay itself."""

    index: Index | Overlay
    path: str
    exports: dict[Stage, Mapping[Key, Any]] = field(default_factory=dict)

    def get(self, key: Key, without: str | None = None) -> tuple[Any, ...]:
        """All values under a key; one file may be left out."""
        own = [values[key] for values in self.exports.values() if key in values and self.path != without]
        # Nothing is exported by a file that does not exist, so only one has to be left out of the index.
        return (*own, *self.index.get(key, without=without or self.path))
