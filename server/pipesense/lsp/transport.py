"""Bytes in and out: one thread that reads, a writer that writes at once, and a queue between thread and loop.

The thread sees what the client sent while the event loop is busy, so that a cancelled request is never
begun and queued edits are applied together.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pipesense.lsp.framing import Frame, FrameReader

_log = logging.getLogger(__name__)

_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class EndOfInput:
    """The client closed its end."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Two blocking ends: ``read(n)`` gives at most n bytes, b"" at the end; ``write`` says how many it took."""

    read: Callable[[int], bytes]
    write: Callable[[memoryview], int]


def standard_streams() -> Channel:
    """Take standard input and output for the protocol alone.

    What anybody prints from now on goes to standard error, and child processes find an empty input.
    """
    source, sink = os.dup(0), os.dup(1)
    for stream in (source, sink):
        _make_plain(stream)
    nothing = os.open(os.devnull, os.O_RDWR)
    try:
        os.dup2(2, 1)
    except OSError:
        os.dup2(nothing, 1)
    os.dup2(nothing, 0)
    os.close(nothing)
    return Channel(lambda size: os.read(source, size), lambda data: os.write(sink, data))


def _make_plain(stream: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.setmode(stream, os.O_BINARY)  # type: ignore[attr-defined]
    else:
        os.set_blocking(stream, True)


def local_socket(port: int, announce: Callable[[str], None]) -> Channel:
    """Wait for one client on 127.0.0.1; port 0 takes a free one. ``announce`` gets a sentence with the port.

    Raises:
        OSError: the port is taken.
    """
    with socket.create_server(("127.0.0.1", port)) as listener:
        announce(f"PipeSense listens on 127.0.0.1:{listener.getsockname()[1]}")
        connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Channel(connection.recv, connection.send)


class Writer:
    """Writes whole messages at once. When the client is gone it says so once and drops the rest."""

    def __init__(self, write: Callable[[memoryview], int]) -> None:
        self._write = write
        self._gone = False
        self.messages = 0
        """How many messages were written."""

    def write(self, data: bytes) -> None:
        """Write one framed message."""
        if self._gone:
            return
        self.messages += 1
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._write(rest) :]
        except OSError as error:
            self._gone = True
            _log.warning("The client does not read any more: %s", error)

    def close(self) -> None:
        """Write nothing any more."""
        self._gone = True


class Inbox:
    """Messages between the reading thread and the loop, and what can be seen in them ahead of time.

    ``wake`` is called from the reading thread when the loop has something to do.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._queue: deque[Frame] = deque()
        self._cancelled: set[int | str] = set()
        self._woken = False

    def put(self, frame: Frame) -> None:
        """Add a message; called by the reading thread."""
        number = _cancels(frame)
        if number is not None:
            self._cancelled.add(number)
        self._queue.append(frame)
        if not self._woken:
            self._woken = True
            self._wake()

    def has_more(self) -> bool:
        """Whether a message waits; called by the loop before ``take``. What comes after a "no" wakes it again."""
        self._woken = False
        return bool(self._queue)

    def take(self) -> Frame:
        """The oldest message; called by the loop."""
        return self._queue.popleft()

    def is_cancelled(self, number: object) -> bool:
        """Whether a cancellation of this request waits in the queue."""
        return isinstance(number, (int, str)) and number in self._cancelled

    def cancellation_done(self, number: object) -> None:
        """A cancellation left the queue."""
        if isinstance(number, (int, str)):
            self._cancelled.discard(number)

    def __len__(self) -> int:
        return len(self._queue)


def _cancels(frame: Frame) -> int | str | None:
    if isinstance(frame, dict) and frame.get("method") == "$/cancelRequest" and isinstance(frame.get("params"), dict):
        number = frame["params"].get("id")
        if isinstance(number, (int, str)):
            return number
    return None


def start_reading(read: Callable[[int], bytes], inbox: Inbox) -> threading.Thread:
    """Start the thread that reads until the end of input. It is a daemon: a blocked read ends with the process."""

    def run() -> None:
        frames = FrameReader()
        while True:
            try:
                chunk = read(_CHUNK)
            except OSError as error:
                _log.warning("Cannot read from the client any more: %s", error)
                chunk = b""
            if not chunk:
                inbox.put(EndOfInput())
                return
            for frame in frames.feed(chunk):
                inbox.put(frame)

    thread = threading.Thread(target=run, name="pipesense-reader", daemon=True)
    thread.start()
    return thread
