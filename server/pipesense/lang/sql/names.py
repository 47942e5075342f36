"""Who is meant by each name of a statement: CTEs, aliases, the columns that queries make, and tables.

Two occurrences are the same symbol when renaming one means renaming the other. A column that a query only passes on
(``SELECT id FROM paid``) is one symbol with the column it comes from; where a star or an unknown source stands between,
what cannot be told is left out rather than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from pipesense.model.sql import Block, Clause, ColumnUse, Cte, Expr, Output, Role, Source, StatementFacts
from pipesense.text.regex import regex
from pipesense.text.span import Span


class NameKind(Enum):
    """What a name names."""

    CTE = "common table expression"
    ALIAS = "alias"
    COLUMN = "column"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Symbol:
    """``place`` tells symbols of one name apart: where the CTE, the alias or the query stands; -1 for a table.

    ``name`` of a table is its whole name; that of a column is folded. A column with ``place`` -1 comes from outside of
    the statement or from nobody knows where.
    """

    kind: NameKind
    name: str
    place: int


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A symbol where it is written; ``span`` covers the name alone, its quotes included."""

    symbol: Symbol
    span: Span
    defines: bool
    source: tuple[str, ...] = ()
    """For a column of a table: the table's name. A defining one with a source passes the table's column on under its
    own name, so the name is not the statement's to change."""


_PART: Final = regex(r'"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|[^\s.,()]+')
_NAME: Final = r'(?:"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|\w+)'
OWN_RESULT: Final = frozenset({Clause.GROUP, Clause.ORDER, Clause.HAVING, Clause.QUALIFY})

_APART: Final = frozenset({Role.STATEMENT, Role.CTE, Role.FROM})
"""Queries that see no names of the query around them."""

Node = tuple[int, str]
"""A column that a query makes: where its SELECT starts, and the folded name."""


Bind = Callable[[ColumnUse], Source | None]
"""The source of a column without a qualifier, where the query reads several; None where nobody can tell."""


def occurrences(facts: StatementFacts, text: str, bind: Bind | None = None) -> tuple[Occurrence, ...]:
    """Every name of the statement whose symbol is known, in order of the text; ``text`` is its whole unit."""
    reading = _Reading(facts, text, bind)
    found = [*reading.ctes(), *reading.sources(), *reading.columns()]
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.span, each.defines)))


@dataclass(frozen=True, slots=True)
class Reach:
    """The queries in which a column's name means something, by where they start.

    ``made`` give it, ``read`` read from one that does or stand inside such a query and see its names. ``open``: a place
    in these may mean it, or a column of another table.
    """

    made: frozenset[int]
    read: frozenset[int]
    open: bool


def reach(facts: StatementFacts, text: str, symbol: Symbol, bind: Bind | None = None) -> Reach:
    """Where a column that the statement makes can be meant."""
    reading = _Reading(facts, text, bind)
    for _ in reading.columns():
        pass
    return reading.reach(symbol)


def at(found: Iterable[Occurrence], offset: int) -> Occurrence | None:
    """The occurrence at an offset; the cursor behind a name's last character still means it."""
    return next((each for each in found if each.span.start <= offset <= each.span.end), None)


def fold(name: str) -> str:
    """A name without its quotes and in one case, for comparing."""
    return name.strip('"`[]').casefold()


def parts_of(text: str, span: Span, count: int) -> list[Span] | None:
    """The ranges of the parts of a dotted name; None where they cannot be told apart: one pair of quotes around all."""
    found = [Span(*match.span()) for match in _PART.finditer(text, span.start, span.end)]
    return found if len(found) == count else None


@dataclass(slots=True)
class _Reading:
    facts: StatementFacts
    text: str
    bind: Bind | None = None
    _blocks: dict[int, Block] = field(default_factory=dict)
    _parents: dict[Node, Node] = field(default_factory=dict)
    _every_cte: list[Cte] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._blocks = {block.keyword.start: block for block in self.facts.blocks}
        self._every_cte = [cte for block in self.facts.blocks for cte in block.ctes]
        if self.facts.write is not None:
            self._every_cte += self.facts.write.ctes

    # --- CTEs, aliases and tables ----------------------------------------------------------------

    def ctes(self) -> Iterator[Occurrence]:
        for cte in self._every_cte:
            yield Occurrence(_cte_symbol(cte), cte.name_span, True)

    def sources(self) -> Iterator[Occurrence]:
        for owner, source in self._all_sources():
            yield from self._source(owner, source)
        write = self.facts.write
        if write is not None and write.target and not write.opaque:
            yield from self._table(write.target, write.target_span, False)
        if self.facts.table is not None:
            yield from self._table(self.facts.table.parts, self.facts.table.name_span, True)

    def _source(self, owner: int, source: Source) -> Iterator[Occurrence]:
        if source.name_span is not None and not source.opaque:
            if source.kind == "cte":
                cte = self._cte_of(source)
                if cte is not None:
                    yield Occurrence(_cte_symbol(cte), source.name_span, False)
            elif source.kind == "table":
                yield from self._table(source.parts, source.name_span, False)
        alias = self._alias(source)
        if alias is not None:
            yield Occurrence(Symbol(NameKind.ALIAS, fold(source.alias), owner), alias, True)

    def _table(self, parts: tuple[str, ...], span: Span, defines: bool) -> Iterator[Occurrence]:
        places = parts_of(self.text, span, len(parts))
        place = places[-1] if places else span
        yield Occurrence(Symbol(NameKind.TABLE, ".".join(parts), -1), place, defines)

    def _all_sources(self) -> Iterator[tuple[int, Source]]:
        for block in self.facts.blocks:
            for source in block.every_source:
                yield block.keyword.start, source
        write = self.facts.write
        if write is not None:
            joined = (join.source for join in write.joins)
            merged = (write.merge.source,) if write.merge is not None else ()
            for source in (*write.sources, *joined, *merged):
                yield write.keyword.start, source

    def _cte_of(self, source: Source) -> Cte | None:
        same = [cte for cte in self._every_cte if fold(cte.name) == fold(source.parts[-1])]
        exact = [cte for cte in same if cte.block is not None and cte.block is source.block]
        if exact:
            return exact[0]
        return same[0] if len(same) == 1 else None

    def _alias(self, source: Source) -> Span | None:
        """The range of a written alias."""
        start = source.name_span.end if source.name_span is not None else source.span.start
        if source.kind in ("cte", "table") and source.name_span is None:
            return None
        name = re.escape(source.alias.strip('"`[]'))
        if not name:
            return None
        found = [
            match
            for match in re.finditer(_NAME, self.text[start : source.span.end])
            if fold(match[0]) == fold(source.alias)
        ]
        if not found:
            return None
        last = found[0] if source.kind in ("cte", "table") else found[-1]
        return Span(*last.span()).shift(start)

    # --- columns ---------------------------------------------------------------------------------

    def columns(self) -> Iterator[Occurrence]:
        for block in self.facts.blocks:
            self._join_passed_on(block)
            self._join_using(block)
        for block in self.facts.blocks:
            for output in block.outputs:
                if output.name not in ("", "*"):
                    yield from self._output(block, output)
        for use in self.facts.columns:
            yield from self._use(use)
        yield from self._using()

    def _output(self, block: Block, output: Output) -> Iterator[Occurrence]:
        symbol = self._column((block.keyword.start, fold(output.name)))
        if output.name_span is not None:
            yield Occurrence(symbol, output.name_span, True)
        elif output.expr.op == "column" and symbol.place == block.keyword.start:
            spans = parts_of(self.text, output.expr.span, len(output.expr.path))
            use = self._use_at(output.expr)
            source = self._source_of(use) if use is not None else None
            if spans is not None:
                yield Occurrence(symbol, spans[-1], True, source.parts if source is not None else ("",))

    def _use(self, use: ColumnUse) -> Iterator[Occurrence]:
        spans = parts_of(self.text, use.span, len(use.path))
        if spans is None:
            return
        if use.source is None and (node := self._own_result(use)) is not None:
            yield Occurrence(self._column(node), spans[0], False)
            return
        source = self._source_of(use)
        if source is None:
            return
        qualified = use.source is not None and len(use.path) > 1 and fold(use.path[0]) == fold(use.source)
        if qualified:
            yield from self._qualifier(use, source, spans[0])
        name, place = (use.path[1], spans[1]) if qualified else (use.path[0], spans[0])
        node = self._made_by(source, fold(name))
        if node is not None:
            yield Occurrence(self._column(node), place, False)
        elif source.kind == "table" and not source.opaque:
            yield Occurrence(Symbol(NameKind.COLUMN, fold(name), -1), place, False, source.parts)

    def _qualifier(self, use: ColumnUse, source: Source, span: Span) -> Iterator[Occurrence]:
        if self._alias(source) is not None:
            yield Occurrence(Symbol(NameKind.ALIAS, fold(source.alias), use.owner), span, False)
        elif source.kind == "cte":
            cte = self._cte_of(source)
            if cte is not None:
                yield Occurrence(_cte_symbol(cte), span, False)
        elif source.kind == "table":
            yield Occurrence(Symbol(NameKind.TABLE, ".".join(source.parts), -1), span, False)

    def _using(self) -> Iterator[Occurrence]:
        """A column of USING belongs to both sides; a side that is no query here keeps the name as it is."""
        for block in self.facts.blocks:
            left = list(block.sources)
            for join in block.joins:
                for name in join.using:
                    right = self._made_by(join.source, fold(name))
                    match = re.search(rf"\bUSING\b[^)]*?({re.escape(name)})\b", join.span.of(self.text), re.IGNORECASE)
                    if right is not None and match is not None:
                        fixed = ("using",) if any(self._made_by(each, "") is None for each in left) else ()
                        place = Span(*match.span(1)).shift(join.span.start)
                        yield Occurrence(self._column(right), place, bool(fixed), fixed)
                left.append(join.source)

    def _join_using(self, block: Block) -> None:
        left = list(block.sources)
        for join in block.joins:
            for name in join.using:
                right = self._made_by(join.source, fold(name))
                for each in left if right is not None else ():
                    other = self._made_by(each, fold(name))
                    inner = self._blocks.get(other[0]) if other is not None else None
                    if other is None or right is None or inner is None:
                        continue
                    if any(fold(output.name) == fold(name) for output in inner.outputs):
                        self._unite(right, other)
            left.append(join.source)

    def _source_of(self, use: ColumnUse) -> Source | None:
        """The source of a column, by its qualifier or by what is known of the sources' columns."""
        if use.source is not None:
            return self._bound(use)
        return self.bind(use) if self.bind is not None and len(use.path) == 1 else None

    def _bound(self, use: ColumnUse) -> Source | None:
        """The source that a column is bound to."""
        owner = self._blocks.get(use.owner)
        found: Iterable[Source]
        if owner is not None:
            found = owner.every_source
        else:
            found = (source for place, source in self._all_sources() if place == use.owner)
        return next(
            (source for source in found if use.source is not None and fold(source.alias) == fold(use.source)), None
        )

    def _own_result(self, use: ColumnUse) -> Node | None:
        """ORDER BY and its like may name what the query itself makes."""
        block = self._blocks.get(use.inside)
        if block is None or use.clause not in OWN_RESULT or len(use.path) != 1:
            return None
        name = fold(use.path[0])
        return (use.inside, name) if any(fold(output.name) == name for output in block.outputs) else None

    def _made_by(self, source: Source, name: str) -> Node | None:
        """The column of a query that a source's column is; None for tables, and where the source names them anew."""
        if source.kind not in ("cte", "subquery") or source.block is None or source.columns or source.reshaped:
            return None
        cte = self._cte_of(source) if source.kind == "cte" else None
        if cte is not None and cte.columns:
            return None
        return source.block.keyword.start, name

    def _join_passed_on(self, block: Block) -> None:
        """What a query passes on under the same name is one symbol with where it comes from."""
        own = block.keyword.start
        for output in block.outputs:
            if output.star is not None or output.name == "*":
                self._star(block, output.expr)
            elif not output.aliased and output.expr.op == "column":
                use = self._use_at(output.expr)
                source = self._source_of(use) if use is not None else None
                target = self._made_by(source, fold(output.name)) if source is not None else None
                if target is not None:
                    self._unite((own, fold(output.name)), target)

    def _star(self, block: Block, star: Expr) -> None:
        """``SELECT *`` from one query makes that query's columns; with several sources nobody can tell whose."""
        sources = block.every_source
        if star.path:
            sources = tuple(each for each in sources if fold(each.alias) == fold(star.path[-1]))
        if len(sources) != 1:
            return
        below = self._made_by(sources[0], "")
        inner = self._blocks.get(below[0]) if below is not None else None
        for output in inner.outputs if inner is not None else ():
            if output.name not in ("", "*"):
                name = fold(output.name)
                self._unite((block.keyword.start, name), (inner.keyword.start if inner is not None else -1, name))

    def _use_at(self, expr: Expr) -> ColumnUse | None:
        return next((use for use in self.facts.columns if use.span == expr.span), None)

    def _unite(self, one: Node, other: Node) -> None:
        one, other = self._root(one), self._root(other)
        if one != other:
            self._parents[one] = other

    def _root(self, node: Node) -> Node:
        while node in self._parents:
            node = self._parents[node]
        return node

    def reach(self, symbol: Symbol) -> Reach:
        """Where a column of the statement can be meant; its columns are known by then."""
        made = frozenset(start for start in self._blocks if self._column((start, symbol.name)) == symbol)
        read = {
            owner
            for owner, source in self._all_sources()
            if source.block is not None and source.block.keyword.start in made
        }
        around = [self._blocks[start].span for start in read if start in self._blocks]
        for start, block in self._blocks.items():
            if block.role not in _APART and any(s.start < block.span.start and block.span.end <= s.end for s in around):
                read.add(start)
        unclear = any(
            use.inside in read
            and use.source is None
            and fold(use.path[0]) == symbol.name
            and self._own_result(use) is None
            and self._source_of(use) is None
            for use in self.facts.columns
        )
        return Reach(made, frozenset(read), unclear)

    def _column(self, node: Node) -> Symbol:
        place, name = self._root(node)
        return Symbol(NameKind.COLUMN, name, place)


def _cte_symbol(cte: Cte) -> Symbol:
    return Symbol(NameKind.CTE, fold(cte.name), cte.name_span.start)
