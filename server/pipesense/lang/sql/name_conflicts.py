"""Whether a column can get a new name: nothing may mean something else by it afterwards, and no place be left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pipesense.lang.sql.names import OWN_RESULT, Occurrence, Reach, Symbol, fold
from pipesense.model.sql import Block, ColumnUse, StatementFacts
from pipesense.text.span import Span


def is_taken(facts: StatementFacts, every: Collection[Occurrence], symbol: Symbol, where: Reach, name: str) -> bool:
    """Whether a query that makes or reads the column would have two columns of the new name, folded."""
    blocks = {block.keyword.start: block for block in facts.blocks}
    own = [each.span for each in every if each.symbol == symbol]
    for start in where.made:
        outputs = blocks[start].outputs if start in blocks else ()
        if any(fold(output.name) == name for output in outputs):
            return True
    bare = {
        use.inside
        for use in facts.columns
        if len(use.path) == 1 and _is_one(use.span, own) and not _is_result(use, symbol.name, blocks)
    }
    if any(name in map(fold, join.using) for start in where.read & blocks.keys() for join in blocks[start].joins):
        return True
    for use in facts.columns:
        if use.inside not in where.made | where.read or _is_one(use.span, own):
            continue
        if _clashes(use, name, where, blocks, alone=use.inside not in bare):
            return True
    return any(name in _given_beside(blocks[start], where) for start in bare & blocks.keys())


def _is_one(span: Span, own: Collection[Span]) -> bool:
    return any(span.start <= each.start and each.end <= span.end for each in own)


def _clashes(use: ColumnUse, name: str, where: Reach, blocks: dict[int, Block], *, alone: bool) -> bool:
    """Whether a column that is another one could not be told from the renamed one any more.

    ``alone``: the query writes the renamed one with a qualifier wherever it does.
    """
    block = blocks.get(use.inside)
    if len(use.path) == 1 and fold(use.path[0]) == name:
        if use.inside not in where.read:
            return use.clause in OWN_RESULT
        return not _is_result(use, name, blocks)
    if use.inside not in where.read or len(use.path) < 2 or fold(use.path[1]) != name or block is None:
        return False
    source = next((each for each in block.every_source if fold(each.alias) == fold(use.path[0])), None)
    return not alone or (source is not None and source.block is not None and source.block.keyword.start in where.made)


def _is_result(use: ColumnUse, name: str, blocks: dict[int, Block]) -> bool:
    """Whether a name in ORDER BY and its like means what the query itself gives."""
    block = blocks.get(use.inside)
    return use.clause in OWN_RESULT and block is not None and any(fold(each.name) == name for each in block.outputs)


def _given_beside(block: Block, where: Reach) -> Iterator[str]:
    """The names of what a query reads beside the column: from other queries, and by a qualifier."""
    for source in block.every_source:
        if source.block is not None and source.block.keyword.start not in where.made:
            yield from (fold(output.name) for output in source.block.outputs)
