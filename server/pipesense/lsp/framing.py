"""From bytes to messages: the header part of the protocol's base layer, tolerant of garbage.

https://microsoft.github.io/language-server-protocol/, 3.17, "Base Protocol".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

MAX_BODY: Final = 128 * 1024 * 1024
"""The largest message body that is read, in bytes."""

_LENGTH: Final = re.compile(rb"content-length:[ \t]*(\d{1,18})[ \t]*\r?\n", re.IGNORECASE)
_HEADERS_END: Final = re.compile(rb"(?:[A-Za-z-]+:[^\r\n]*\r?\n)*\r?\n")
_LONGEST_HEADER: Final = 4096
_TAIL: Final = 64
"""How much of a stretch of garbage is kept, because a header may have begun there."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that are not a message, and why; whoever reads them goes on with what follows."""

    reason: str


Frame = object
"""A parsed JSON body, or Garbage."""


class FrameReader:
    """Cuts a stream of bytes into JSON bodies. After anything it cannot read it looks for the next header."""

    def __init__(self, limit: int = MAX_BODY) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._body: int | None = None
        """How many bytes the body has whose header was read."""
        self._lost = False
        """Garbage was reported since the last good header, once is enough."""

    def feed(self, chunk: bytes) -> list[Frame]:
        """The messages that are complete now."""
        self._buffer += chunk
        found: list[Frame] = []
        while True:
            if self._body is None and not self._header(found):
                return found
            if self._body is None:
                continue
            if len(self._buffer) < self._body:
                return found
            body = bytes(memoryview(self._buffer)[: self._body])
            del self._buffer[: self._body]
            self._body = None
            found.append(self._parsed(body))

    def _header(self, found: list[Frame]) -> bool:
        """Read a header if one is complete; False when more bytes are needed first."""
        buffer = self._buffer
        length = _LENGTH.search(buffer)
        if length is None:
            if len(buffer) > _LONGEST_HEADER:
                self._complain(found, "bytes without a Content-Length header")
                del buffer[:-_TAIL]
            return False
        if not _is_header_block(bytes(buffer[: length.start()])):
            self._complain(found, "bytes in front of a Content-Length header")
        end = _HEADERS_END.match(buffer, length.end())
        if end is None:
            if len(buffer) - length.end() <= _LONGEST_HEADER and b"\n\n" not in buffer[length.end() :]:
                return False
            self._complain(found, "a header block without an end")
            del buffer[: length.end()]
            return True
        size = int(length.group(1))
        del buffer[: end.end()]
        if size > self._limit:
            self._complain(found, f"a message of {size} bytes; the limit is {self._limit}")
            return True
        self._lost = False
        self._body = size
        return True

    def _complain(self, found: list[Frame], reason: str) -> None:
        if not self._lost:
            self._lost = True
            found.append(Garbage(reason))

    def _parsed(self, body: bytes) -> Frame:
        try:
            parsed: object = json.loads(body)
        except RecursionError:
            return Garbage("a message nested too deeply")
        except ValueError as error:
            # A Content-Length that is too large swallows the next message's header; what follows it is good.
            swallowed = _LENGTH.search(body)
            if swallowed is not None:
                self._buffer[:0] = body[swallowed.start() :]
            return Garbage(f"a body that is not JSON ({error})")
        return parsed


def _is_header_block(before: bytes) -> bool:
    """Whether bytes in front of a Content-Length line are nothing but other header lines."""
    return not before.strip() or re.fullmatch(rb"(?:[A-Za-z-]+:[^\r\n]*\r?\n)+", before) is not None
