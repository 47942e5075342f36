"""Writing files so that none is ever seen half written, and no change of somebody else's is lost."""

from __future__ import annotations

import os
import posixpath
import stat
import tempfile
from contextlib import suppress

from pipesense.engine.files import Unreadable
from pipesense.host.disk import DiskFile, explain, read_bytes


class WriteRefused(Exception):
    """A file was left as it is; ``reason`` is a clause for people."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def encoded_for(file: DiskFile, text: str) -> bytes:
    """The bytes that a file will hold with another text, in its own encoding.

    Raises:
        WriteRefused: the encoding has no bytes for a character of the text.
    """
    try:
        return file.encoded.encode(text)
    except UnicodeEncodeError as wrong:
        character = text[wrong.start]
        reason = f"its encoding {file.encoded.encoding} cannot hold the character {character!r}"
        raise WriteRefused(file.path, reason) from None


def check_unchanged(file: DiskFile) -> None:
    """See that a file still holds the bytes that were read.

    Raises:
        WriteRefused: it does not, or it may not be written.
    """
    try:
        same = read_bytes(file.path) == file.data
    except Unreadable as problem:
        raise WriteRefused(file.path, f"it cannot be read any more: {problem.reason}") from None
    if not same:
        raise WriteRefused(file.path, "it changed on disk since it was read; run the command again")
    if not os.access(file.path, os.W_OK):
        raise WriteRefused(file.path, "writing it is not permitted")


def replace_text(file: DiskFile, text: str) -> None:
    """Give a file another text: all of it or nothing. Its mode stays; a symbolic link stays one.

    Raises:
        WriteRefused: the file changed since it was read, or cannot be written.
    """
    data = encoded_for(file, text)
    check_unchanged(file)
    target = os.path.realpath(file.path)
    try:
        temporary = _temporary(target, data, os.stat(target))
        try:
            check_unchanged(file)
            os.replace(temporary, target)
        except BaseException:
            _remove(temporary)
            raise
    except OSError as problem:
        raise WriteRefused(file.path, explain(problem)) from None


def create(path: str, text: str) -> None:
    """Make a new file, with the folders above it.

    Raises:
        WriteRefused: there is a file of that name, or it cannot be written.
    """
    if os.path.lexists(path):
        raise WriteRefused(path, "there is a file of that name already")
    try:
        os.makedirs(posixpath.dirname(path), exist_ok=True)
        temporary = _temporary(path, text.encode("utf-8"), None)
        try:
            os.replace(temporary, path)
        except BaseException:
            _remove(temporary)
            raise
    except OSError as problem:
        raise WriteRefused(path, explain(problem)) from None


def _temporary(target: str, data: bytes, like: os.stat_result | None) -> str:
    """A file beside ``target`` with its future bytes, mode and owner; the same folder, so that a rename moves it."""
    handle, name = tempfile.mkstemp(prefix=f".{os.path.basename(target)[:100]}.", dir=os.path.dirname(target))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, stat.S_IMODE(like.st_mode) if like is not None else 0o666 & ~_umask())
        if like is not None and hasattr(os, "chown"):
            with suppress(PermissionError):
                os.chown(name, like.st_uid, like.st_gid)
    except BaseException:
        _remove(name)
        raise
    return name


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
