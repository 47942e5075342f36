"""How the units of a file belong together: which stand in the body of which, and the statements they make up."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from itertools import compress
from operator import is_not
from typing import cast

from pipesense.lang.python.index import FUNCTIONS, ORPHAN, Place
from pipesense.lang.python.syntax import ParsedUnit


def inside(function: str, name: str) -> str:
    """The key of a name as far as the code inside a function or class of that name mentions it."""
    return f"{function}\0{name}"


class UnitTree:
    """The units of a file, put together: the statements of children become the bodies of their headers.

    Attributes:
        body: the top-level statements.
        order: the number of every unit in the order of the file.
        orphans: the statements of units whose header cannot be read.
        broken: some unit could not be read.
    """

    def __init__(self, units: Sequence[ParsedUnit], last: UnitTree | None = None) -> None:
        self._units = units
        self.order: dict[ParsedUnit, int] = dict(zip(units, range(len(units)), strict=True))
        self.body: list[ast.stmt] = []
        self.orphans: list[ast.stmt] = []
        self.broken = False
        self._headers: dict[ParsedUnit, ParsedUnit] = {}
        self._children: dict[ParsedUnit, list[ParsedUnit]] = {}
        self._all_inside: dict[ParsedUnit, Sequence[ParsedUnit]] = {}
        if last is None or not self._patch(last):
            self._stitch(units)

    def _patch(self, last: UnitTree) -> bool:
        """Take everything over from the last tree but one leaf that stands in another's place; False if it is more."""
        old, new = _swapped(last._units, self._units)
        if old is None or new is None or last.broken or last.orphans or not _alike(old, new):
            return False
        header = last._headers.get(old)
        siblings = list(last.body) if header is None else cast("ast.With", header.body[0]).body
        # A header's body may have been put together since, for a file that imports this one.
        if (header is None) != (new.kind == "statement") or old.body[0] not in siblings:
            return False
        at = siblings.index(old.body[0])
        siblings[at : at + len(old.body)] = new.body
        self.body = siblings if header is None else list(last.body)
        self._headers, self._children = dict(last._headers), dict(last._children)
        if header is not None:
            del self._headers[old]
            self._headers[new] = header
            self._children[header] = [new if child is old else child for child in last._children[header]]
            new.root.parent = header.inside
        return True

    def _stitch(self, units: Sequence[ParsedUnit]) -> None:
        # The header around the next unit of each level; None where that cannot be read.
        outer: ParsedUnit | None = None
        inner: ParsedUnit | None = None
        body = self.body
        for unit in units:
            if unit.problem is not None:
                self.broken = True
            kind = unit.kind
            if kind == "statement":
                body += unit.body
                outer = inner = None
                continue
            if kind == "header":
                body += unit.body
                outer, inner = unit if unit.inside is not None else None, None
            elif kind == "inner child":
                self._put_into(inner, unit)
            else:
                placed = self._put_into(outer, unit)
                inner = unit if placed and unit.inside is not None else None
            if unit.inside is not None:
                cast("ast.With", unit.body[0]).body = []

    def _put_into(self, header: ParsedUnit | None, unit: ParsedUnit) -> bool:
        if header is None:
            unit.root.parent = Place(unit, None, ORPHAN, None)
            self.orphans += unit.body
            return False
        self._headers[unit] = header
        self._children.setdefault(header, []).append(unit)
        unit.root.parent = header.inside
        cast("ast.With", header.body[0]).body += unit.body
        return True

    def __contains__(self, unit: ParsedUnit) -> bool:
        return unit in self.order

    def is_orphan(self, unit: ParsedUnit) -> bool:
        """Whether the unit belongs into a header that cannot be read."""
        return unit.kind not in ("statement", "header") and unit not in self._headers

    def children(self, unit: ParsedUnit) -> Sequence[ParsedUnit]:
        """The units that make up the body of a header, none for any other."""
        return self._children.get(unit, ())

    def around(self, unit: ParsedUnit) -> tuple[ParsedUnit, ...]:
        """The headers in whose bodies a unit stands, innermost first."""
        header = self._headers.get(unit)
        if header is None:
            return ()
        outer = self._headers.get(header)
        return (header,) if outer is None else (header, outer)

    def inside(self, unit: ParsedUnit) -> Sequence[ParsedUnit]:
        """All units in the body of a header, those of its children too, in order."""
        if unit not in self._children:
            return ()
        known = self._all_inside.get(unit)
        if known is None:
            known = children = self._children[unit]
            if not self._children.keys().isdisjoint(children):
                known = [each for child in children for each in (child, *self._children.get(child, ()))]
            self._all_inside[unit] = known
        return known

    def mentions(self, unit: ParsedUnit) -> Iterable[str]:
        """The names that a unit binds or changes; of the functions in which it stands, also the keys inside those."""
        own = unit.index.mentions
        functions = [
            header.body[0].name
            for header in self.around(unit)
            if header.body and isinstance(header.body[0], (*FUNCTIONS, ast.ClassDef))
        ]
        return (*own, *(inside(function, name) for function in functions for name in own)) if functions else own

    def own_code(self, unit: ParsedUnit) -> list[ParsedUnit]:
        """The units in the body of a header that run when it does: not those of a function that it defines."""
        found: list[ParsedUnit] = []
        for child in self.children(unit):
            found.append(child)
            if child.body and not isinstance(child.body[0], (*FUNCTIONS, ast.ClassDef)):
                found += self.children(child)
        return found


def _swapped(
    before: Sequence[ParsedUnit], now: Sequence[ParsedUnit]
) -> tuple[ParsedUnit, ParsedUnit] | tuple[None, None]:
    """The one unit that is another one now, and that other one; nothing where anything else is different."""
    if len(before) != len(now):
        return None, None
    different = list(compress(zip(before, now, strict=True), map(is_not, before, now)))
    return different[0] if len(different) == 1 else (None, None)


def _alike(old: ParsedUnit, new: ParsedUnit) -> bool:
    """Whether both are leaves that can be read, of one kind, with something in them."""
    both = (old, new)
    return old.kind == new.kind and all(each.inside is None and each.problem is None and each.body for each in both)
