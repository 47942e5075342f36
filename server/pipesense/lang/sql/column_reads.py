"""Which columns of which tables a statement reads or fills, as far as its own text tells."""

from __future__ import annotations

from pipesense.model.sql import ColumnUse, Source, StatementFacts, Write

Parts = tuple[str, ...]


def column_reads(facts: StatementFacts) -> tuple[tuple[Parts, frozenset[str]], ...]:
    """Tables by their written names with the columns, in lower case, that are surely theirs to who wrote the statement.

    A column counts where its table's alias stands before it, or where the query reads from one table only; so do those
    that INSERT lists and UPDATE sets.
    """
    write = facts.write
    filled = _filled(write) if write is not None else frozenset()
    if not facts.columns and not filled:
        return ()
    sources: dict[tuple[int, str], Source] = {
        (block.keyword.start, source.alias.casefold()): source
        for block in facts.blocks
        for source in block.every_source
    }
    if write is not None:
        joined = (*write.sources, *(join.source for join in write.joins))
        sources.update({(write.keyword.start, source.alias.casefold()): source for source in joined})
    found: dict[Parts, set[str]] = {write.target: set(filled)} if write is not None and filled else {}
    for use in facts.columns:
        source = sources.get((use.owner, use.source.casefold())) if use.source else None
        if source is not None and source.kind == "table" and source.parts and not source.opaque:
            found.setdefault(source.parts, set()).add(_name(use, source).casefold())
    return tuple((parts, frozenset(names)) for parts, names in found.items())


def _filled(write: Write) -> frozenset[str]:
    """What INSERT lists and UPDATE sets, where the table is named and is no alias of one."""
    if write.opaque or not write.target or any(source.name_span == write.target_span for source in write.sources):
        return frozenset()
    named = write.columns if write.verb == "insert" else ()
    return frozenset(name.casefold() for name in (*named, *(name for name, _ in write.assignments)) if "{" not in name)


def _name(use: ColumnUse, source: Source) -> str:
    """The column of a path; what comes behind it is a field."""
    if len(use.path) > 1 and use.path[0].casefold() == source.alias.casefold():
        return use.path[1]
    return use.path[0] if len(use.path) == 1 else use.path[-1]
