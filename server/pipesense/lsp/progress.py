"""A progress bar in the editor while the workspace is read."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

from lsprotocol import types

_PATIENCE_SECONDS: Final = 0.4
"""Work that is done sooner needs no progress bar."""

_INTERVAL_SECONDS: Final = 0.1
"""At most ten reports a second."""


class Notifier(Protocol):
    """The part of the protocol that progress needs."""

    def ask_for_progress(self, token: str, created: Callable[[bool], None]) -> None:
        """Ask the client to make room for progress; ``created`` hears whether it did."""

    def send_progress(
        self,
        token: str,
        value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd,
    ) -> None:
        """Send one step."""


class IndexProgress:
    """Shows background work that takes long. One bar per stretch of work, each with a token of its own."""

    def __init__(self, notifier: Notifier, clock: Callable[[], float] = time.monotonic) -> None:
        self._notifier = notifier
        self._clock = clock
        self._since: float | None = None
        self._token: str | None = None
        self._shown = False
        self._last = 0.0
        self._number = 0

    def working(self, done: int, total: int) -> None:
        """So many files are done of so many."""
        now = self._clock()
        if self._since is None:
            self._since = now
        if self._token is None:
            if now - self._since >= _PATIENCE_SECONDS:
                self._number += 1
                self._token = token = f"pipesense/index/{self._number}"
                self._notifier.ask_for_progress(token, lambda made: self._created(token, made))
        elif self._shown and now - self._last >= _INTERVAL_SECONDS:
            self._last = now
            report = types.WorkDoneProgressReport(
                message=f"{done} of {total} files", percentage=100 * done // max(1, total)
            )
            self._notifier.send_progress(self._token, report)

    def idle(self) -> None:
        """The work is done."""
        if self._token is not None and self._shown:
            self._notifier.send_progress(self._token, types.WorkDoneProgressEnd())
        self._token, self._shown, self._since = None, False, None

    def _created(self, token: str, made: bool) -> None:
        if made and token == self._token:
            self._shown = True
            self._last = self._clock()
            self._notifier.send_progress(
                token, types.WorkDoneProgressBegin(title="PipeSense reads the workspace", percentage=0)
            )
