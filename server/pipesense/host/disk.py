"""Files on disk, read so that whatever is wrong with one of them is one clear sentence."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.engine.files import Unreadable
from pipesense.host.discovery import is_wanted
from pipesense.host.encodings import Encoded, decode
from pipesense.host.ignore import IgnoreFiles
from pipesense.lang.languages import DOCUMENTS, language_of

SIZE_LIMIT: Final = 10_000_000
"""Bytes. Nobody maintains a larger pipeline by hand: it is a dump, and reading it would hold up everything else."""

DOCUMENT_LIMIT: Final = 1_048_576
"""Bytes of a JSON file that a listing gives: neither Step Functions nor CloudFormation takes more."""

_YAML_LIMIT: Final = 10 * SIZE_LIMIT
"""Bytes of a YAML file that a listing gives: one that is too long to be read may still define what others name."""

_REASONS: Final = {
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "there is no such file",
    errno.EACCES: "reading it is not permitted",
    errno.EPERM: "reading it is not permitted",
    errno.EISDIR: "it is a folder",
    errno.ELOOP: "its symbolic links lead in a circle",
    errno.ENAMETOOLONG: "its name is too long",
}


@dataclass(frozen=True, slots=True)
class DiskFile:
    """A file as it was when it was read: its bytes, to see later whether it has changed, and their text."""

    path: str
    data: bytes
    encoded: Encoded

    @property
    def text(self) -> str:
        """The file's characters, line breaks as they stand there, without a byte order mark."""
        return self.encoded.text


def read_bytes(path: str, limit: int = SIZE_LIMIT) -> bytes:
    """The bytes of a regular file.

    Raises:
        Unreadable: there is none, it may not be read, or it has more than ``limit`` bytes.
    """
    try:
        # A pipe without a writer would block for ever, so nothing is opened before its kind is known.
        kind = os.stat(path)
        if stat.S_ISDIR(kind.st_mode):
            raise Unreadable(path, "it is a folder")
        if not stat.S_ISREG(kind.st_mode):
            raise Unreadable(path, "it is no regular file but a device, pipe or socket")
        if kind.st_size > limit:
            raise Unreadable(path, _too_large(kind.st_size, limit))
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except OSError as problem:
        raise Unreadable(path, explain(problem)) from None
    except ValueError:
        raise Unreadable(path, "its name holds a NUL character") from None
    if len(data) > limit:
        raise Unreadable(path, _too_large(len(data), limit))
    return data


def read_file(path: str, limit: int = SIZE_LIMIT) -> DiskFile:
    """A file's bytes and text.

    Raises:
        Unreadable: there is none, it may not be read, it is too large, binary, or in an unknown encoding.
    """
    data = read_bytes(path, limit)
    return DiskFile(path, data, decode(path, data))


def explain(problem: OSError) -> str:
    """What the operating system refused, as a clause."""
    known = _REASONS.get(problem.errno or 0)
    return known or f"the operating system says: {problem.strerror or problem}"


def _too_large(size: int, limit: int) -> str:
    return f"it has {size / 1e6:.1f} MB; files above {limit / 1e6:.0f} MB are not read"


class DiskFiles:
    """The file system as the engine sees it."""

    def __init__(self, limit: int = SIZE_LIMIT) -> None:
        self._limit = limit

    def read(self, path: str) -> str:
        """The text of a file.

        Raises:
            Unreadable: there is none, it may not be read, it is too large, binary, or in an unknown encoding.
        """
        return read_file(path, self._limit).text

    def read_large(self, path: str, limit: int) -> str:
        """The text of a file that a tool wrote; raises Unreadable as ``read`` does."""
        return read_file(path, limit).text

    def stamp(self, path: str) -> tuple[int, int] | None:
        """The size of a regular file and the time of its last change in nanoseconds."""
        try:
            found = os.stat(path)
        except (OSError, ValueError):
            return None
        return (found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None

    def exists(self, path: str) -> bool:
        """Whether there is a regular file of that name."""
        try:
            return stat.S_ISREG(os.stat(path).st_mode)
        except (OSError, ValueError):
            return False

    def hides(self, root: str, path: str) -> bool:
        """Whether a file lies in an environment or an installed package, or version control ignores it."""
        return IgnoreFiles(root.rstrip("/") or "/").hides(path, is_folder=False)

    def listing(self, root: str) -> Iterator[str]:
        """Every file below ``root`` that PipeSense reads, in order of their names.

        What version control ignores is left out, and so are environments and installed packages. Symbolic
        links to folders are not followed, so none can lead in a circle. Folders that may not be read, or
        vanish meanwhile, hold nothing.
        """
        top = root.rstrip("/") or "/"
        ignored = IgnoreFiles(top)
        pending = [top]
        while pending:
            folder = pending.pop()
            below: list[str] = []
            for entry in _entries(folder):
                path = f"{folder.rstrip('/')}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    if not ignored.skips_folder(folder, entry.name):
                        below.append(path)
                elif is_wanted(entry.name) and _is_readable(entry) and not ignored.skips_file(path):
                    yield path
            pending += reversed(below)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _is_readable(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file, and no large document: nobody writes a pipeline of that length, but data is kept so.

    YAML is: generated lists of dbt's properties grow beyond that, and what they define must not be called missing.
    """
    try:
        if language_of(entry.name) not in DOCUMENTS:
            return entry.is_file()
        limit = _YAML_LIMIT if entry.name.endswith((".yml", ".yaml")) else DOCUMENT_LIMIT
        return entry.is_file() and entry.stat().st_size <= limit
    except OSError:
        return False
