"""Who says what, and who reads it: push invalidation across files.

Every file *exports* values under keys, and *reads* keys. When a file's exports change, exactly the readers
of the changed keys are stale. Reads of keys that nobody exports count too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from enum import IntEnum
from itertools import chain, compress, islice, repeat
from operator import ne
from typing import Any, Final

_REMEMBERED: Final = 1_000
_NOTHING: Final = object()
Key = tuple[str, ...]
"""A kind and a name: ("relation", "orders"), ("runs", "/dags/sql/load.sql")."""


class Stage(IntEnum):
    """The steps of a file's analysis, in order; a stale read makes its own step and all later ones run again."""

    LINK = 0
    COMPOSE = 1
    JUDGE = 2


class Index:
    """Exports and reads of all files."""

    def __init__(self) -> None:
        self._exports: dict[tuple[str, Stage], Mapping[Key, Any]] = {}
        self._producers: dict[Key, tuple[str, ...]] = {}
        """The files that export a key. Nearly every key has one, and a set for each is half of what the index takes."""
        self._readers: dict[Key, dict[str, Stage]] = {}
        self._reads: dict[tuple[str, Stage], frozenset[Key]] = {}
        self._versions: dict[Key, int] = {}
        self._clock = 0
        self._changes: deque[Key] = deque(maxlen=_REMEMBERED)
        """The keys whose values changed last, one for each tick of the clock."""

    def get(self, key: Key, without: str | None = None) -> tuple[Any, ...]:
        """All values exported under a key, in the order of their files' paths; one file may be left out."""
        found: list[Any] = []
        for path in sorted(self._producers.get(key, ())):
            if path == without:
                continue
            for stage in (Stage.LINK, Stage.COMPOSE):
                values = self._exports.get((path, stage))
                if values is not None and key in values:
                    found.append(values[key])
        return tuple(found)

    def names(self, kind: str) -> tuple[str, ...]:
        """The second parts of all keys of a kind that somebody exports, in order."""
        return tuple(sorted(key[1] for key in self._producers if key[0] == kind))

    def version(self, key: Key) -> int:
        """A number that changes whenever the values under the key do; 0 while there are none."""
        return self._versions.get(key, 0)

    @property
    def clock(self) -> int:
        """The version of what changed last."""
        return self._clock

    def changed_since(self, clock: int) -> frozenset[Key] | None:
        """The keys whose values changed since the clock showed that; None where so many did that nobody knows them."""
        ticks = self._clock - clock
        if ticks > len(self._changes):
            return None
        return frozenset(islice(reversed(self._changes), ticks))

    def export(self, path: str, stage: Stage, values: Mapping[Key, Any]) -> frozenset[Key]:
        """Replace what a file's stage exports; the keys whose values changed."""
        old = self._exports.get((path, stage), {})
        # Hundreds of keys are the same as before at every key pressed: no loop of Python's goes over all of them.
        before = map(old.get, values, repeat(_NOTHING))
        changed = frozenset(chain(old.keys() - values.keys(), compress(values, map(ne, before, values.values()))))
        self._exports[(path, stage)] = values
        alone = (path,)
        for key in changed:
            self._clock += 1
            self._changes.append(key)
            self._versions[key] = self._clock
            producers = self._producers.get(key, ())
            if any(key in self._exports.get((path, each), {}) for each in Stage):
                if path not in producers:
                    self._producers[key] = alone if not producers else (*producers, path)
            elif producers == alone or not producers:
                self._producers.pop(key, None)
                del self._versions[key]
            else:
                self._producers[key] = tuple([each for each in producers if each != path])
        return changed

    def record_reads(self, path: str, stage: Stage, keys: Iterable[Key]) -> None:
        """Replace what a file's stage has read."""
        fresh = frozenset(keys)
        before = self._reads.get((path, stage), frozenset())
        if fresh == before:
            return
        self._reads[(path, stage)] = fresh
        for key in before - fresh:
            self._forget_reader(key, path)
        for key in fresh - before:
            readers = self._readers.setdefault(key, {})
            readers[path] = min(stage, readers.get(path, stage))

    def _forget_reader(self, key: Key, path: str) -> None:
        stages = [stage for stage in Stage if key in self._reads.get((path, stage), frozenset())]
        readers = self._readers.get(key, {})
        if stages:
            readers[path] = min(stages)
        else:
            readers.pop(path, None)
            if not readers:
                self._readers.pop(key, None)

    def readers(self, keys: Iterable[Key]) -> dict[str, Stage]:
        """Every file that read one of the keys, with the earliest stage that did."""
        found: dict[str, Stage] = {}
        for key in keys:
            for path, stage in self._readers.get(key, {}).items():
                found[path] = min(stage, found.get(path, stage))
        return found

    def drop(self, path: str) -> frozenset[Key]:
        """Forget a file; the keys that it exported."""
        changed: set[Key] = set()
        for stage in Stage:
            changed |= self.export(path, stage, {})
            self.record_reads(path, stage, ())
        return frozenset(changed)
