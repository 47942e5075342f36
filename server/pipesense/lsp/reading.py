"""Two ways from bytes to the inbox: the event loop watches a descriptor, or a thread reads where none can be watched.

Watching saves the way from thread to thread, about 0.3 ms of a keystroke where a processor has to wake up for it.
"""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable, Iterable
from typing import Final

from pipesense.lsp.framing import Frame, FrameReader
from pipesense.lsp.inbox import EndOfInput, Inbox

_log = logging.getLogger(__name__)

_CHUNK: Final = 1 << 16


class Watched:
    """What has come in on ``source``, read in the thread that asks for it and without waiting.

    Not for Windows, whose pipes cannot be watched.
    """

    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._frames = FrameReader()
        self._has_ended = False
        self._input = select.poll()
        self._input.register(source, select.POLLIN)
        self._either = select.poll()
        self._either.register(source, select.POLLIN)
        self._either.register(sink, select.POLLOUT)

    def arrived(self) -> Iterable[Frame]:
        """The messages that are complete now; after the last one an EndOfInput, once."""
        if self._has_ended or not self._input.poll(0):
            return ()
        chunk = _chunk(lambda size: os.read(self._source, size))
        if chunk:
            return self._frames.feed(chunk)
        self._has_ended = True
        self._either.unregister(self._source)
        return (EndOfInput(),)

    def take_in_until_writable(self, inbox: Inbox) -> None:
        """Wait until the client takes more or sends more: one that waits to write must not wait for ever."""
        self._either.poll()
        for frame in self.arrived():
            inbox.put(frame)


def start_reading(read: Callable[[int], bytes], inbox: Inbox) -> threading.Thread:
    """Start the thread that reads until the end of input. It is a daemon: a blocked read ends with the process."""

    def run() -> None:
        frames = FrameReader()
        while True:
            chunk = _chunk(read)
            if not chunk:
                inbox.put(EndOfInput())
                return
            for frame in frames.feed(chunk):
                inbox.put(frame)

    thread = threading.Thread(target=run, name="pipesense-reader", daemon=True)
    thread.start()
    return thread


def _chunk(read: Callable[[int], bytes]) -> bytes:
    try:
        return read(_CHUNK)
    except OSError as error:
        _log.warning("Cannot read from the client any more: %s", error)
        return b""
