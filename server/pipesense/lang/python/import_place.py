"""Where a new import belongs among those at the top of a file: in its group, in the order that the file keeps.

Groups are those of import sorters (https://pycqa.github.io/isort/docs/configuration/options.html#sections, 5.13).
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from pipesense.lang.python.syntax import parsed_of
from pipesense.text.regex import regex

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module

_BLANK_LINE: Final = regex(r"(?:\r\n|\n|\r)[ \t]*(?:\r\n|\n|\r)")


class Group(IntEnum):
    """The groups of imports, in their order."""

    FUTURE = 0
    STANDARD = 1
    PACKAGES = 2
    OWN = 3


@dataclass(frozen=True, slots=True)
class ImportPlace:
    """A new import stands ``before`` or behind ``near``; ``gap`` says that a blank line parts the two."""

    near: ast.stmt
    before: bool = False
    gap: bool = False


@dataclass(frozen=True, slots=True)
class _Import:
    statement: ast.stmt
    source: str
    plain: bool
    group: Group

    @property
    def package(self) -> str:
        return self.source.partition(".")[0]


_ORDERS: Final[tuple[Callable[[_Import], tuple[bool, str]], ...]] = (
    lambda one: (not one.plain, one.source.lower()),
    lambda one: (True, one.source.lower()),
)
"""What sorters write: ``import`` before ``from`` in each group, or both by the module's name."""


def group_of(source: str, module: Module) -> Group:
    """The group of a module that is imported by its absolute name."""
    package = source.partition(".")[0]
    if package == "__future__":
        return Group.FUTURE
    if package in sys.stdlib_module_names:
        return Group.STANDARD
    own = not package or package == (module.name or "").partition(".")[0]
    return Group.OWN if own else Group.PACKAGES


def import_place(module: Module, source: str, *, plain: bool, leaving: ast.stmt | None = None) -> ImportPlace | None:
    """Where an import of ``source`` goes; ``plain``: an ``import``, no ``from``. None without anything at the top.

    ``leaving`` is an import that the same change takes away.
    """
    head, found = _at_top(module)
    found = [one for one in found if one.statement is not leaving]
    if not found:
        return ImportPlace(head, gap=True) if head is not None else None
    blocks = _blocks(found)
    new = _Import(found[0].statement, source, plain, group_of(source, module))
    mates = [one for one in found if one.package == new.package][-1:]
    mates = mates or [one for one in found if one.group is new.group]
    if mates:
        return _in_block(new, next(block for block in blocks if mates[0] in block))
    gap = all(len({one.group for one in block}) == 1 for block in blocks)
    earlier = [one for one in found if one.group < new.group]
    if earlier:
        return ImportPlace(earlier[-1].statement, gap=gap)
    return ImportPlace(found[0].statement, before=True, gap=gap)


def keeps_order(module: Module, statement: ast.ImportFrom, source: str) -> bool:
    """Whether the imports around one stay in the order that they have if it names ``source`` in the same line."""
    _, found = _at_top(module)
    own = next((one for one in found if one.statement is statement), None)
    if own is None:
        return True
    block = next(block for block in _blocks(found) if own in block)
    now = [one for one in block if one.group is own.group]
    then = [replace(one, source=source) if one is own else one for one in now]
    orders = [order for order in _ORDERS if _is_sorted(now, order)]
    return not orders or any(_is_sorted(then, order) for order in orders)


def _is_sorted(block: Sequence[_Import], order: Callable[[_Import], tuple[bool, str]]) -> bool:
    keys = [order(one) for one in block]
    return keys == sorted(keys)


def _in_block(new: _Import, block: Sequence[_Import]) -> ImportPlace:
    """Where the order of a block puts it; behind its package, or its group, where there is none."""
    mates = [one for one in block if one.group is new.group]
    for around in (block, mates):
        for order in _ORDERS:
            if not _is_sorted(around, order):
                continue
            before = [one for one in around if order(one) <= order(new)]
            if before:
                return ImportPlace(before[-1].statement)
            return ImportPlace(around[0].statement, before=True)
    same = [one for one in mates if one.package == new.package]
    return ImportPlace((same or mates)[-1].statement)


def _at_top(module: Module) -> tuple[ast.stmt | None, list[_Import]]:
    """The docstring, and the imports that follow it without anything between them."""
    head: ast.stmt | None = None
    found: list[_Import] = []
    for number, statement in enumerate(module.body):
        if not number and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            head = statement
        elif isinstance(statement, ast.Import):
            source = statement.names[0].name
            found.append(_Import(statement, source, True, group_of(source, module)))
        elif isinstance(statement, ast.ImportFrom):
            source = "" if statement.level else statement.module or ""
            found.append(_Import(statement, source, False, group_of(source, module)))
        else:
            break
    return head, found


def _blocks(found: Sequence[_Import]) -> list[list[_Import]]:
    """The imports between which no line is left blank."""
    blocks = [[found[0]]]
    for one, other in pairwise(found):
        if blank_between(one.statement, other.statement):
            blocks.append([])
        blocks[-1].append(other)
    return blocks


def blank_between(one: ast.stmt, other: ast.stmt) -> bool:
    """Whether a line is left blank between two statements that follow one another."""
    before, behind = parsed_of(one), parsed_of(other)
    end, start = before.span_of(one).end, behind.span_of(other).start
    text = before.text[end:start] if before is behind else before.text[end:] + behind.text[:start]
    return _BLANK_LINE.search(text) is not None
