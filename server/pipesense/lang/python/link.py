"""What a link asks while it computes, and results of earlier links that are still true.

A result may be used again when the units it read are the same objects, every name it looked up is still
mentioned by the same units, all of those still stand in the same order, and every name it read from another file
still has the same digest.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeVar, cast

from pipesense.lang.python.index import FUNCTIONS
from pipesense.lang.python.syntax import HEADERS, Owner, ParsedUnit, parsed_of
from pipesense.text.common import common_end, common_start

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module

T = TypeVar("T")
N = TypeVar("N", bound=ast.AST)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

ReadKey = tuple[str, str, str]
"""("python", module name, name): what a file reads of another one; name "" asks whether the module exists."""


ALL: Final = object()
"""Stands for everything in a file, which every change is near to."""
_FEW: Final = 8
_RESULT: Final = attrgetter("result")
_FOREIGN: Final = 4_000
"""So many names of other files are remembered; what rests on them is forgotten with them."""
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
        if other.everything:
            self.everything = True


@dataclass(slots=True)
class Came:
    """When units came to stand where they do among the others: ``now`` in link number ``link``."""

    link: int = 0
    now: Sequence[ParsedUnit] = ()
    since: dict[ParsedUnit, int] = field(default_factory=dict)

    def take(self, change: Change, module: Module) -> None:
        """A new link begins."""
        self.link += 1
        self.now = change.came
        for unit in change.units:
            if module.order_of(unit) < 0:
                self.since.pop(unit, None)
        self.since.update(dict.fromkeys(change.came, self.link))


class Recording:
    """Lets a recorder see everything that is asked inside a ``with``, as the last one among a file's ``recorders``.

    The one around it learns all of that in the end.
    """

    __slots__ = ("recorder", "recorders")

    def __init__(self, recorders: list[Recorder], recorder: Recorder) -> None:
        self.recorders, self.recorder = recorders, recorder

    def __enter__(self) -> None:
        self.recorders.append(self.recorder)

    def __exit__(self, *_: object) -> None:
        recorders = self.recorders
        recorders.pop()
        if recorders:
            recorders[-1].include(self.recorder)


class _Kept:
    """A result with all it rests on. Holding the nodes keeps their ids from being given away."""

    __slots__ = ("foreign", "link", "members", "names", "near", "nodes", "recorder", "result", "units")

    def __init__(self, module: Module, nodes: Sequence[ast.AST], recorder: Recorder, result: object) -> None:
        self.nodes = tuple(nodes)
        self.units = module.units_of(nodes) if not recorder.everything else tuple(module.units)
        self.members = frozenset(self.units)
        # A statement of which the body is units of its own also rests on those that join it.
        around = map(parsed_of, nodes)
        holders = [
            id(unit) for node, unit in zip(nodes, around, strict=True) if unit.kind in HEADERS and node in unit.body
        ]
        everything = (ALL,) if recorder.everything else ()
        self.near = frozenset((*self.units, *holders, *recorder.names, *everything))
        """What to look for in a change; a header whose children the result rests on is told by its number."""
        self.names = tuple(zip(recorder.names, map(partial(_seen, module), recorder.names), strict=True))
        self.foreign = _foreign_of(module, recorder)
        self.recorder = recorder
        self.result = result
        self.link = 0
        """The last link in which the result was found to hold."""

    def foreign_holds(self, module: Module) -> bool:
        """Whether every name read from another file still means the same."""
        return not self.foreign or all(module.foreign_digest(key) == digest for key, digest in self.foreign)

    def holds(self, module: Module, came: Came, link: int) -> bool:
        """Whether the result, which held in link number ``link``, holds now."""
        units = module.units_of(self.nodes) if not self.recorder.everything else tuple(module.units)
        return (
            units == self.units
            and all(_seen(module, name) == units for name, units in self.names)
            and self._in_order(came, link)
            and self.foreign_holds(module)
        )

    def _in_order(self, came: Came, link: int) -> bool:
        """Whether the units stand in the order in which they stood in link number ``link``."""
        if link != came.link - 1:
            # What is asked on behalf of an earlier link may rest on units that are gone since.
            return all(came.since.get(unit, link + 1) <= link for units in self._units() for unit in units)
        return not any(unit in units for unit in came.now for units in self._units())

    def _units(self) -> Iterator[tuple[ParsedUnit, ...]]:
        yield self.units
        for _, units in self.names:
            if isinstance(units, tuple):
                yield units


class _Answer:
    """An answer about one expression; good for the next link unless something that it rests on changed.

    ``expr`` is None where the answer holds wherever the expression stands: then it rests on no unit, but on names.
    """

    __slots__ = ("expr", "foreign", "recorder", "result", "units")

    def __init__(self, module: Module, expr: ast.expr | None, recorder: Recorder, result: object) -> None:
        self.expr = expr
        self.units: tuple[ParsedUnit, ...] = ()
        if expr is not None:
            unit = parsed_of(expr)
            self.units = (unit, *module.tree.around(unit))
        self.foreign = _foreign_of(module, recorder)
        self.recorder = recorder
        self.result = result

    def holds(self, change: Change) -> bool:
        """Whether nothing of this file that the answer rests on changed since the last link."""
        return not any(unit in change.units for unit in self.units) and self.recorder.names.isdisjoint(change.names)

    def foreign_holds(self, module: Module) -> bool:
        """Whether every name read from another file still means the same."""
        return all(module.foreign_digest(key) == digest for key, digest in self.foreign)


class Change:
    """What became of a file since its last link: units that came, went or moved, and every name they have to do with.

    ``headers`` are those of which a child came, went or moved. ``came`` are the units that did not stand before, or
    not in this order.
    """

    __slots__ = ("came", "headers", "names", "near", "units")

    def __init__(self, before: Module | None, now: Module) -> None:
        old: Sequence[ParsedUnit] = before.units if before is not None else ()
        new = now.units
        first = common_start(old, new)
        same = common_end(old, new, first)
        # What only moved counts too: the order of statements decides what a name means.
        gone, there = old[first : len(old) - same], new[first : len(new) - same]
        self.units = frozenset((*gone, *there))
        stayed, stay = set(gone), set(there)
        in_order = [unit for unit in gone if unit in stay] == [unit for unit in there if unit in stayed]
        self.came = tuple(unit for unit in there if unit not in stayed) if in_order else there
        self.names: set[str] = set()
        self.headers: set[ParsedUnit] = set()
        for unit in self.units:
            for module in (before, now):
                if module is None:
                    continue
                self.names.update(module.tree.mentions(unit))
                # A child belongs to the function or class around it, and a header decides what its children are.
                around = module.tree.around(unit)
                self.headers.update(around)
                for header in around:
                    if header.body and isinstance(header.body[0], (*FUNCTIONS, ast.ClassDef)):
                        self.names.update(header.index.mentions)
                for child in module.tree.inside(unit):
                    self.names.update(module.tree.mentions(child))
                    # What stood in the body of a header that went stands in that of the one above it.
                    self.headers.update(now.tree.around(child))
                    if before is not None:
                        self.headers.update(before.tree.around(child))
        self.near: frozenset[object] = frozenset((ALL, *self.units, *map(id, self.headers), *self.names))
        """All of it in one, for a result to look at: see ``_Kept.near``."""


def _foreign_of(module: Module, recorder: Recorder) -> tuple[tuple[ReadKey, int], ...]:
    return tuple(zip(recorder.foreign, map(module.foreign_digest, recorder.foreign), strict=True))


def _seen(module: Module, name: str) -> object:
    """What a look-up of a name rests on: the units that mention it; for "*" only whether there are any."""
    units = module.table.mentions(name)
    return bool(units) if name == "*" else units


class _Row:
    """Results for one tag about each of many nodes, with who rests on what, so that a link asks only those touched.

    ``reads`` is everything that the results asked of other files.
    """

    __slots__ = ("by_all", "by_name", "by_unit", "kept", "link", "reads")

    def __init__(self) -> None:
        self.kept: dict[int, _Kept] = {}
        self.by_name: dict[str, set[_Kept]] = {}
        self.by_unit: dict[ParsedUnit, set[_Kept]] = {}
        self.by_all: set[_Kept] = set()
        self.reads: frozenset[ReadKey] = frozenset()
        self.link = 0

    def touched(self, change: Change) -> set[_Kept]:
        """The results that rest on something that changed since the last link."""
        found = set(self.by_all)
        for name in self.by_name.keys() & change.names:
            found |= self.by_name[name]
        for unit in self.by_unit.keys() & (change.units | change.headers):
            found |= self.by_unit[unit]
        return found

    def add(self, kept: _Kept) -> None:
        self.kept[id(kept.nodes[0])] = kept
        for name in kept.recorder.names:
            self.by_name.setdefault(name, set()).add(kept)
        if kept.recorder.everything:
            self.by_all.add(kept)
        for unit in kept.members:
            self.by_unit.setdefault(unit, set()).add(kept)

    def remove(self, kept: _Kept) -> None:
        del self.kept[id(kept.nodes[0])]
        for name in kept.recorder.names:
            _take_out(self.by_name, name, kept)
        self.by_all.discard(kept)
        for unit in kept.members:
            _take_out(self.by_unit, unit, kept)


def _take_out(index: dict[K, set[V]], key: K, value: V) -> None:
    index[key].discard(value)
    if not index[key]:
        del index[key]


class LinkMemo:
    """Results of earlier links of one file, held by the engine for as long as the file is loaded.

    ``hits`` and ``misses`` count since the memo was made.
    """

    __slots__ = (
        *("_answered", "_answers", "_foreign", "_foreign_same", "_kept", "_link", "_rows", "_sources", "_used"),
        *("_by_unit", "_came", "change", "hits", "last", "misses", "owner"),
    )

    keeps = True
    """Whether a later link may use the results, so that what they rest on is written down."""

    def __init__(self) -> None:
        self.last: Module | None = None
        self.change: Change | None = None
        self.owner = Owner()
        """Says of all units to which Module they belong: that of the current link."""
        self._came = Came()
        self._kept: dict[Hashable, _Kept] = {}
        self._by_unit: dict[ParsedUnit, set[Hashable]] = {}
        """For each unit the results about its nodes."""
        self._rows: dict[Hashable, _Row] = {}
        self._answers: dict[Hashable, _Answer] = {}
        self._answered: dict[Hashable, _Answer] = {}
        self._foreign: dict[ReadKey, int] = {}
        """What names of other files stood for in the last link that asked."""
        self._sources: dict[str, Module | None] = {}
        """Those files, by their dotted module names: while they are the same, so is what their names stand for."""
        self._foreign_same: bool | None = None
        self._link = 0
        self._used = 0
        self.hits = 0
        self.misses = 0

    def begin(self, module: Module) -> tuple[Module | None, Change | None]:
        """A new link starts: the last one, and what changed since. Results not asked for lately are dropped."""
        before, change = self.last, Change(self.last, module)
        self.last, self.change = module, change
        if len(self._kept) > self._used + self._used // 2 + _SPARE:
            for key in [key for key, kept in self._kept.items() if kept.link != self._link]:
                self._drop(key)
        self._rows = {tag: row for tag, row in self._rows.items() if row.link == self._link}
        if len(self._foreign) > _FOREIGN:
            self._foreign.clear()
            self._sources.clear()
            self._kept.clear()
            self._by_unit.clear()
            self._rows.clear()
            self._answers = {}
        self._link += 1
        self._came.take(change, module)
        self._used = 0
        self._foreign_same = None
        self._answered, self._answers = self._answers, {}
        return before, change

    def get(self, module: Module, tag: Hashable, nodes: Sequence[ast.AST], compute: Callable[[], T]) -> T:
        """The result for ``tag`` and ``nodes``: the earlier one where it still holds."""
        key = (tag, tuple(map(id, nodes)))
        kept = self._kept.get(key)
        if kept is not None and (kept.link == self._link or self._holds(kept, module)):
            if kept.link != self._link:
                self._used += 1
                kept.link = self._link
            self.hits += 1
            module.note_all(kept.recorder)
            return cast("T", kept.result)
        kept = self._kept[key] = self._compute(module, nodes, compute)
        for unit in set(map(parsed_of, nodes)):
            self._by_unit.setdefault(unit, set()).add(key)
        self._used += 1
        return cast("T", kept.result)

    def forget(self, units: Iterable[ParsedUnit]) -> None:
        """Drop what is remembered about nodes of units that are gone for good."""
        for unit in units:
            for key in tuple(self._by_unit.get(unit, ())):
                self._drop(key)

    def _drop(self, key: Hashable) -> None:
        for unit in set(map(parsed_of, self._kept.pop(key).nodes)):
            if unit in self._by_unit:
                _take_out(self._by_unit, unit, key)

    def each(self, module: Module, tag: Hashable, nodes: Sequence[N], compute: Callable[[N], T]) -> list[T]:
        """The results for ``tag`` and each of many nodes by itself, as ``get`` would give them one by one."""
        row = self._rows.get(tag)
        if row is None or row.link != self._link - 1 or self.change is None or not self._foreign_holds(module):
            row = self._rows[tag] = _Row()
        else:
            for kept in row.touched(self.change):
                if not (kept.near.isdisjoint(self.change.near) or kept.holds(module, self._came, row.link)):
                    row.remove(kept)
        known = row.kept
        fresh: list[_Kept] = []
        # Most of hundreds of nodes are known at every key: no loop of Python's goes over all of them.
        ids = tuple(map(id, nodes))
        missing = set(ids).difference(known)
        few = len(missing) < _FEW
        for node in map(nodes.__getitem__, sorted(map(ids.index, missing))) if few else nodes:
            if not few and id(node) not in missing:
                continue
            fresh.append(self._compute(module, [node], partial(compute, node)))
            row.add(fresh[-1])
        if len(known) > len(nodes):
            for key in known.keys() - set(ids):
                row.remove(known[key])
        self.hits += len(nodes) - len(fresh)
        row.link = self._link
        if any(not row.reads.issuperset(each.recorder.foreign) for each in fresh):
            row.reads = frozenset().union(*(each.recorder.foreign for each in known.values()))
        module.reads |= row.reads
        return cast("list[T]", list(map(_RESULT, map(known.__getitem__, ids))))

    def _compute(self, module: Module, nodes: Sequence[ast.AST], compute: Callable[[], object]) -> _Kept:
        self.misses += 1
        recorder = Recorder()
        with module.recording(recorder):
            result = compute()
        kept = _Kept(module, nodes, recorder, result)
        kept.link = self._link
        self._remember(module, kept.foreign)
        return kept

    def _holds(self, kept: _Kept, module: Module) -> bool:
        same = not kept.foreign or self._foreign_holds(module)
        if kept.link == self._link - 1 and self.change is not None and kept.near.isdisjoint(self.change.near):
            return same or kept.foreign_holds(module)
        return kept.holds(module, self._came, kept.link)

    def _foreign_holds(self, module: Module) -> bool:
        """Whether every name that was read from another file means what it meant in the last link.

        Asked before anything of this link that reads of other files is remembered: what a new result read is no
        news about what older ones rest on.
        """
        if self._foreign_same is None:
            sources = module.foreign_modules(self._sources)
            self._foreign_same = sources == self._sources
            if not self._foreign_same:
                now = {key: module.foreign_digest(key) for key in self._foreign}
                self._foreign_same = now == self._foreign
                self._foreign, self._sources = now, sources
        return self._foreign_same

    def answer(self, module: Module, key: Hashable) -> tuple[Recorder, object] | None:
        """What the last link answered, if it still holds."""
        kept = self._answered.get(key)
        if kept is None or self.change is None or not kept.holds(self.change):
            return None
        if kept.foreign and not (self._foreign_holds(module) or kept.foreign_holds(module)):
            return None
        self._answers[key] = kept
        return kept.recorder, kept.result

    def keep_answer(
        self, module: Module, key: Hashable, expr: ast.expr | None, recorder: Recorder, result: object, *, alone: bool
    ) -> None:
        """Remember an answer for the next link, about ``expr`` where it stands; not one that rests on all of the file.

        With ``alone``, not one either that rests on a name of another file.
        """
        if recorder.everything:
            return
        kept = _Answer(module, expr, recorder, result)
        if not alone or not any(digest for _, digest in kept.foreign):
            self._answers[key] = kept
            self._remember(module, kept.foreign)

    def _remember(self, module: Module, foreign: Sequence[tuple[ReadKey, int]]) -> None:
        if foreign:
            self._foreign_holds(module)
            self._foreign.update(foreign)
            for (_, source, _), _ in foreign:
                if source not in self._sources:
                    self._sources[source] = module.foreign_module(source)
