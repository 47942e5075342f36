"""Bytes to text and back, so that a file that is written keeps the encoding it had."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final

from pipesense.engine.files import Unreadable

_COOKIE: Final = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
"""https://peps.python.org/pep-0263/: in a comment, on the first or second line."""
_BLANK: Final = re.compile(rb"^[ \t\f]*(?:#.*)?$")
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_UTF8_NAMES: Final = frozenset({"utf-8", "utf_8", "utf8", "u8", "utf-8-sig", "utf_8_sig"})


@dataclass(frozen=True, slots=True)
class Encoded:
    """The text of some bytes, and what is needed to turn another text into bytes of the same kind.

    ``mark`` is the byte order mark; it is no part of the text.
    """

    text: str
    encoding: str
    mark: bytes

    def encode(self, text: str) -> bytes:
        """The bytes of another text for the same file.

        Raises:
            UnicodeEncodeError: the file's encoding has no bytes for a character of the text.
        """
        return self.mark + text.encode(self.encoding)


def decode(path: str, data: bytes) -> Encoded:
    """The text of a file's bytes: by byte order mark, then a Python file's coding comment, then as UTF-8.

    Raises:
        Unreadable: the bytes are no text, or text in an encoding that the file does not declare.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return Encoded(_strictly(path, data[len(mark) :], encoding), encoding, mark)
    if b"\0" in data:
        raise Unreadable(path, "it is a binary file (it holds a NUL byte)")
    declared = _declared(data) if path.endswith((".py", ".pyi")) else None
    if declared is not None and declared.lower() not in _UTF8_NAMES:
        return Encoded(_strictly(path, data, declared), declared, b"")
    return Encoded(_strictly(path, data, "utf-8"), "utf-8", b"")


def _declared(data: bytes) -> str | None:
    """The encoding that a Python file's first two lines declare."""
    for line in data[:1000].splitlines()[:2]:
        found = _COOKIE.match(line)
        if found:
            return found.group(1).decode("ascii", "replace")
        if not _BLANK.match(line):
            return None
    return None


def _strictly(path: str, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except LookupError:
        raise Unreadable(path, f"its coding comment names {encoding!r}, which is no text encoding") from None
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        reason = f"it is not {encoding.upper()} text (byte 0x{data[wrong.start]:02x} in line {line})"
        hint = ", perhaps Latin-1 or Windows-1252; save it as UTF-8" if encoding == "utf-8" else ""
        raise Unreadable(path, reason + hint) from None
    except UnicodeError:
        raise Unreadable(path, f"it is not {encoding.upper()} text") from None
