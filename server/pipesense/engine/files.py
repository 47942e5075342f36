"""How the engine sees the file system: a protocol that the host implements. The engine itself does no IO."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Unreadable(Exception):
    """A file cannot be analysed; ``reason`` is a clause for people ("it is not UTF-8 text")."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class FileAccess(Protocol):
    """What the engine asks of the file system. Paths are absolute, with ``/`` between parts."""

    def read(self, path: str) -> str:
        """The text of a file.

        Raises:
            Unreadable: there is no such file, or it is too large, binary, or in an unknown encoding.
        """

    def read_large(self, path: str, limit: int) -> str:
        """The text of a file that a tool wrote, up to ``limit`` bytes.

        Raises:
            Unreadable: as ``read``.
        """

    def stamp(self, path: str) -> tuple[int, int] | None:
        """The size of a file and the time of its last change, both growing numbers; None where there is none."""

    def exists(self, path: str) -> bool:
        """Whether there is a file of that name."""

    def listing(self, root: str) -> Iterable[str]:
        """Every file below a folder that PipeSense reads, files ignored by version control left out."""

    def hides(self, root: str, path: str) -> bool:
        """Whether ``listing`` leaves a file below ``root`` out though it is one that PipeSense reads."""
