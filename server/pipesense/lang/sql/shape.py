"""The shape of a statement's queries: what their columns are made from, without places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipesense.lang.jinja.dbt_utils import WrittenQuery, pivoted, written_query
from pipesense.lang.jinja.references import reference, star_macro
from pipesense.lang.sql.nulls import filled
from pipesense.lang.sql.types import term
from pipesense.model.shape import From, Item, Path, Projection, QueryShape, Term, Union
from pipesense.model.sql import Block, Clause, Expr, Hole, Join, Output, Role, SetOperation, Source, StatementFacts
from pipesense.text.regex import regex
from pipesense.text.span import Span

_HOLE_MARKS: Final = frozenset("{%$")
_SEVERAL: Final = regex(r"(?:columns|cols|fields)\s*\(")
"""How macros are called that write several columns."""
_SPREADING: Final = frozenset(
    {
        "COLUMNS",
        "EXPLODE",
        "EXPLODE_OUTER",
        "POSEXPLODE",
        "POSEXPLODE_OUTER",
        "INLINE",
        "INLINE_OUTER",
        "STACK",
        "JSON_TUPLE",
    }
)
"""Functions whose one call gives several columns
(https://clickhouse.com/docs/sql-reference/statements/select#dynamic-column-selection, DuckDB's star expression,
https://spark.apache.org/docs/3.5.1/sql-ref-functions-builtin.html#generator-functions)."""
_HARMLESS: Final = frozenset({"DISTINCT", "ALL"})
"""What a branch of a template may hold without bringing columns."""
_MOST_USES: Final = 200
_NO_TERM: Final = Term("fixed")


@dataclass(frozen=True, slots=True)
class Shaped:
    """A statement's shape, and which of its SELECTs has which number.

    An UPDATE, DELETE or MERGE has a number of its own behind those of its SELECTs: its sources without outputs.
    """

    shape: QueryShape
    blocks: tuple[Block, ...]
    """By number."""
    numbers: dict[int, int]
    """By where the keyword of the SELECT, UPDATE, DELETE or MERGE starts."""
    sources: tuple[tuple[Source, ...], ...]
    """The sources of each number, in the shape's order."""

    def number(self, block: Block) -> int:
        """The number of one of the statement's SELECTs, -1 for others."""
        return self.numbers.get(block.keyword.start, -1)


def shape_of(facts: StatementFacts) -> Shaped:
    """The shape of all queries of a statement."""
    blocks = tuple(sorted(facts.blocks, key=lambda block: (block.span.end, -block.span.start)))
    numbers = {block.keyword.start: number for number, block in enumerate(blocks)}
    maker = _Maker(facts, blocks, numbers)
    top = root_block(facts)
    root = numbers.get(top.keyword.start, -1) if top is not None else -1
    made = [maker.projection(block) for block in blocks]
    sources = [block.every_source for block in blocks]
    written = maker.statement()
    if written is not None and facts.write is not None:
        numbers[facts.write.keyword.start] = len(made)
        made.append(written[0])
        sources.append(written[1])
    return Shaped(QueryShape(tuple(made), root, facts.dialect), blocks, numbers, tuple(sources))


def root_block(facts: StatementFacts) -> Block | None:
    """The SELECT that the statement is, or takes its rows from; the first one of a set operation."""
    return next((block for block in facts.blocks if block.role is Role.STATEMENT and not block.branch), None)


def reachable(shape: QueryShape) -> QueryShape:
    """The shape without the SELECTs that the root's columns do not depend on."""
    if shape.root < 0:
        return QueryShape((), -1, shape.dialect)
    needed: set[int] = set()
    todo = [shape.root]
    while todo:
        number = todo.pop()
        if number not in needed:
            needed.add(number)
            todo.extend(_read_by(shape.projections[number]))
    order = sorted(needed)
    if len(order) == len(shape.projections):
        return shape
    renamed = {old: new for new, old in enumerate(order)}
    made = tuple(_renumbered(shape.projections[number], renamed) for number in order)
    return QueryShape(made, renamed[shape.root], shape.dialect)


def _read_by(projection: Projection) -> Iterator[int]:
    yield from (source.query for source in projection.sources if source.query >= 0)
    yield from projection.branches
    for item in projection.items:
        yield from item.queries


def _renumbered(projection: Projection, renamed: dict[int, int]) -> Projection:
    def of_term(made: Term) -> Term:
        if made.query < 0 and not made.args:
            return made
        return replace(made, query=renamed.get(made.query, -1), args=tuple(map(of_term, made.args)))

    return replace(
        projection,
        items=tuple(
            replace(
                item,
                term=of_term(item.term),
                queries=tuple(renamed[number] for number in item.queries),
                replaced=tuple((name, of_term(each)) for name, each in item.replaced),
            )
            for item in projection.items
        ),
        sources=tuple(replace(source, query=renamed.get(source.query, -1)) for source in projection.sources),
        branches=tuple(renamed[number] for number in projection.branches),
    )


class _Maker:
    """Makes the projections of one statement."""

    def __init__(self, facts: StatementFacts, blocks: Sequence[Block], numbers: dict[int, int]) -> None:
        self._facts = facts
        self._numbers = numbers
        self._windows = {window.span: window for window in facts.windows}
        self._unions: dict[int, SetOperation] = {}
        for operation in facts.set_operations:
            if operation.left is not None:
                self._unions[operation.left.keyword.start] = operation
        self._distinct = {
            operation.left.keyword.start
            for operation in facts.set_operations
            if operation.left is not None and not operation.distinct
        }
        self._renamed = {cte.block.keyword.start: cte.columns for cte in facts.ctes if cte.block and cte.columns}

    def number_of(self, block: Block) -> int:
        """The number of a SELECT inside an expression."""
        return self._numbers.get(block.keyword.start, -1)

    def projection(self, block: Block) -> Projection:
        """One SELECT."""
        items = tuple(self._item(output) for output in block.outputs)
        at = block.keyword.start
        operation = self._unions.get(at)
        branches = operation.branches[1:] if operation is not None else ()
        known = tuple(number for each in branches if each is not None and (number := self.number_of(each)) >= 0)
        if operation is not None:
            return Projection(
                items=items,
                sources=tuple(self._sources(block)),
                opened=self._why_list_open(block),
                from_opened=self._why_from_open(block),
                branches=known,
                by_name=operation.by_name,
                distinct=at not in self._distinct,
                filled=tuple(dict.fromkeys(filled(block.where))),
            )
        first_of = tuple(self._first_of(block.qualify))
        on = _paths(block.distinct_on) if block.distinct_on else None
        return Projection(
            items=items,
            sources=tuple(self._sources(block)),
            opened=self._why_list_open(block),
            from_opened=self._why_from_open(block),
            distinct=block.distinct and not block.distinct_on,
            one_row=_has_one_row(block),
            grouped=bool(block.group or block.grouping),
            group=_grouping(block),
            ones=tuple(_ones((*block.where, *block.qualify))),
            filled=tuple(dict.fromkeys(filled(block.where))),
            first_of=(*first_of, on) if on is not None else first_of,
        )

    def statement(self) -> tuple[Projection, tuple[Source, ...]] | None:
        """The sources of an UPDATE, DELETE or MERGE, the target first."""
        write = self._facts.write
        if write is None or write.verb not in ("update", "delete", "merge") or not write.target:
            return None
        alias = write.alias or write.target[-1]
        target = Source("table", write.target, alias, write.target_span, opaque=write.opaque)
        listed = [self._source(target, None, False)]
        listed += [self._source(source, None, False) for source in write.sources]
        listed += self._joined(write.joins)
        sources = (target, *write.sources, *(join.source for join in write.joins))
        if write.merge is not None:
            listed.append(self._source(write.merge.source, None, False))
            sources = (*sources, write.merge.source)
        opened = "a template tag may bring further tables" if write.holes & {Clause.FROM, Clause.ON} else ""
        return Projection((), tuple(listed), from_opened=opened), sources

    def _item(self, output: Output) -> Item:
        expr = output.expr
        if expr.op == "column" and not expr.args:
            return Item(output.name, self._term(expr), () if expr.opaque else (expr.path,))
        macro = star_macro(expr.name) if expr.op == "hole" and not output.aliased else None
        if macro is not None:
            affix = (macro.prefix, macro.suffix)
            return Item("*", _NO_TERM, star=True, excluded=macro.excluded, named=(macro.table,), affix=affix)
        made = pivoted(expr.name) if expr.op == "hole" and not output.aliased else None
        if made is not None:
            return Item("*", _NO_TERM, star=True, made=made)
        inside = expr.walk()[:_MOST_USES]
        if expr.op == "star":
            star = output.star
            if star is None:
                return Item("*", _NO_TERM, star=True, path=expr.path)
            replaced = tuple((name, self._term(value)) for name, value in star.replaced)
            return Item("*", _NO_TERM, (), (), True, expr.path, star.excluded, replaced, star.renamed)
        uses = tuple(dict.fromkeys(each.path for each in inside if each.op == "column" and not each.opaque))
        queries = tuple(
            dict.fromkeys(
                number for each in inside if each.query is not None and (number := self.number_of(each.query)) >= 0
            )
        )
        return Item(output.name, self._term(expr), uses, queries, partition=self._partition(expr))

    def _term(self, expr: Expr) -> Term:
        return term(expr, self._facts.dialect, self.number_of)

    def _partition(self, expr: Expr) -> tuple[Path, ...] | None:
        if expr.op != "window" or not expr.args or expr.args[0].op != "row_number":
            return None
        window = self._windows.get(expr.span)
        return _paths(window.partition) if window is not None and window.known else None

    def _first_of(self, qualify: Iterable[Expr]) -> Iterator[tuple[Path, ...]]:
        for part in qualify:
            side = _compared_with_one(part)
            partition = self._partition(side) if side is not None else None
            if partition is not None:
                yield partition

    # FROM

    def _sources(self, block: Block) -> list[From]:
        found = self._joined(block.joins, [self._source(source, None, False) for source in block.sources])
        if not any(one.nullable for one in found):
            return found
        # A row that a join filled with NULL does not pass a condition on it.
        kept = {path[0].casefold() for path in filled(block.where) if len(path) > 1}
        return [replace(one, nullable=one.nullable and one.alias.casefold() not in kept) for one in found]

    def _joined(self, joins: Iterable[Join], before: Sequence[From] = ()) -> list[From]:
        found = list(before)
        for join in joins:
            if join.side in ("right", "full"):
                found = [replace(each, nullable=True) for each in found]
            found.append(self._source(join.source, join, join.side in ("left", "full")))
        return found

    def _source(self, source: Source, join: Join | None, nullable: bool) -> From:
        kind, query, why = self._kind(source)
        macro = self._macro(source) if kind == "open" and not source.columns else None
        if macro is not None:
            return replace(macro, nullable=nullable, side=join.side if join is not None else "")
        columns = source.columns
        if not columns and source.kind == "cte" and source.block is not None:
            columns = self._renamed.get(source.block.keyword.start, ())
        return From(
            kind=kind,
            alias=_alias(source),
            parts=source.parts if kind == "table" else (),
            query=query,
            columns=columns,
            using=join.using if join is not None else (),
            natural=join is not None and join.natural,
            hidden=join is not None and join.kind in ("semi", "anti"),
            nullable=nullable,
            equal=tuple(_equalities(join.on)) if join is not None else (),
            side=join.side if join is not None else "",
            why=why,
        )

    def _macro(self, source: Source) -> From | None:
        """A subquery or CTE that a macro writes."""
        ctes = {cte.name.casefold(): cte for cte in self._facts.ctes}
        cte = ctes.get(source.parts[-1].casefold()) if source.kind == "cte" and source.parts else None
        if source.block is not None or (source.kind == "cte" and (cte is None or cte.columns)):
            return None
        where = cte.span if cte is not None else source.span
        inside = [hole for hole in self._facts.holes if where.start <= hole.span.start and hole.span.end <= where.end]
        written = written_query(inside[0].text) if len(inside) == 1 else None

        def number_of(name: str) -> int:
            block = ctes[name.casefold()].block if name.casefold() in ctes else None
            return self.number_of(block) if block is not None else -1

        return _written(written, _alias(source), number_of) if written is not None else None

    def _kind(self, source: Source) -> tuple[str, int, str]:
        if source.reshaped:
            return "open", -1, f"{source.reshaped.upper()} makes other columns of it"
        if source.kind == "table":
            return "table", -1, ""
        if source.kind in ("cte", "subquery"):
            block = source.block
            number = self.number_of(block) if block is not None else -1
            if block is not None and block.as_struct == "value":
                return "open", -1, "SELECT AS VALUE gives whole values"
            return ("query", number, "") if number >= 0 else ("open", -1, "it reads itself or cannot be read")
        return ("function" if source.kind == "array" else source.kind), -1, ""

    # Masked parts

    def _why_list_open(self, block: Block) -> str:
        for output in block.outputs:
            if _HOLE_MARKS.intersection(output.name):
                return f"the name `{output.name}` is made by a template"
            # An alias behind several columns would be the last one's.
            whole = not output.aliased or _SEVERAL.search(output.expr.name)
            if output.expr.name.upper() in _SPREADING and output.expr.op != "column" and not output.aliased:
                return f"{output.expr.name} may give several columns"
            if output.expr.op == "hole" and whole and not _is_spelled_out(output.expr.name):
                return f"`{_short(output.expr.name)}` may stand for any columns"
        if Clause.SELECT in block.holes:
            ends = [source.span.start for source in block.sources if source.span.start > block.keyword.end]
            end = min(ends, default=block.span.end)
            hole = self._uncovered(Span(block.keyword.end, end), [output.span for output in block.outputs])
            if hole is not None:
                return f"`{_short(hole.text)}` in its SELECT list may stand for any columns"
        return ""

    def _why_from_open(self, block: Block) -> str:
        if not block.holes & {Clause.FROM, Clause.ON}:
            return ""
        outputs_end = max((output.span.end for output in block.outputs), default=block.keyword.end)
        start = min((source.span.start for source in block.sources), default=outputs_end)
        behind = [part.span.start for part in (*block.where, *block.group, *block.having, *block.qualify, *block.order)]
        end = min((at for at in behind if at > start), default=block.span.end)
        covered = [source.span for source in block.sources]
        covered += [join.span for join in block.joins] + [join.source.span for join in block.joins]
        for source in block.every_source:
            # A tag where an alias could stand may be a join as well.
            if source.name_span is not None and source.span.end > source.name_span.end:
                hole = self._uncovered(Span(source.name_span.end, source.span.end), [])
                if hole is not None:
                    return f"`{_short(hole.text)}` may bring further tables"
        hole = self._uncovered(Span(min(start, outputs_end), end), covered)
        return f"`{_short(hole.text)}` may bring further tables" if hole is not None else ""

    def _uncovered(self, where: Span, covered: list[Span]) -> Hole | None:
        for hole in self._facts.holes:
            if hole.text.strip().upper() in _HARMLESS:
                continue
            if where.start <= hole.span.start < where.end and not any(
                span.start <= hole.span.start and hole.span.end <= span.end for span in covered
            ):
                return hole
        return None


def _alias(source: Source) -> str:
    """What columns use for a source; a table by dbt's name for it has that name in the database, as a rule."""
    named = reference(source.alias) if source.opaque and source.alias[:1] == "{" else None
    return named.name if named is not None else source.alias


def _is_spelled_out(tag: str) -> bool:
    return star_macro(tag) is not None or pivoted(tag) is not None


def query_of_macro(facts: StatementFacts) -> QueryShape | None:
    """The shape of a text that is a macro's call and nothing else; None where nobody can tell what it writes."""
    calls = [hole for hole in facts.holes if hole.kind == "jinja"]
    if facts.kind != "template" or len(calls) != 1:
        return None
    written = written_query(calls[0].text)
    source = _written(written, "", lambda name: -1) if written is not None else None
    if source is None:
        return None
    return QueryShape((Projection((Item("*", _NO_TERM, star=True),), (source,)),), 0, facts.dialect)


def _written(written: WrittenQuery, alias: str, number_of: Callable[[str], int]) -> From | None:
    """A query that a macro writes as a source."""
    if written.unites:
        union = Union(written.tables, written.columns, written.included, written.excluded)
        return From("union", alias, union=union)
    if written.cte:
        number = number_of(written.cte)
        return From("query", alias, query=number) if number >= 0 else None
    if written.tables:
        return From("table", alias, written.tables)
    return From("values", alias, columns=written.columns)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 40 else flat[:37] + "..."


def _equalities(on: Iterable[Expr]) -> Iterator[tuple[Path, Path]]:
    for part in on:
        if part.op == "eq" and all(side.op == "column" for side in part.args):
            yield part.args[0].path, part.args[1].path


def _paths(exprs: Iterable[Expr]) -> tuple[Path, ...] | None:
    """The columns, where all of them are."""
    found = tuple(expr.path for expr in exprs if expr.op == "column")
    return found if len(found) == len(tuple(exprs)) else None


def _grouping(block: Block) -> tuple[Path, ...] | None:
    found: list[Path] = []
    for expr in block.group:
        if expr.op == "column" and not expr.args:
            found.append(expr.path)
        elif expr.op == "literal" and expr.kind == "number" and not expr.opaque:
            found.append((f"#{expr.name}",))
        else:
            return None
    return tuple(found) if found and not block.grouping and Clause.GROUP not in block.holes else None


def _has_one_row(block: Block) -> bool:
    limit = block.limit
    if limit is not None and limit.op == "literal" and limit.name == "1":
        return True
    if block.group or block.grouping or block.holes & {Clause.GROUP, Clause.FROM}:
        return False
    return any(
        each.kind == "aggregate" and "window" not in each.guards
        for output in block.outputs
        for each in output.expr.walk()
    )


def _compared_with_one(part: Expr) -> Expr | None:
    """The left side of ``x = 1`` and ``x <= 1``."""
    if part.op not in ("eq", "lte") or len(part.args) != 2:
        return None
    left, right = part.args
    return left if right.op == "literal" and right.kind == "number" and right.name == "1" else None


def _ones(conjuncts: Iterable[Expr]) -> Iterator[Path]:
    for part in conjuncts:
        side = _compared_with_one(part)
        if side is not None and side.op == "column":
            yield side.path
