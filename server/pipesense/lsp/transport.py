"""Bytes in and out: standard streams or a local socket, and the writer."""

from __future__ import annotations

import logging
import os
import socket
import stat
from collections.abc import Callable
from dataclasses import dataclass

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Channel:
    """Two ends: ``read(n)`` waits and gives at most n bytes, b"" at the end; ``write`` says how many it took.

    Where ``descriptors`` (source, sink) are there, an event loop can watch them, and ``write`` raises
    BlockingIOError instead of waiting.
    """

    read: Callable[[int], bytes]
    write: Callable[[memoryview], int]
    descriptors: tuple[int, int] | None = None


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
    can_watch = _can_watch(source, sink)
    if can_watch:
        os.set_blocking(sink, False)
    return Channel(
        lambda size: os.read(source, size), lambda data: os.write(sink, data), (source, sink) if can_watch else None
    )


def _make_plain(stream: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.setmode(stream, os.O_BINARY)  # type: ignore[attr-defined]
    else:
        os.set_blocking(stream, True)


def _can_watch(source: int, sink: int) -> bool:
    """Whether both are pipes or sockets, and making the sink impatient makes nothing else so.

    A terminal or a standard error that goes to the same place would share the setting.
    """
    if os.name == "nt":
        return False
    ends = [os.fstat(each) for each in (source, sink)]
    try:
        errors = os.fstat(2)
    except OSError:
        errors = None
    is_shared = errors is not None and os.path.samestat(errors, ends[1])
    return not is_shared and all(stat.S_ISFIFO(end.st_mode) or stat.S_ISSOCK(end.st_mode) for end in ends)


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
    """Writes whole messages at once. When the client is gone it says so once and drops the rest.

    ``wait`` is called when ``write`` could take nothing, until it can.
    """

    def __init__(self, write: Callable[[memoryview], int], wait: Callable[[], None]) -> None:
        self._write = write
        self._wait = wait
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
                rest = rest[self._taken(rest) :]
        except OSError as error:
            self._gone = True
            _log.warning("The client does not read any more: %s", error)

    def _taken(self, data: memoryview) -> int:
        try:
            return self._write(data)
        except BlockingIOError:
            self._wait()
            return 0

    def close(self) -> None:
        """Write nothing any more."""
        self._gone = True
