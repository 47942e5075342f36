"""When work is done. The event loop owns the engine; nothing here runs in another thread.

What the user looks at comes first: edits of a document are applied as they come and analysed once, when the
queue is empty or somebody asks. Everything else is done in small units with pauses between them.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from pipesense.engine.workspace import Workspace


_log = logging.getLogger(__name__)

REST_SECONDS: Final = 0.3
"""How long nobody types before a text counts as being at rest."""

PAUSE_SECONDS: Final = 0.001
"""The pause between two units of background work, in which requests are answered."""


class Listener(Protocol):
    """Who wants to know what came out."""

    def edited(self, path: str) -> None:
        """An edited document was analysed."""

    def changed(self, paths: frozenset[str]) -> None:
        """Findings changed for another reason than an edit in the file itself."""

    def working(self, done: int, total: int) -> None:
        """Background work goes on: so many files done of so many."""

    def idle(self) -> None:
        """The background work is done."""


@dataclass(slots=True)
class Work:
    """How often something was done, for tests and for the trace."""

    edits: int = 0
    analyses: int = 0
    steps: int = 0
    settled: int = 0


class Scheduler:
    """Decides what the engine does next. All methods are called on the event loop."""

    def __init__(self, workspace: Workspace, listener: Listener) -> None:
        self.work = Work()
        self._workspace = workspace
        self._listener = listener
        self._stale: dict[str, None] = {}
        self._resting: dict[str, asyncio.TimerHandle] = {}
        self._background: asyncio.Task[None] | None = None
        self._reading: dict[str, asyncio.Task[None]] = {}
        """Long files that were opened, while they are read piece by piece."""

    def opened(self, path: str) -> None:
        """A document was opened. Of a long one the top is shown first, unless somebody wants all of it at once."""
        if not self._workspace.first_look.is_worth_it(path):
            self.edited(path)
            return
        self.work.edits += 1
        self._stop_reading(path)
        self._reading[path] = asyncio.get_running_loop().create_task(self._in_pieces(path))

    def edited(self, path: str) -> None:
        """A document's text changed. It is analysed at the next ``flush`` or when ``fresh`` asks for it."""
        self.work.edits += 1
        self._stop_reading(path)
        self._stale[path] = None
        self._cancel_rest(path)
        self._resting[path] = asyncio.get_running_loop().call_later(REST_SECONDS, self._rest, path)

    def forget(self, path: str) -> None:
        """A document was closed."""
        self._stale.pop(path, None)
        self._stop_reading(path)
        self._cancel_rest(path)
        self.kick()

    def fresh(self, path: str) -> None:
        """Bring a document's findings up to date before they are read."""
        if self._stop_reading(path) or path in self._stale:
            self._analyse(path)

    def flush(self) -> None:
        """Bring all edited documents up to date."""
        while self._stale:
            self._analyse(next(iter(self._stale)))

    def kick(self) -> None:
        """See to background work, if there is any."""
        if self._background is None and self._workspace.pending():
            self._background = asyncio.get_running_loop().create_task(self._in_background())
            self._background.add_done_callback(self._background_ended)

    def stop(self) -> None:
        """Do nothing any more."""
        for path in list(self._resting):
            self._cancel_rest(path)
        self._stale.clear()
        for path in list(self._reading):
            self._stop_reading(path)
        if self._background is not None:
            self._background.cancel()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is waiting to be done now or later."""
        return not self._stale and not self._reading and not self._resting and self._background is None

    def _analyse(self, path: str) -> None:
        self._stale.pop(path, None)
        self.work.analyses += 1
        self._workspace.analyse(path)
        self._listener.edited(path)
        self.kick()

    def _stop_reading(self, path: str) -> bool:
        task = self._reading.pop(path, None)
        if task is not None:
            task.cancel()
        return task is not None

    async def _in_pieces(self, path: str) -> None:
        """Read a long file, show the first findings on the way, and analyse it as a whole in the end."""
        is_shown = False
        next_look = 1
        while self._workspace.first_look.read_on(path):
            now = self._workspace.first_look.statements_read(path)
            if not is_shown and now >= next_look:
                # Looks cost less and less beside what is read between them.
                next_look = max(now + 1, now * 5 // 4)
                is_shown = self._workspace.first_look.show(path)
                if is_shown:
                    self._listener.edited(path)
            await asyncio.sleep(0)
        self._reading.pop(path, None)
        self.edited(path)
        self.flush()

    def _rest(self, path: str) -> None:
        self._resting.pop(path, None)
        self.work.settled += 1
        if self._workspace.settle(path):
            self._workspace.analyse(path)
            self._listener.changed(frozenset({path}))
        gc.collect(1)
        self.kick()

    def _cancel_rest(self, path: str) -> None:
        timer = self._resting.pop(path, None)
        if timer is not None:
            timer.cancel()

    async def _in_background(self) -> None:
        total = self._workspace.pending()
        while left := self._workspace.pending():
            total = max(total, left)
            self._listener.working(total - left, total)
            self.work.steps += 1
            changed = self._workspace.step()
            if changed:
                self._listener.changed(changed)
            await asyncio.sleep(PAUSE_SECONDS)

    def _background_ended(self, task: asyncio.Task[None]) -> None:
        self._background = None
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            _log.error("Background work failed; it goes on with the next change", exc_info=error)
        self._listener.idle()
