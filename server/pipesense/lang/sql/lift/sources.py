"""What stands in FROM and JOIN, and which clauses hide masked parts."""

from __future__ import annotations

import re
from typing import Final

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.lift.anchors import is_word
from pipesense.lang.sql.lift.expressions import Expressions
from pipesense.lang.sql.lift.state import NOWHERE, Scope, conjuncts, cover
from pipesense.lang.sql.tokens import Region
from pipesense.model.sql import Block, Clause, Expr, Hole, Join, Role, Source
from pipesense.text.regex import regex
from pipesense.text.span import Span

_BEFORE_SOURCE: Final = frozenset({TokenType.LATERAL, TokenType.ONLY, TokenType.TABLE, TokenType.L_PAREN})
_JOIN_WORDS: Final = frozenset(
    {
        *(TokenType.LEFT, TokenType.RIGHT, TokenType.FULL, TokenType.OUTER, TokenType.INNER),
        *(TokenType.CROSS, TokenType.NATURAL, TokenType.SEMI, TokenType.ANTI, TokenType.ASOF),
        *(TokenType.GLOBAL, TokenType.ANY, TokenType.ALL, TokenType.STRAIGHT_JOIN),
    }
)
_LATERAL_WORDS: Final = frozenset({TokenType.LATERAL, TokenType.VIEW, TokenType.OUTER})
_KINDS: Final = {"straight_join": "straight"}
_ARRAYS_IN_FROM: Final = ("bigquery", "redshift", "")
"""Dialects in which ``FROM t, t.items`` reads a column of ``t``."""
_ORDER: Final = tuple(Clause)
_PATH_PART: Final = regex(r"(?:\{\{.*?\}\}|\{[^{}]*\}|[^.{]|\{)+", re.DOTALL)
_BEFORE_ASSIGNMENT: Final = frozenset({TokenType.SET, TokenType.COMMA})
_NAMES: Final = frozenset({TokenType.VAR, TokenType.IDENTIFIER})
_VALUE_ENDS: Final = frozenset(
    {
        *(TokenType.VAR, TokenType.IDENTIFIER, TokenType.R_PAREN, TokenType.NUMBER, TokenType.STRING),
        *(TokenType.R_BRACKET, TokenType.END, TokenType.NULL, TokenType.TRUE, TokenType.FALSE),
    }
)


class FromTwice(Exception):
    """``FROM FROM t``, which the parser takes for a query without SELECT and without brackets."""

    def __init__(self, span: Span) -> None:
        super().__init__("FROM stands twice")
        self.span = span


class SourceReader(Expressions):
    """Lifts sources and joins."""

    def read_source(self, node: exp.Expr, scope: Scope) -> Source:
        """One item of FROM, and its name made known to the query's columns."""
        if isinstance(node, exp.Table) and not isinstance(node.this, exp.Func):
            source = self._table(node, scope)
        elif isinstance(node, exp.Subquery) and not isinstance(node.this, exp.Values):
            source = self._derived(node)
        elif isinstance(node, exp.Paren):
            return self.read_source(node.this, scope)
        elif isinstance(node, exp.Select):
            raise FromTwice(self._second_from())
        else:
            source = self._function(node)
        if source.span.end > self.pos:
            self.pos = source.span.end
        if source.alias:
            scope.sources.setdefault(source.alias.casefold(), source.alias)
        else:
            # Without a name it can be the owner of unqualified columns, but nothing can be bound to it.
            scope.sources.setdefault(f" {len(scope.sources)}", "")
        return source

    def _second_from(self) -> Span:
        """The word FROM that stands where a source should."""
        index = self.ahead(TokenType.FROM)
        following = index + 1 if self.kind_of(index + 1) is TokenType.FROM else index
        return self.token_span(following) if following >= 0 else NOWHERE

    def nested_joins(self, node: exp.Expr, scope: Scope) -> list[Join]:
        """Joins that the parser hangs on a table instead of on the query."""
        found: list[Join] = []
        if isinstance(node, (exp.Table, exp.Paren)):
            for join in node.args.get("joins") or ():
                found += self.read_join(join, scope)
        for lateral in (node.args.get("laterals") or ()) if isinstance(node, exp.Table) else ():
            found.append(self.read_lateral(lateral, scope))
        return found

    def read_lateral(self, node: exp.Expr, scope: Scope) -> Join:
        """``LATERAL VIEW [OUTER] explode(x) e AS y``."""
        source = self.read_source(node, scope)
        index = self.index_before(source.span.start) if source.span.end >= 0 else -1
        first = index
        while self.kind_of(first) in _LATERAL_WORDS:
            first -= 1
        keyword = self.token_span(first + 1, index) if first < index else None
        side = "left" if node.args.get("outer") else ""
        span = cover(keyword, source.span) if keyword is not None else source.span
        return Join(source, side, "lateral", False, (), (), span, False, keyword)

    def read_join(self, node: exp.Expr, scope: Scope) -> list[Join]:
        """One join, then those inside its brackets."""
        args = node.args
        source = self.read_source(node.this, scope)
        comma, keyword = self._join_word(source.span)
        span = keyword
        inner = self.nested_joins(node.this, scope)
        on_node = args.get("on")
        on = self.lift(on_node, Clause.ON) if isinstance(on_node, exp.Expr) else None
        using = tuple(part.name for part in args.get("using") or ())
        span = cover(span, source.span, on.span if on is not None else NOWHERE)
        span = self._through_using(span, args.get("using"))
        side = str(args.get("side") or "").lower()
        kind = str(args.get("kind") or "").lower()
        method = str(args.get("method") or "").lower()
        natural = method == "natural"
        words = "" if comma else _KINDS.get(kind, kind) or ("" if natural else method)
        applied = node.this.args.get("cross_apply") if isinstance(node.this, exp.Lateral) else None
        if applied is not None and not comma:
            words, side = "apply", side if applied else "left"
        placed_keyword = keyword if keyword.end >= 0 else None
        return [
            Join(source, side, words, comma, conjuncts(on), using, span, natural, placed_keyword),
            *inner,
        ]

    def _through_using(self, span: Span, columns: object) -> Span:
        """The join's range with ``USING (a, b)``."""
        for column in columns if isinstance(columns, list) else ():
            span = cover(span, self.covers(column))
        behind = self.index_behind(span.end) if columns and span.end >= 0 else -1
        return cover(span, self.token_span(behind)) if self.kind_of(behind) is TokenType.R_PAREN else span

    def _join_word(self, source: Span) -> tuple[bool, Span]:
        """Whether a comma joins the source, and the words that do."""
        if source.end < 0:
            return False, NOWHERE
        index = self.index_before(source.start)
        while self.kind_of(index) in _BEFORE_SOURCE:
            index -= 1
        if self.kind_of(index) is TokenType.COMMA:
            return True, self.token_span(index)
        if self.kind_of(index) not in (TokenType.JOIN, TokenType.APPLY, TokenType.STRAIGHT_JOIN):
            return False, NOWHERE
        first = index
        while self.kind_of(first - 1) in _JOIN_WORDS:
            first -= 1
        return False, self.token_span(first, index)

    def _table(self, node: exp.Expr, scope: Scope) -> Source:
        args = node.args
        parts, place = self.table_name(node)
        alias_node = args.get("alias")
        alias, columns, alias_span = self.alias_of(alias_node)
        span = cover(place, alias_span)
        opaque = bool(self.holes) and place.end >= 0 and self.hole_in(*place) is not None
        kind = "table"
        block: Block | None = None
        if len(parts) == 1 and not opaque and self.is_cte(parts[0]):
            kind, block = "cte", self.cte_block(parts[0])
        elif len(parts) > 1 and parts[0].casefold() in scope.sources and self.dialect in _ARRAYS_IN_FROM:
            kind = "array"
        elif parts and place.end >= 0:
            self.reads.append((parts, place))
        reshaped = self.hidden.get(place.start, "")
        if args.get("pivots"):
            reshaped, pivot_alias, span = self._pivoted(args["pivots"], span)
            alias = pivot_alias or alias
        as_of: Expr | None = None
        at = args.get("version") or args.get("when")
        if isinstance(at, exp.Expr) and isinstance(at.args.get("expression"), exp.Expr):
            as_of = self.lift(at.args["expression"], Clause.FROM)
            span = cover(span, as_of.span)
        hints = tuple(part.name.upper() for hint in args.get("hints") or () for part in hint.expressions)
        return Source(
            kind,
            parts,
            alias or (parts[-1].lstrip("#") if parts else ""),
            span,
            block,
            opaque,
            columns,
            None,
            place if place.end >= 0 else None,
            False,
            reshaped,
            as_of,
            args.get("sample") is not None,
            hints,
        )

    def alias_of(self, node: object) -> tuple[str, tuple[str, ...], Span]:
        """An alias, the columns in brackets behind it, and the range of both."""
        if not isinstance(node, exp.Expr):
            return "", (), NOWHERE
        listed = node.args.get("columns")
        span = self.covers(node)
        if not listed:
            return node.name, (), span
        if span.end >= 0 and self.kind_of(self.index_behind(span.end)) is TokenType.R_PAREN:
            opening = self.layout.match.get(self.index_behind(span.end), -1)
            if opening >= 0 and self.layout.tokens[opening].start >= span.start:
                span = cover(span, self.token_span(self.index_behind(span.end)))
        return node.name, tuple(part.name for part in listed), span

    def _pivoted(self, pivots: list[exp.Expr], span: Span) -> tuple[str, str, Span]:
        """The word for a PIVOT or UNPIVOT, its alias, and the range through it."""
        last = pivots[-1]
        alias, _, place = self.alias_of(last.args.get("alias"))
        index = self.index_behind(span.end) if span.end >= 0 else len(self.layout.tokens)
        while is_word(self, index, "PIVOT", "UNPIVOT"):
            while self.kind_of(index) not in (TokenType.L_PAREN, None):
                index += 1
            closing = self.layout.match.get(index)
            if closing is None:
                break
            span = cover(span, self.token_span(closing))
            index = closing + 1
        return "unpivot" if last.args.get("unpivot") else "pivot", alias, cover(span, place)

    def table_name(self, node: exp.Expr) -> tuple[tuple[str, ...], Span]:
        """A table's parts, outermost first, and the characters they take."""
        args = node.args
        names: list[str] = []
        place = own = NOWHERE
        todo = [args.get("catalog"), args.get("db"), args.get("this")]
        for part in todo:
            if not isinstance(part, exp.Expr):
                continue
            leaves = part.flatten() if isinstance(part, exp.Dot) else (part,)
            for leaf in leaves:
                own = self.covers(leaf)
                name = self.name_of(leaf)
                if own == place and names and own.end >= 0:
                    # BigQuery writes one pair of backticks around the whole path.
                    names = self._path_parts(own) if self.hole_in(*own) is not None else [*names, name]
                elif name:
                    names.append(name)
                place = cover(place, own)
        if names and "#" in self.text and (marks := self._temporary_marks(own)):
            names[-1] = "#" * marks + names[-1]
            place = cover(place, Span(own.start - marks, own.end))
        return tuple(names), place

    def _temporary_marks(self, name: Span) -> int:
        """How many ``#`` stand in front of a name: T-SQL's temporary tables, whose name the parser gives without."""
        start = max(0, name.start)
        return start - len(self.text[:start].rstrip("#"))

    def _path_parts(self, place: Span) -> list[str]:
        """The parts of a path in one pair of quotes; dots inside holes are no separators."""
        written = self.restored(*place).strip('"`[]')
        return [part for part in _PATH_PART.findall(written) if part]

    def is_cte(self, name: str) -> bool:
        """Whether a WITH around here defines the name."""
        folded = name.casefold()
        return any(folded in names for names in self.cte_names)

    def cte_block(self, name: str) -> Block | None:
        """The SELECT of the CTE that a name means here."""
        folded = name.casefold()
        return next((names[folded] for names in reversed(self.cte_names) if folded in names), None)

    def _derived(self, node: exp.Expr) -> Source:
        alias, columns, place = self.alias_of(node.args.get("alias"))
        lateral = self._is_lateral()
        block, span = self.query(node, Role.LATERAL if lateral else Role.FROM, alias)
        reshaped = ""
        if node.args.get("pivots"):
            reshaped, pivot_alias, span = self._pivoted(node.args["pivots"], span)
            alias = pivot_alias or alias
        sampled = node.args.get("sample") is not None
        span = cover(span, place)
        return Source(
            "subquery", (), alias, span, block, columns=columns, lateral=lateral, reshaped=reshaped, sampled=sampled
        )

    def _is_lateral(self) -> bool:
        return self.ahead(TokenType.LATERAL, TokenType.APPLY) >= 0

    def _function(self, node: exp.Expr) -> Source:
        """UNNEST, LATERAL, VALUES, table functions."""
        alias, columns, place = self.alias_of(node.args.get("alias"))
        if not alias and columns:
            alias = columns[0]
        if isinstance(node.args.get("offset"), exp.Identifier):
            columns = (*columns, node.args["offset"].name)
            place = cover(place, self.covers(node.args["offset"]))
        lateral = isinstance(node, exp.Lateral)
        call: Expr | None = None
        parts: tuple[str, ...] = ()
        block: Block | None = None
        inner = node.this if isinstance(node, (exp.Lateral, exp.Subquery, exp.Table)) else node
        kind = "values" if isinstance(inner, exp.Values) else "function"
        if isinstance(inner, exp.Subquery):
            block, span = self.query(inner, Role.LATERAL, alias)
            kind = "subquery"
        else:
            lifted = self.lift(inner, Clause.FROM)
            span = lifted.span
            if kind == "values":
                span = self.in_brackets(self.with_values(span))
            if kind == "function":
                kind, call, parts = self._called(inner, lifted)
        return Source(kind, parts, alias, cover(span, place), block, columns=columns, call=call, lateral=lateral)

    def _called(self, node: exp.Expr, lifted: Expr) -> tuple[str, Expr | None, tuple[str, ...]]:
        """A function; a column that is read like a table, as in BigQuery's ``FROM t, t.items``, has no call."""
        written = self.text[lifted.span.start : lifted.span.start + 6].upper()
        if isinstance(node, exp.Unnest) and written != "UNNEST" and len(lifted.args) == 1:
            lifted = lifted.args[0]
        return ("array", None, lifted.path) if lifted.op == "column" else ("function", lifted, ())

    # Masked parts

    def clause_holes(self, region: Region) -> frozenset[Clause]:
        """The clauses of a query in which a masked part may hide structure, not only a value."""
        if not self.holes:
            return frozenset()
        found: set[Clause] = set()
        for hole in self.holes:
            if hole.kind in ("percent", "parameter"):
                continue
            index = self.layout.index_at(hole.span.start)
            if index < region.first or self.layout.region_at(max(index, 0)) is not region:
                continue
            if self.is_quoted(hole, index) or self._is_part_of_name(hole, index):
                continue
            clause = region.clause_at(index) if region.select < index else Clause.SELECT
            if clause is Clause.OTHER and not any(at <= index for _, at in region.marks):
                clause = Clause.SELECT
            found.add(clause)
            if clause is Clause.SET and region.next_mark(index) == region.last:
                if (
                    self._may_continue(hole, index, region)
                    or self.kind_of(index - 1) in _BEFORE_ASSIGNMENT
                    or self.layout.starts[index] < hole.span.start
                ):
                    found |= {Clause.FROM, Clause.WHERE}
            elif self._may_continue(hole, index, region):
                found |= self._until_next(clause, index, region)
        return frozenset(found)

    def is_quoted(self, hole: Hole, index: int) -> bool:
        """Whether a hole stands inside a string: then it is a value."""
        token = self.layout.tokens[max(index, 0)]
        return token.token_type is TokenType.STRING and token.start < hole.span.start <= token.end

    def _is_part_of_name(self, hole: Hole, index: int) -> bool:
        """Whether a hole can be nothing but a part of a name.

        ``orders_{{ ds_nodash }}``, ``{{ schema }}.orders``, and everything in backticks. ``orders{{ x }}`` may bring
        further clauses along.
        """
        token = self.layout.tokens[max(index, 0)]
        start, end = hole.span
        if token.token_type not in _NAMES or not token.start <= start < end <= token.end + 1:
            return False
        if self.kind_of(index - 1) is TokenType.DOT and token.start == start:
            return True
        if end == token.end + 1:
            return self.kind_of(index + 1) is TokenType.DOT or (start > token.start and self.text[start - 1] == "_")
        return True

    def _may_continue(self, hole: Hole, index: int, region: Region) -> bool:
        """Whether the hole may hold further clauses: nothing stands there, or no operator asks for a value."""
        token = self.layout.tokens[index]
        if token.end < hole.span.start:
            return True
        behind = index + 1
        at_end = behind >= region.last or any(at == behind for _, at in region.marks)
        return at_end and self.kind_of(index - 1) in _VALUE_ENDS

    def _until_next(self, clause: Clause, index: int, region: Region) -> set[Clause]:
        """The clauses that may be written between one and the next that is."""
        following = region.next_mark(index)
        last = region.clause_at(following) if following < region.last else Clause.ORDER
        if clause not in _ORDER or last not in _ORDER:
            return set()
        first_at, last_at = _ORDER.index(clause), _ORDER.index(last)
        between = set(_ORDER[first_at : last_at + 1])
        if following < region.last:
            between.discard(last)
        return between - {Clause.OTHER, Clause.VALUES, Clause.SET, Clause.CHECK}
