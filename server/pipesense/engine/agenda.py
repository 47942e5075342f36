"""What is stale, and in which order it is made fresh."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from pipesense.engine.index import Stage

_LANES: Final = 5


def _lane(path: str, stage: int, language: str | None) -> int:
    """Python is linked first: it says who runs which SQL file. Then SQL files are finished one by one, so that no
    more than one keeps its facts; pipelines are composed and judged when all that they run is known.
    """
    if language == "sql":
        return 1 if stage > Stage.LINK else 2
    return {Stage.LINK: 0, Stage.COMPOSE: 3}.get(Stage(stage), 4)


class Agenda:
    """Stale files with the earliest stage of each that has to run again."""

    def __init__(self, language: Callable[[str], str | None]) -> None:
        self._language = language
        self._stages: dict[str, int] = {}
        self._lanes: tuple[dict[str, None], ...] = tuple({} for _ in range(_LANES))

    def __contains__(self, path: str) -> bool:
        return path in self._stages

    def __len__(self) -> int:
        return len(self._stages)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._stages))

    def stage(self, path: str) -> int | None:
        """The stage from which a file is stale, None for a fresh one."""
        return self._stages.get(path)

    def mark(self, path: str, stage: int) -> None:
        """A file is stale from a stage on, or from an earlier one that was marked before."""
        before = self._stages.get(path)
        if before is not None and before <= stage:
            return
        self.drop(path)
        self._stages[path] = stage
        self._lanes[_lane(path, stage, self._language(path))][path] = None

    def drop(self, path: str) -> int | None:
        """A file is fresh, or gone; the stage from which it was stale."""
        stage = self._stages.pop(path, None)
        if stage is not None:
            self._lanes[_lane(path, stage, self._language(path))].pop(path, None)
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
