"""Linking a file that nobody has open: what is worked out serves this link alone, and nothing is remembered.

To remember a result means to write down all that it rests on, which takes as long again as reading a statement. A file
on disk is read again as a whole when it changes, so nobody would ask for it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from pipesense.lang.python.link import Change, LinkMemo, Recorder
from pipesense.lang.python.syntax import ParsedUnit

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module

T = TypeVar("T")
N = TypeVar("N", bound=ast.AST)


class OneLink(LinkMemo):
    """Gives each result once in one link, and is of no use to the next one."""

    __slots__ = ("_done",)

    keeps = False

    def __init__(self) -> None:
        super().__init__()
        self._done: dict[Hashable, object] = {}

    def begin(self, module: Module) -> tuple[Module | None, Change | None]:
        """The only link starts."""
        self.last = module
        return None, None

    def get(self, module: Module, tag: Hashable, nodes: Sequence[ast.AST], compute: Callable[[], T]) -> T:
        """The result for ``tag`` and ``nodes``."""
        key = (tag, *map(id, nodes))
        if key in self._done:
            self.hits += 1
            return cast("T", self._done[key])
        self.misses += 1
        found = self._done[key] = compute()
        return found

    def each(self, module: Module, tag: Hashable, nodes: Sequence[N], compute: Callable[[N], T]) -> list[T]:
        """The results for ``tag`` and each of many nodes."""
        self.misses += len(nodes)
        return list(map(compute, nodes))

    def forget(self, units: Iterable[ParsedUnit]) -> None:
        """Nothing is remembered."""

    def answer(self, module: Module, key: Hashable) -> tuple[Recorder, object] | None:
        """Nothing was answered before."""
        return None

    def keep_answer(
        self, module: Module, key: Hashable, expr: ast.expr | None, recorder: Recorder, result: object, *, alone: bool
    ) -> None:
        """There is no next link."""
