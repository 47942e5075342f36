"""Queries: SELECT blocks with their clauses, what they read, and which source each column belongs to."""

from __future__ import annotations

from typing import Final

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.lift.expressions import Expressions
from pipesense.lang.sql.lift.sources import SourceReader
from pipesense.lang.sql.lift.state import NOWHERE, Scope, conjuncts, cover, placed
from pipesense.lang.sql.tokens import Region
from pipesense.model.sql import Block, Clause, ColumnUse, Expr, Join, Output, SetOperation, Source
from pipesense.text.span import Span

_NAMES_OUTPUTS: Final = frozenset({Clause.GROUP, Clause.HAVING, Clause.QUALIFY, Clause.ORDER})


class Queries(SourceReader, Expressions):
    """Lifts queries and everything in them."""

    def query(self, node: exp.Expr, derived: bool) -> tuple[Block | None, Span]:
        """The first SELECT of a query, and the range of the whole, brackets and WITH included.

        ``derived``: columns inside cannot mean the sources of an enclosing query.
        """
        if isinstance(node, exp.Subquery):
            return self._bracketed(node, derived)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, derived)
        if isinstance(node, exp.Select):
            return self._select(node, derived)
        if isinstance(node, exp.Exists):
            return self.query(node.this, derived)
        args = self._children(node, Clause.VALUES, frozenset())
        return None, cover(self.covers(node), *(arg.span for arg in args))

    def _bracketed(self, node: exp.Expr, derived: bool) -> tuple[Block | None, Span]:
        ctes, start = self.open_with(node)
        if isinstance(node.this, exp.Table):
            scope = Scope(derived)
            self.scopes.append(scope)
            source, joins = self.read_source(node.this, scope), []
            for join in node.args.get("joins") or ():
                joins += self.read_join(join, scope)
            self.close_scope()
            block, span = None, cover(source.span, *(join.span for join in joins))
        else:
            block, span = self.query(node.this, derived)
        if span.end >= 0:
            span = self.in_brackets(span)
        self._trailing_order(node)
        self.close_with(ctes)
        return block, cover(start, span)

    def _trailing_order(self, node: exp.Expr) -> None:
        """ORDER BY behind a set operation or brackets: its names are mostly outputs."""
        order = node.args.get("order")
        if order is not None:
            self.scopes.append(Scope(derived=True))
            self.lift_all(order.expressions, Clause.ORDER)
            self.close_scope()

    def _set_operation(self, node: exp.Expr, derived: bool) -> tuple[Block | None, Span]:
        """UNION and its like; long chains lean to the left and are read without recursion."""
        chain: list[exp.Expr] = []
        opened: list[tuple[tuple[tuple[str, Block | None], ...] | None, Span]] = []
        left: exp.Expr = node
        while isinstance(left, exp.SetOperation):
            opened.append(self.open_with(left))
            chain.append(left)
            left = left.this
        first, span = self.query(left, derived)
        for operation in reversed(chain):
            if span.end > self.pos:
                self.pos = span.end
            block, right = self.query(operation.args["expression"], derived)
            span = cover(span, right)
            kind = type(operation).__name__.lower()
            distinct = operation.args.get("distinct") is not False
            self.set_operations.append(SetOperation(kind, distinct, first, block, span))
            self._trailing_order(operation)
        for ctes, start in reversed(opened):
            self.close_with(ctes)
            span = cover(start, span)
        return first, span

    # WITH

    def open_with(self, node: exp.Expr) -> tuple[tuple[tuple[str, Block | None], ...] | None, Span]:
        """Lift a statement's CTEs and make their names known until ``close_with``."""
        clause = node.args.get("with_")
        if clause is None:
            return None, NOWHERE
        names: set[str] = set()
        self.cte_names.append(names)
        found: list[tuple[str, Block | None]] = []
        start = NOWHERE
        for cte in clause.expressions:
            if not isinstance(cte, exp.CTE):
                continue
            alias = cte.args.get("alias")
            name = alias.name if alias is not None else ""
            place = self.covers(alias) if alias is not None else NOWHERE
            if start.end < 0 and place.end >= 0:
                before = self.index_before(place.start)
                while self.kind_of(before) in (TokenType.WITH, TokenType.RECURSIVE):
                    start = cover(self.token_span(before), start, place)
                    before -= 1
            if place.end > self.pos:
                self.pos = place.end
            if clause.args.get("recursive"):
                names.add(name.casefold())
            self.depth += 1
            block, span = self.query(cte.this, derived=True)
            self.depth -= 1
            if span.end >= 0:
                self.pos = self.in_brackets(span).end
            names.add(name.casefold())
            found.append((name, block))
        return tuple(found), start

    def close_with(self, opened: tuple[tuple[str, Block | None], ...] | None) -> None:
        """The CTEs' names end here."""
        if opened is not None:
            self.cte_names.pop()

    # SELECT

    def _select(self, node: exp.Expr, derived: bool) -> tuple[Block | None, Span]:
        args = node.args
        ctes, with_span = self.open_with(node)
        region = self._region_of(node)
        self._enter(region, None)
        scope = Scope(derived or self.depth == 0)
        self.scopes.append(scope)
        self.depth += 1
        outer_alias = self.alias
        from_first = region.mark(Clause.FROM)
        sources, joins = self._from(node, region, scope)
        self._enter(region, None)
        outputs = tuple(self._output(item) for item in node.expressions)
        self.alias = outer_alias
        scope.outputs = {output.name.casefold() for output in outputs if output.aliased}
        where = self._clause(args.get("where"), region, Clause.WHERE)
        group = self._group(args.get("group"), region)
        having = self._clause(args.get("having"), region, Clause.HAVING)
        qualify = self._clause(args.get("qualify"), region, Clause.QUALIFY)
        order_node = args.get("order")
        self._enter(region, Clause.ORDER)
        order = self.lift_all(order_node.expressions, Clause.ORDER) if order_node is not None else ()
        self.depth -= 1
        self.close_scope()
        self.close_with(ctes)
        tokens = self.layout.tokens
        keyword = self.token_span(region.select) if region.select >= 0 else NOWHERE
        first = region.first if from_first is None else min(region.first, from_first)
        span = Span(tokens[first].start, tokens[max(first, region.last - 1)].end + 1)
        self.pos = span.end
        distinct = args.get("distinct") is not None
        limit = any(args.get(key) is not None for key in ("limit", "fetch"))
        block = Block(
            span,
            outputs,
            tuple(sources),
            tuple(joins),
            where,
            group,
            having,
            qualify,
            order,
            limit,
            distinct,
            ctes or (),
            self.clause_holes(region),
            keyword,
            self.depth,
        )
        self.blocks.append(block)
        return block, cover(with_span, span)

    def _region_of(self, node: exp.Expr) -> Region:
        """The query's tokens: those around the first name or literal that is the SELECT's own."""
        following = self.ahead(TokenType.SELECT)
        if following >= 0:
            return self.layout.region_at(following)
        for part in node.walk():
            place = placed(part)
            if place.end >= 0:
                return self.layout.region_at(self.layout.index_at(place.start))
        return self.layout.regions[-1]

    def _enter(self, region: Region, clause: Clause | None) -> None:
        """Set the reading position to a clause's keyword."""
        index = region.select if clause is None else region.mark(clause)
        if index is not None and index >= 0:
            self.pos = self.layout.tokens[index].end + 1

    def _clause(self, node: exp.Expr | None, region: Region, clause: Clause) -> tuple[Expr, ...]:
        if node is None:
            return ()
        self._enter(region, clause)
        return conjuncts(self.lift(node.this, clause))

    def _group(self, node: exp.Expr | None, region: Region) -> tuple[Expr, ...]:
        if node is None:
            return ()
        self._enter(region, Clause.GROUP)
        found = list(self.lift_all(node.expressions, Clause.GROUP))
        for key in ("rollup", "cube", "grouping_sets"):
            for nested in node.args.get(key) or ():
                if isinstance(nested, exp.Expr):
                    found.append(self.lift(nested, Clause.GROUP))
        return tuple(found)

    def _from(self, node: exp.Expr, region: Region, scope: Scope) -> tuple[list[Source], list[Join]]:
        sources: list[Source] = []
        joins: list[Join] = []
        clause = node.args.get("from_")
        if clause is not None:
            self._enter(region, Clause.FROM)
            sources.append(self.read_source(clause.this, scope))
            joins += self.nested_joins(clause.this, scope)
        for join in node.args.get("joins") or ():
            joins += self.read_join(join, scope)
        for lateral in node.args.get("laterals") or ():
            source = self.read_source(lateral, scope)
            joins.append(Join(source, "", "lateral", False, (), (), source.span))
        return sources, joins

    def _output(self, item: exp.Expr) -> Output:
        aliased = isinstance(item, exp.Alias)
        alias_node = item.args.get("alias") if aliased else None
        self.alias = item.alias if aliased else ""
        expr = self.lift(item.this if aliased else item, Clause.SELECT)
        self.alias = ""
        span = expr.span
        if isinstance(alias_node, exp.Expr):
            place = self.covers(alias_node)
            span = cover(span, place)
            if place.end >= 0:
                self.pos = place.end
            name = self.name_of(alias_node)
        elif isinstance(item, exp.Aliases):
            name = ""
        else:
            name = expr.name if expr.op in ("column", "star") else ""
        return Output(name, expr, span, aliased)

    # Columns

    def close_scope(self) -> None:
        """Bind the waiting columns; a qualified name that is not ours waits for the enclosing query."""
        scope = self.scopes.pop()
        outer = self.scopes[-1] if self.scopes else None
        only = next(iter(scope.sources.values())) if len(scope.sources) == 1 else None
        for path, span, clause in scope.pending:
            source: str | None = None
            if len(path) == 1:
                alias_possible = clause in _NAMES_OUTPUTS and path[0].casefold() in scope.outputs
                source = only if scope.derived and not alias_possible else None
            else:
                source = scope.sources.get(path[0].casefold())
                if source is None and len(path) > 2:
                    source = scope.sources.get(path[-2].casefold())
                if source is None and outer is not None:
                    outer.pending.append((path, span, clause))
                    continue
            self.columns.append(ColumnUse(path, span, clause, source))
