"""What is stale, and in which order it is made fresh."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from pipesense.engine.index import Stage
from pipesense.lang.languages import DOCUMENTS
from pipesense.text.regex import regex

_LANES: Final = 7
_LATE: Final = 4
_DEFINES: Final = regex(r"(?:ddl|schema|setup|create|tables?|views?|definitions?|migrations?)[^/]*(?:/[^/]*)?$", re.I)
"""Names of files and folders that mostly define what others read; a wrong guess costs nothing but order."""


def _lane(stage: int, language: str | None, is_read: bool) -> int:
    """Python is linked first: it says who runs which SQL file. Then SQL files are finished one by one, so that few
    keep their facts; what they read from is linked before they are judged, so that they are judged once. Those that
    were finished and are stale again come when all others are read: each of these might make them stale once more.
    Pipelines are composed and judged when all that they run is known.
    """
    if language == "sql":
        return 2 if stage > Stage.LINK else 1 if is_read else 3
    if language in DOCUMENTS and stage == Stage.LINK:
        return 3  # most of them turn out to be none of ours
    return {Stage.LINK: 0, Stage.COMPOSE: 5}.get(Stage(stage), 6)


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0].lower()


class Agenda:
    """Stale files with the earliest stage of each that has to run again."""

    def __init__(self, language: Callable[[str], str | None]) -> None:
        self._language = language
        self._stages: dict[str, int] = {}
        self._lanes: tuple[dict[str, None], ...] = tuple({} for _ in range(_LANES))
        self._defines: dict[str, bool] = {}
        """For each path whether its name says that it defines tables."""
        self._waiting: dict[str, dict[str, None]] = {}
        """The SQL files that are to be linked, by their names without folder and suffix."""
        self._read: set[str] = set()
        """Those of them that another one reads from."""
        self._late: set[str] = set()
        """Stale SQL files that were finished before."""

    def __contains__(self, path: str) -> bool:
        return path in self._stages

    def __len__(self) -> int:
        return len(self._stages)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._stages))

    def stage(self, path: str) -> int | None:
        """The stage from which a file is stale, None for a fresh one."""
        return self._stages.get(path)

    def mark(self, path: str, stage: int, wants: Iterable[str] = (), *, again: bool = False) -> None:
        """A file is stale from a stage on, or from an earlier one that was marked before.

        ``wants`` are tables that it reads: files of those names are linked before it goes on. ``again``: it may wait
        for others, as what is known of it is only out of date.
        """
        before = self._stages.get(path)
        if before is None or before > stage:
            is_late = path in self._late or (again and before is None and self._language(path) == "sql")
            self.drop(path)
            self._stages[path] = stage
            if is_late:
                self._late.add(path)
            self._lanes[self._lane_of(path, stage)][path] = None
            if stage == Stage.LINK and self._language(path) == "sql":
                self._waiting.setdefault(_stem(path), {})[path] = None
        for name in wants:
            for other in self._waiting.get(name, ()):
                if other not in self._read:
                    del self._lanes[self._lane_of(other, Stage.LINK)][other]
                    self._read.add(other)
                    self._lanes[self._lane_of(other, Stage.LINK)][other] = None

    def _lane_of(self, path: str, stage: int) -> int:
        if path in self._late:
            return _LATE
        defines = self._defines.get(path)
        if defines is None:
            defines = self._defines[path] = _DEFINES.search(path) is not None
        return _lane(stage, self._language(path), defines or path in self._read)

    def drop(self, path: str) -> int | None:
        """A file is fresh, or gone; the stage from which it was stale."""
        stage = self._stages.pop(path, None)
        if stage is not None:
            self._lanes[self._lane_of(path, stage)].pop(path, None)
            self._read.discard(path)
            self._late.discard(path)
            waiting = self._waiting.get(_stem(path))
            if waiting is not None and waiting.pop(path, path) is None and not waiting:
                del self._waiting[_stem(path)]
        return stage

    def next(self, is_open: Callable[[str], bool]) -> str | None:
        """The file to work on: an open one of the first lane that has any, else the oldest there."""
        for lane in self._lanes:
            first = next(iter(lane), None)
            if first is not None:
                return next((path for path in lane if is_open(path)), first) if len(lane) < 50 else first
        return None

    def steps(self) -> int:
        """How many stages are left to run, as far as is known."""
        return sum(Stage.JUDGE + 1 - stage for stage in self._stages.values())
