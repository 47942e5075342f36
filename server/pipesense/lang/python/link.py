"""What a link asks while it computes, and results of earlier links that are still true.

A result may be used again when the units it read are the same objects, every name it looked up is still
mentioned by the same units, and every name it read from another file still has the same digest.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar, cast

from pipesense.lang.python.syntax import parsed_of

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module

T = TypeVar("T")

ReadKey = tuple[str, str, str]
"""("python", module name, name): what a file reads of another one; name "" asks whether the module exists."""


_SPARE: Final = 100
"""Results kept beyond those in use: parts of a result that was itself reused are not asked for in that link."""


class Recorder:
    """Everything one computation asked."""

    __slots__ = ("everything", "foreign", "names")

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.foreign: set[ReadKey] = set()
        self.everything = False

    def include(self, other: Recorder) -> None:
        """Take over what another computation asked."""
        self.names |= other.names
        self.foreign |= other.foreign
        self.everything = self.everything or other.everything


class _Kept:
    """A result with all it rests on. Holding the nodes keeps their ids from being given away."""

    __slots__ = ("foreign", "link", "members", "names", "nodes", "recorder", "result", "units")

    def __init__(self, module: Module, nodes: Sequence[ast.AST], recorder: Recorder, result: object) -> None:
        self.nodes = tuple(nodes)
        self.units = module.units_of(nodes) if not recorder.everything else tuple(module.units)
        self.members = frozenset(self.units)
        self.names = tuple((name, _seen(module, name)) for name in recorder.names)
        self.foreign = tuple((key, module.foreign_digest(key)) for key in recorder.foreign)
        self.recorder = recorder
        self.result = result
        self.link = 0
        """The last link in which the result was found to hold."""

    def untouched(self, change: _Change) -> bool:
        """Whether nothing of this file that the result rests on is near what changed since the last link."""
        return (
            not self.recorder.everything
            and self.members.isdisjoint(change.units)
            and self.recorder.names.isdisjoint(change.names)
        )

    def foreign_holds(self, module: Module) -> bool:
        """Whether every name read from another file still means the same."""
        return not self.foreign or all(module.foreign_digest(key) == digest for key, digest in self.foreign)

    def holds(self, module: Module) -> bool:
        units = module.units_of(self.nodes) if not self.recorder.everything else tuple(module.units)
        return (
            units == self.units
            and all(_seen(module, name) == units for name, units in self.names)
            and self.foreign_holds(module)
        )


class _Answer:
    """An answer about one expression; good for the next link unless something that it rests on changed."""

    __slots__ = ("expr", "foreign", "recorder", "result", "units")

    def __init__(self, module: Module, expr: ast.expr, recorder: Recorder, result: object) -> None:
        self.expr = expr
        unit = parsed_of(expr)
        self.units = (unit, module.header_of(unit))
        self.foreign = tuple((key, module.foreign_digest(key)) for key in recorder.foreign)
        self.recorder = recorder
        self.result = result

    def holds(self, module: Module, change: _Change) -> bool:
        """Whether nothing that the answer rests on changed since the last link."""
        return (
            self.units[0] not in change.units
            and self.units[1] not in change.units
            and self.recorder.names.isdisjoint(change.names)
            and all(module.foreign_digest(key) == digest for key, digest in self.foreign)
        )


class _Change:
    """What became of a file since its last link: units that came or went, and every name they have to do with."""

    __slots__ = ("names", "units")

    def __init__(self, before: Module | None, now: Module) -> None:
        old = frozenset(before.units) if before is not None else frozenset()
        self.units = old.symmetric_difference(now.units)
        self.names: set[str] = set()
        for unit in self.units:
            self.names.update(unit.index.mentions)
            for module in (before, now):
                # A child speaks for the names of its header too.
                header = module.header_of(unit) if module is not None else None
                if header is not None:
                    self.names.update(header.index.mentions)


def _seen(module: Module, name: str) -> object:
    """What a look-up of a name rests on: the units that mention it; for "*" only whether there are any."""
    units = module.table.mentions(name)
    return bool(units) if name == "*" else units


class LinkMemo:
    """Results of earlier links of one file, held by the engine for as long as the file is loaded.

    ``hits`` and ``misses`` count since the memo was made.
    """

    __slots__ = ("_answered", "_answers", "_change", "_kept", "_last", "_link", "_used", "hits", "misses")

    def __init__(self) -> None:
        self._last: Module | None = None
        self._change: _Change | None = None
        self._kept: dict[Hashable, _Kept] = {}
        self._answers: dict[Hashable, _Answer] = {}
        self._answered: dict[Hashable, _Answer] = {}
        self._link = 0
        self._used = 0
        self.hits = 0
        self.misses = 0

    def begin(self, module: Module) -> None:
        """A new link starts. Results that were not asked for lately are dropped once they are many."""
        self._change = _Change(self._last, module)
        self._last = module
        if len(self._kept) > self._used + self._used // 2 + _SPARE:
            self._kept = {key: kept for key, kept in self._kept.items() if kept.link == self._link}
        self._link += 1
        self._used = 0
        self._answered, self._answers = self._answers, {}

    def get(self, module: Module, tag: Hashable, nodes: Sequence[ast.AST], compute: Callable[[], T]) -> T:
        """The result for ``tag`` and ``nodes``: the earlier one where it still holds."""
        key = (tag, tuple(map(id, nodes)))
        kept = self._kept.get(key)
        if kept is not None and (kept.link == self._link or self._holds(kept, module)):
            self._used += kept.link != self._link
            kept.link = self._link
            self.hits += 1
            module.note_all(kept.recorder)
            return cast("T", kept.result)
        self.misses += 1
        recorder = Recorder()
        with module.recording(recorder):
            result = compute()
        kept = self._kept[key] = _Kept(module, nodes, recorder, result)
        kept.link = self._link
        self._used += 1
        return result

    def _holds(self, kept: _Kept, module: Module) -> bool:
        if kept.link == self._link - 1 and self._change is not None and kept.untouched(self._change):
            return kept.foreign_holds(module)
        return kept.holds(module)

    def answer(self, module: Module, key: Hashable) -> tuple[Recorder, object] | None:
        """What the last link answered, if it still holds."""
        kept = self._answered.get(key)
        if kept is None or self._change is None or not kept.holds(module, self._change):
            return None
        self._answers[key] = kept
        return kept.recorder, kept.result

    def keep_answer(self, module: Module, key: Hashable, expr: ast.expr, recorder: Recorder, result: object) -> None:
        """Remember an answer for the next link; one that rests on all of the file is not."""
        if not recorder.everything:
            self._answers[key] = _Answer(module, expr, recorder, result)
