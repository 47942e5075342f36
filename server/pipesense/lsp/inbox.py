"""The queue of messages that have come in and were not handled yet.

It shows what the client sent while the event loop was busy, so that a cancelled request is never begun and queued
edits are applied together.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pipesense.lsp.framing import Frame


@dataclass(frozen=True, slots=True)
class EndOfInput:
    """The client closed its end."""


class Inbox:
    """Messages between whoever reads and the loop, and what can be seen in them ahead of time.

    ``wake`` is called when something was put in, so that the loop takes it out; ``arrived`` gives what has come
    in and was not put here yet.
    """

    def __init__(self, wake: Callable[[], None], arrived: Callable[[], Iterable[Frame]] = tuple) -> None:
        self._wake = wake
        self._arrived = arrived
        self._queue: deque[Frame] = deque()
        self._cancelled: set[int | str] = set()
        self._woken = False

    def put(self, frame: Frame) -> None:
        """Add a message; a reading thread may call it."""
        self._add(frame)
        if not self._woken:
            self._woken = True
            self._wake()

    def has_more(self) -> bool:
        """Whether a message waits; called by the loop before ``take``. What comes after a "no" wakes it again."""
        self._woken = False
        if not self._queue:
            self._look()
        return bool(self._queue)

    def take(self) -> Frame:
        """The oldest message; called by the loop."""
        return self._queue.popleft()

    def is_cancelled(self, number: object) -> bool:
        """Whether a cancellation of this request has come."""
        self._look()
        return isinstance(number, (int, str)) and number in self._cancelled

    def cancellation_done(self, number: object) -> None:
        """A cancellation left the queue."""
        if isinstance(number, (int, str)):
            self._cancelled.discard(number)

    def _look(self) -> None:
        for frame in self._arrived():
            self._add(frame)

    def _add(self, frame: Frame) -> None:
        number = _cancels(frame)
        if number is not None:
            self._cancelled.add(number)
        self._queue.append(frame)

    def __len__(self) -> int:
        return len(self._queue)


def _cancels(frame: Frame) -> int | str | None:
    if isinstance(frame, dict) and frame.get("method") == "$/cancelRequest" and isinstance(frame.get("params"), dict):
        number = frame["params"].get("id")
        if isinstance(number, (int, str)):
            return number
    return None
