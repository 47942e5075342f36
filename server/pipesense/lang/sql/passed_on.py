"""Columns that a statement passes on as they are: which table's column a name means, through CTEs and stars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias, Union

from pipesense.lang.sql.bind import Binder
from pipesense.model.columns import Found
from pipesense.model.sql import Block, ColumnUse, Expr, Output, Role, Source

_DEEPEST: Final = 60
_APART: Final = frozenset({Role.STATEMENT, Role.CTE, Role.FROM})
"""Queries that see no names but those of their own tables."""


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A column comes from a table by this name."""

    source: Source
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """An item of a SELECT list makes a column, or gives it the name that it has from there on."""

    block: Block
    item: int

    def is_same(self, other: Passed | None) -> bool:
        """Whether the other is that very item."""
        return isinstance(other, Made) and other.block is self.block and other.item == self.item


Passed: TypeAlias = Union[Taken, Made]  # noqa: UP007  (a name for a union needs Union before 3.12)


def origin(binder: Binder, use: ColumnUse) -> Passed | None:
    """What a name in a statement means in the end; None where that cannot be told."""
    return _of_use(binder, use, 0)


def origin_of_output(binder: Binder, block: Block, name: str) -> Passed | None:
    """The same of a column that a SELECT gives."""
    return _of_block(binder, block, name, 0)


def items(binder: Binder, block: Block, name: str) -> Iterator[int]:
    """The items of a SELECT list that give a column of that name; what a star over the unknown gives counts."""
    columns = binder.outputs(block)
    found = columns.find(name)
    if found is not None and found.item >= 0:
        yield found.item
    elif found is None and columns.opened is not None:
        yield from (at for at, output in enumerate(block.outputs) if output.expr.op == "star")


def starred(block: Block, output: Output) -> Iterator[Source]:
    """The sources that a star of a SELECT is over."""
    path = output.expr.path
    for source in block.every_source:
        if not path or (source.alias or (source.parts[-1] if source.parts else "")).casefold() == path[-1].casefold():
            yield source


def _of_use(binder: Binder, use: ColumnUse, depth: int) -> Passed | None:
    bound = binder.bind(use)
    if not isinstance(bound, Found):
        source = _likely(binder, use)
    elif bound.source is not None:
        source = bound.source
    else:
        return next(
            (
                Made(block, at)
                for block in binder.facts.blocks
                for at, output in enumerate(block.outputs)
                if bound.alias is not None and output.name_span == bound.alias
            ),
            None,
        )
    if source is None or _may_be_alias(binder, use, source):
        return None
    return _of_source(binder, source, use.path[-1], depth)


def _may_be_alias(binder: Binder, use: ColumnUse, source: Source) -> bool:
    """Whether an item of the same list may be meant by its alias, as far as the source's columns are known."""
    inside = next((each for each in binder.facts.blocks if each.keyword.start == use.inside), None)
    if len(use.path) > 1 or inside is None or binder.columns_of(source).find(use.path[0]) is not None:
        return False
    name = use.path[0].casefold()
    return any(
        output.aliased and output.name.casefold() == name and not output.span.contains(use.span.start)
        for output in inside.outputs
    )


def _of_source(binder: Binder, source: Source, name: str, depth: int) -> Passed | None:
    if source.columns or source.reshaped or depth > _DEEPEST:
        return None
    if source.kind == "table":
        return Taken(source, name)
    return _of_block(binder, source.block, name, depth) if source.block is not None else None


def _of_block(binder: Binder, block: Block, name: str, depth: int) -> Passed | None:
    found: list[Passed] = []
    for item in items(binder, block, name):
        output = block.outputs[item]
        if output.expr.op == "star":
            for each in starred(block, output):
                columns = binder.columns_of(each)
                if columns.find(name) is not None or columns.opened is not None:
                    below = _of_source(binder, each, name, depth + 1)
                    found += [below] if below is not None else []
        elif output.expr.op == "column" and not output.aliased:
            inner = _use_at(binder, output.expr)
            below = _of_use(binder, inner, depth + 1) if inner is not None else None
            found += [below] if below is not None else []
        else:
            found.append(Made(block, item))
    return found[0] if len(found) == 1 else None


def _use_at(binder: Binder, expr: Expr) -> ColumnUse | None:
    return next((use for use in binder.facts.columns if use.span == expr.span), None)


def _likely(binder: Binder, use: ColumnUse) -> Source | None:
    """The table of a name where not all columns are known: the one it is qualified with, or the only one there is."""
    if use.source:
        owner = next((each for each in binder.facts.blocks if each.keyword.start == use.owner), None)
        found = owner.every_source if owner is not None else ()
        return next((each for each in found if each.alias == use.source), None)
    inside = next((each for each in binder.facts.blocks if each.keyword.start == use.inside), None)
    if inside is None or inside.role not in _APART or len(inside.every_source) != 1 or len(use.path) != 1:
        return None
    only = inside.every_source[0]
    return only if binder.columns_of(only).opened is not None else None
