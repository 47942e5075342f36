"""Queries: SELECT blocks with their clauses, what they read, and which source each column belongs to."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.arrays import read_as_column
from pipesense.lang.sql.lift.expressions import Expressions
from pipesense.lang.sql.lift.leaves import NO_GUARDS
from pipesense.lang.sql.lift.sources import SourceReader
from pipesense.lang.sql.lift.state import NOWHERE, NamedWindow, Scope, conjuncts, cover, placed
from pipesense.lang.sql.tokens import Region
from pipesense.model.sql import Block, Clause, ColumnUse, Cte, Expr, Join, Output, Role, SetOperation, Source, Star
from pipesense.text.span import Span

Opened = tuple[tuple[Cte, ...] | None, Span]

_DERIVED: Final = frozenset({Role.STATEMENT, Role.CTE, Role.FROM})
"""Queries in which no source of the query around them can be meant."""
_GROUPINGS: Final[dict[type, str]] = {exp.Rollup: "rollup", exp.Cube: "cube", exp.GroupingSets: "grouping_sets"}
_NO_WORDS: Final[frozenset[str]] = frozenset()
_STAR_PARTS: Final = ("except_", "replace", "rename")
_LIMITS: Final = frozenset({TokenType.LIMIT, TokenType.TOP, TokenType.FETCH})
_NAMES_OUTPUTS: Final = frozenset({Clause.GROUP, Clause.HAVING, Clause.QUALIFY, Clause.ORDER})


class Queries(SourceReader, Expressions):
    """Lifts queries and everything in them."""

    def query(self, node: exp.Expr, role: Role, name: str = "", branch: int | None = None) -> tuple[Block | None, Span]:
        """The first SELECT of a query, and the range of the whole, brackets and WITH included.

        ``name`` is what the query is called, ``branch`` its place in a set operation.
        """
        if isinstance(node, exp.Subquery):
            return self._bracketed(node, role, name, branch)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, role, name)
        if isinstance(node, exp.Select):
            return self._select(node, role, name, branch)
        if isinstance(node, exp.Exists):
            return self.query(node.this, role, name, branch)
        args = self._children(node, Clause.VALUES, frozenset())
        return None, self.with_values(cover(self.covers(node), *(arg.span for arg in args)))

    def _bracketed(self, node: exp.Expr, role: Role, name: str, branch: int | None) -> tuple[Block | None, Span]:
        ctes, start = self.open_with(node)
        if isinstance(node.this, exp.Table):
            scope = Scope(role in _DERIVED)
            self.scopes.append(scope)
            source, joins = self.read_source(node.this, scope), []
            for join in node.args.get("joins") or ():
                joins += self.read_join(join, scope)
            self.close_scope()
            block, span = None, cover(source.span, *(join.span for join in joins))
        else:
            self.limit_outside = self.limit_outside or node.args.get("limit")
            block, span = self.query(node.this, role, name, branch)
            self.limit_outside = None
        if span.end >= 0:
            span = self.in_brackets(span)
        self._trailing_order(node)
        self.close_with(ctes)
        return block, cover(start, span)

    def _trailing_order(self, node: exp.Expr) -> tuple[Expr, ...]:
        """ORDER BY behind a set operation or brackets: its names are mostly outputs."""
        order = node.args.get("order")
        if order is None:
            return ()
        self.scopes.append(Scope(derived=True))
        items = self.lift_all(order.expressions, Clause.ORDER)
        self.close_scope()
        return items

    def _set_operation(self, node: exp.Expr, role: Role, name: str) -> tuple[Block | None, Span]:
        """UNION and its like; long chains lean to the left and are read without recursion."""
        limit_outside, self.limit_outside = self.limit_outside, None
        chain: list[exp.Expr] = []
        opened: list[Opened] = []
        left: exp.Expr = node
        while isinstance(left, exp.SetOperation):
            opened.append(self.open_with(left))
            chain.append(left)
            left = left.this
        first, span = self.query(left, role, name, 0)
        found: list[tuple[exp.Expr, Block | None, Span, Span | None]] = []
        for index, operation in enumerate(reversed(chain), 1):
            if span.end > self.pos:
                self.pos = span.end
            words = self._set_operator(span)
            block, right = self.query(operation.args["expression"], role, name, index)
            span = cover(span, right)
            found.append((operation, block, span, words))
        branches = (first, *(block for _, block, _, _ in found))
        for operation, block, place, words in found:
            args = operation.args
            order = self._trailing_order(operation)
            limit = self._limit(args.get("limit") or (limit_outside if operation is node else None))
            kind = type(operation).__name__.lower()
            by_name = bool(args.get("by_name"))
            distinct = args.get("distinct") is not False
            self.set_operations.append(
                SetOperation(kind, distinct, first, block, place, branches, by_name, words, order, limit)
            )
        for ctes, start in reversed(opened):
            self.close_with(ctes)
            span = cover(start, span)
        return first, span

    def _set_operator(self, left: Span) -> Span | None:
        """The words between two queries."""
        if left.end < 0:
            return None
        first = last = self.index_behind(left.end)
        tokens = self.layout.tokens
        while last < len(tokens) and tokens[last].token_type not in (TokenType.SELECT, TokenType.L_PAREN):
            last += 1
        return self.token_span(first, last - 1) if first < last else None

    # WITH

    def _word_with(self, place: Span) -> Span:
        """From the word WITH before a place to its end; nowhere if there is none."""
        start = NOWHERE
        before = self.index_before(place.start)
        while self.kind_of(before) in (TokenType.WITH, TokenType.RECURSIVE):
            start = cover(self.token_span(before), start, place)
            before -= 1
        return start

    def open_with(self, node: exp.Expr) -> Opened:
        """Lift a statement's CTEs and make their names known until ``close_with``."""
        clause = node.args.get("with_")
        if clause is None:
            return None, NOWHERE
        names: dict[str, Block | None] = {}
        self.cte_names.append(names)
        recursive = bool(clause.args.get("recursive"))
        found: list[Cte] = []
        start = NOWHERE
        for cte in clause.expressions:
            if not isinstance(cte, exp.CTE):
                continue
            alias = cte.args.get("alias")
            name = alias.name if alias is not None else ""
            columns = _column_names(alias)
            place = self.covers(alias) if alias is not None else NOWHERE
            # ClickHouse's named value stands before its name: ``WITH (SELECT max(day) FROM t) AS newest``.
            value_first = bool(cte.args.get("scalar"))
            if start.end < 0 and place.end >= 0 and not value_first:
                start = self._word_with(place)
            if place.end > self.pos and not value_first:
                self.pos = place.end
            if recursive:
                names[name.casefold()] = None
            self.depth += 1
            block, span = self.query(cte.this, Role.CTE, name)
            self.depth -= 1
            if span.end >= 0:
                span = self.in_brackets(span)
                self.pos = span.end
            if value_first:
                if start.end < 0 and span.end >= 0:
                    start = self._word_with(span)
                self.pos = max(self.pos, place.end)
            names[name.casefold()] = block
            name_span = self.covers(alias.this) if alias is not None and alias.this is not None else place
            found.append(Cte(name, block, name_span, cover(name_span, span), columns, recursive))
        self.ctes += found
        return tuple(found), start

    def close_with(self, opened: tuple[Cte, ...] | None) -> None:
        """The CTEs' names end here."""
        if opened is not None:
            self.cte_names.pop()

    # VALUES

    def _values(self, node: exp.Expr, role: Role, name: str, branch: int | None) -> tuple[Block, Span]:
        """``VALUES (1, 2), (3, 4)`` in the place of a query; the parser puts ``SELECT * FROM`` in front."""
        scope = Scope(True, -1)
        self.scopes.append(scope)
        source = self.read_source(node.args["from_"].this, scope)
        self.scopes.pop()
        span = source.span
        opening = self.layout.starting_at(span.start)
        closing = self.layout.match.get(opening)
        if self.kind_of(opening) is TokenType.L_PAREN and closing is not None:
            opening += 1
            span = self.token_span(opening, closing - 1)
        keyword = self.token_span(opening) if opening >= 0 else NOWHERE
        everything = Output("*", Expr("star", (), span, "*", Clause.SELECT, NO_GUARDS), span, False, None, None)
        block = Block(span, (everything,), (source,), (), (), (), (), (), (), None, False, (), frozenset(), keyword)
        block = replace(block, depth=self.depth + 1, role=role, name=name, branch=branch)
        self.blocks.append(block)
        return block, span

    def _is_values_alone(self, node: exp.Expr) -> bool:
        """Whether the parser made a query of VALUES: nobody wrote its star."""
        clause = node.args.get("from_")
        if clause is None or clause.this.__class__ is not exp.Values:
            return False
        items = node.expressions
        return len(items) == 1 and items[0].__class__ is exp.Star and placed(items[0]).of(self.text) != "*"

    # SELECT

    def _select(self, node: exp.Expr, role: Role, name: str, branch: int | None) -> tuple[Block | None, Span]:
        args = node.args
        if self._is_values_alone(node):
            return self._values(node, role, name, branch)
        limit_outside, self.limit_outside = self.limit_outside, None
        ctes, with_span = self.open_with(node)
        region = self._region_of(node)
        self._enter(region, None)
        tokens = self.layout.tokens
        keyword = self.token_span(region.select) if region.select >= 0 else NOWHERE
        scope = Scope(role in _DERIVED or not self.scopes, keyword.start)
        self.scopes.append(scope)
        self.depth += 1
        outer_alias = self.alias
        from_first = region.mark(Clause.FROM)
        sources, joins = self._from(node, region, scope)
        if args.get("windows"):
            self._name_windows(args["windows"], region, scope)
        self._enter(region, None)
        distinct_on = self._distinct_on(args.get("distinct"))
        outputs = tuple(self._output(item) for item in node.expressions)
        self.alias = outer_alias
        scope.outputs = {output.name.casefold() for output in outputs if output.aliased}
        # ClickHouse's PREWHERE filters as WHERE does, only earlier:
        # https://clickhouse.com/docs/sql-reference/statements/select/prewhere
        before = args.get("prewhere")
        early = conjuncts(self.lift(before.this, Clause.WHERE)) if before is not None else ()
        where = (*early, *self._clause(args.get("where"), region, Clause.WHERE))
        group = self._group(args.get("group"), region)
        having = self._clause(args.get("having"), region, Clause.HAVING)
        qualify = self._clause(args.get("qualify"), region, Clause.QUALIFY)
        order_node = args.get("order")
        self._enter(region, Clause.ORDER)
        order = self.lift_all(order_node.expressions, Clause.ORDER) if order_node is not None else ()
        limit = self._limit(args.get("limit") or args.get("fetch") or limit_outside)
        offset = self._limit(args.get("offset"))
        self.depth -= 1
        self.close_scope()
        self.close_with(ctes)
        first = region.first if from_first is None else min(region.first, from_first)
        span = Span(tokens[first].start, tokens[max(first, region.last - 1)].end + 1)
        self.pos = span.end
        distinct = args.get("distinct") is not None
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
            role,
            name,
            branch,
            offset,
            distinct_on,
            _grouping(args.get("group")),
            str(args.get("kind") or "").lower(),
            self._clause_span(region, Clause.GROUP, group),
            self._clause_span(region, Clause.ORDER, order),
            self._limit_span(limit),
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
        found: list[Expr] = []
        todo = list(node.expressions)
        for key in _GROUPINGS.values():
            todo += [part for part in node.args.get(key) or () if isinstance(part, exp.Expr)]
        while todo:
            part = todo.pop(0)
            if isinstance(part, (exp.Rollup, exp.Cube, exp.GroupingSets, exp.Tuple)):
                todo = [*part.expressions, *todo]
            else:
                found.append(self.lift(part, Clause.GROUP))
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
            read_as_column(join, self.dialect, scope.sources)
            joins += self.read_join(join, scope)
        for lateral in node.args.get("laterals") or ():
            joins.append(self.read_lateral(lateral, scope))
        if node.args.get("match") is not None and sources:
            sources[0] = replace(sources[0], reshaped="match_recognize")
        return sources, joins

    def _output(self, item: exp.Expr) -> Output:
        aliased = isinstance(item, exp.Alias)
        alias_node = item.args.get("alias") if aliased else None
        self.alias = item.alias if aliased else ""
        expr = self.lift(item.this if aliased else item, Clause.SELECT)
        self.alias = ""
        span = expr.span
        place: Span | None = None
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
        star: Star | None = None
        if expr.op == "star":
            star, span = self._star(item, span)
        return Output(name, expr, span, aliased, star, place)

    def _star(self, item: exp.Expr, span: Span) -> tuple[Star | None, Span]:
        """What a star leaves out and changes, and its range with that."""
        node = item.this if isinstance(item, exp.Column) else item
        args = node.args
        if node.__class__ is exp.Identifier:
            return self._star_of_path(span)
        if not any(args.get(key) for key in ("except_", "replace", "rename")):
            return None, span
        excluded = tuple(part.name for part in _listed(args.get("except_")))
        replaced: list[tuple[str, Expr]] = []
        for part in _listed(args.get("replace")):
            value = self.lift(part.this if isinstance(part, exp.Alias) else part, Clause.SELECT)
            replaced.append((part.alias_or_name, value))
            if isinstance(part, exp.Alias):
                self.pos = max(self.pos, self.covers(part.args["alias"]).end)
        renamed = tuple((part.this.name, part.alias) for part in _listed(args.get("rename")) if part.this is not None)
        end = max(span.end, *(self.covers(part).end for key in _STAR_PARTS for part in _listed(args.get(key))))
        behind = self.index_behind(end) if end >= 0 else -1
        if self.kind_of(behind) is TokenType.R_PAREN:
            end = self.token_span(behind).end
        self.pos = max(self.pos, end)
        return Star(excluded, tuple(replaced), renamed), cover(span, Span(span.start, end))

    def _star_of_path(self, span: Span) -> tuple[Star | None, Span]:
        """What BigQuery's `` `p.d.t`.* EXCEPT (a, b) `` leaves out: the parser forgets it."""
        at = self.index_behind(span.end) if span.end >= 0 else -1
        if at < 0 or self.kind_of(at) is not TokenType.EXCEPT or self.kind_of(at + 1) is not TokenType.L_PAREN:
            return None, span
        last = at + 2
        while self.kind_of(last) not in (TokenType.R_PAREN, None):
            last += 1
        names = [each.text for each in self.layout.tokens[at + 2 : last] if each.token_type is not TokenType.COMMA]
        end = self.token_span(min(last, len(self.layout.tokens) - 1)).end
        self.pos = max(self.pos, end)
        return Star(tuple(names)), cover(span, Span(span.start, end))

    # What stands behind the clauses

    def _name_windows(self, nodes: list[exp.Expr], region: Region, scope: Scope) -> None:
        """``WINDOW w AS (...)``; each may build on one before it."""
        index = next((at for _, at in region.marks if self.kind_of(at) is TokenType.WINDOW), None)
        if index is not None:
            self.pos = self.layout.tokens[index].end + 1
        for node in nodes:
            made = self.window_parts(node, Clause.OTHER, NO_GUARDS)
            named = node.args.get("alias")
            base = scope.windows.get(named.name.casefold()) if isinstance(named, exp.Expr) else None
            if base is not None:
                made = NamedWindow(base.partition, made.order or base.order, made.frame or base.frame)
            scope.windows[node.name.casefold()] = made

    def _distinct_on(self, node: exp.Expr | None) -> tuple[Expr, ...]:
        on = node.args.get("on") if node is not None else None
        if not isinstance(on, exp.Expr):
            return ()
        return self.lift_all(on.expressions if isinstance(on, exp.Tuple) else [on], Clause.SELECT)

    def _limit(self, node: object) -> Expr | None:
        """The number of LIMIT, TOP, FETCH or OFFSET; None for LIMIT ALL too."""
        if not isinstance(node, exp.Expr):
            return None
        value = node.args.get("count") if isinstance(node, exp.Fetch) else node.args.get("expression")
        if not isinstance(value, exp.Expr) or (isinstance(value, exp.Var) and value.name.upper() == "ALL"):
            return None
        return self.lift(value, Clause.OTHER)

    def _limit_span(self, limit: Expr | None) -> Span | None:
        """The words LIMIT, TOP or FETCH FIRST with their number."""
        if limit is None or limit.span.end < 0:
            return None
        index = self.index_before(limit.span.start)
        for at in range(index, max(index - 4, -1), -1):
            if self.kind_of(at) in _LIMITS:
                return cover(self.token_span(at), limit.span)
        return None

    def _clause_span(self, region: Region, clause: Clause, items: tuple[Expr, ...]) -> Span | None:
        """From a clause's keyword to its last item."""
        index = region.mark(clause) if items else None
        if index is None:
            return None
        span = cover(self.token_span(index), *(item.span for item in items))
        while (closing := self.index_behind(span.end)) < region.last:
            # The brackets of ROLLUP (...) and its like.
            if self.kind_of(closing) is not TokenType.R_PAREN:
                break
            span = cover(span, self.token_span(closing))
        return span

    # Columns

    def close_scope(self) -> None:
        """Bind the waiting columns; a qualified name that is not ours waits for the enclosing query."""
        scope = self.scopes.pop()
        outer = self.scopes[-1] if self.scopes else None
        only = next(iter(scope.sources.values())) if len(scope.sources) == 1 else None
        for path, span, clause, inside in scope.pending:
            source: str | None = None
            if len(path) == 1:
                source = only if scope.derived else None
                if source is not None and path[0].casefold() in scope.outputs and clause in _NAMES_OUTPUTS:
                    source = None
            else:
                source = scope.sources.get(path[0].casefold())
                if source is None and len(path) > 2:
                    source = scope.sources.get(path[-2].casefold())
                if source is None and outer is not None and not scope.derived:
                    outer.pending.append((path, span, clause, inside))
                    continue
            self.columns.append(ColumnUse(path, span, clause, source, inside, scope.at if source is not None else -1))


def _column_names(alias: object) -> tuple[str, ...]:
    """The names of ``c(a, b)``."""
    return tuple(part.name for part in _listed(alias.args.get("columns"))) if isinstance(alias, exp.Expr) else ()


def _listed(nodes: object) -> list[exp.Expr]:
    return [node for node in nodes if isinstance(node, exp.Expr)] if isinstance(nodes, list) else []


def _grouping(node: exp.Expr | None) -> frozenset[str]:
    """What GROUP BY says beside its list."""
    if node is None:
        return _NO_WORDS
    found = {word for word in ("all", "totals") if node.args.get(word)}
    inside = {part.__class__ for part in node.expressions}
    found.update(
        cls.__name__.lower() for cls in (exp.Rollup, exp.Cube) if cls in inside or node.args.get(_GROUPINGS[cls])
    )
    if exp.GroupingSets in inside or node.args.get("grouping_sets"):
        found.add("grouping sets")
    return frozenset(found) if found else _NO_WORDS
