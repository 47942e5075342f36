"""The leaves of expressions: columns, literals, parameters, names."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.lift.calls import BARE_CLOCKS
from pipesense.lang.sql.lift.state import NOWHERE, State, cover, placed, spanned
from pipesense.model.sql import Clause, Expr, Hole
from pipesense.text.span import Span

Guards = frozenset[str]
"""What the constructs around an expression do to NULL and zero in it."""

NO_GUARDS: Final[Guards] = frozenset()
_FAR: Final = 1 << 60
_COLUMN_PARTS: Final = ("catalog", "db", "table", "this")
_SHORT_COLUMN: Final = _COLUMN_PARTS[2:]


class Leaves(State):
    """Lifts what holds no other expression."""

    def lift(self, node: exp.Expr | None, clause: Clause, guards: Guards = NO_GUARDS) -> Expr:
        """The expression of a node; given by the class that knows all of them."""
        raise NotImplementedError

    def _column(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        args = node.args
        names: list[str] = []
        start, end = _FAR, -1
        for key in _COLUMN_PARTS if "db" in args else _SHORT_COLUMN:
            part = args.get(key)
            if part is None:
                continue
            meta = part._meta
            if meta and (last := meta.get("end")) is not None:
                if meta["start"] < start:
                    start = meta["start"]
                if last >= end:
                    end = last + 1
            # BigQuery reads a."from" as a string behind a dot.
            named = part.__class__ is exp.Identifier or part.__class__ is exp.Literal
            names.append(part.this if named else "*")
        path = tuple(names)
        span = spanned((start, end)) if end >= 0 else self._dotted(path[-1])
        if span.end >= 0:
            self.pos = span.end
        if self.holes and end >= 0 and (hole := self.hole_in(start, end)) is not None:
            return self._masked_column(node, hole, span, clause, guards)
        if path[-1] in BARE_CLOCKS and len(path) == 1 and not self.dialect:
            return Expr("current_timestamp", (), span, path[0], clause, guards, (), False, "function")
        if path[-1] == "*" and isinstance(args["this"], exp.Func):
            # A function with a schema in front, inside of ARRAY_AGG(... ORDER BY ...).
            call = self.lift(args["this"], clause, guards)
            return replace(call, span=cover(span, call.span), path=path[:-1])
        if path[-1] == "*" and len(path) > 1:
            # The parser takes the star of `a.b.c`.* for a name in quotes.
            return Expr("star", (), span, "*", clause, guards, path[:-1])
        if self.scopes and span.end >= 0:
            scope = self.scopes[-1]
            scope.pending.append((path, span, clause, scope.at))
        return Expr("column", (), span, path[-1], clause, guards, path)

    def _dotted(self, name: str) -> Span:
        """A path without positions (BigQuery's `` `p.d.t`.name ``): the next such name and what it hangs on."""
        last = first = self.word_ahead(name.upper())
        if last < 0:
            return NOWHERE
        while first > 1 and self.kind_of(first - 1) is TokenType.DOT:
            first -= 2
        return self.token_span(first, last)

    def _masked_column(self, node: exp.Expr, hole: Hole, span: Span, clause: Clause, guards: Guards) -> Expr:
        parts = [part for key in _COLUMN_PARTS if (part := node.args.get(key)) is not None]
        if len(parts) == 1 and hole.span.start <= span.start and hole.span.end >= span.end:
            return Expr("hole", (), span, hole.text, clause, guards, (), True)
        path = tuple(self.name_of(part) for part in parts)
        return Expr("column", (), span, path[-1], clause, guards, path, True)

    def _literal(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        span = placed(node)
        opaque = False
        if span.end < 0:
            span = self._moved_literal(str(node.this))
        if span.end >= 0:
            self.pos = span.end
            opaque = bool(self.holes) and self.hole_in(span.start, span.end) is not None
        name = self.restored(*span).strip("'\"") if opaque else str(node.this)
        kind = "number" if node.__class__ is exp.Literal and not node.args.get("is_string") else "string"
        return Expr("literal", (), span, name, clause, guards, (), opaque, kind)

    def _moved_literal(self, name: str) -> Span:
        """A literal that the parser made anew: 0.5 of ``.5``, the 1 of ``INTERVAL 1 DAY``."""
        index = self.ahead(TokenType.NUMBER, TokenType.STRING)
        text = self.layout.tokens[index].text if index >= 0 else ""
        if text.startswith(".") and f"0{text}" == name:
            return self.token_span(index)
        intervals = (self.kind_of(index - 1), self.kind_of(index - 2))
        if not text.startswith(name.lstrip("-")) or TokenType.INTERVAL not in intervals:
            return NOWHERE
        minus = name.startswith("-") and self.kind_of(index - 1) is TokenType.DASH
        return self.token_span(index - 1 if minus else index, index)

    def _word(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        """NULL, TRUE, FALSE: no position of their own, so the next such token is theirs."""
        if node.__class__ is exp.Null:
            index, op, name = self.ahead(TokenType.NULL), "null", "NULL"
        else:
            name = "TRUE" if node.this else "FALSE"
            index, op = self.word_ahead(name), "boolean"
        span = NOWHERE
        if index >= 0:
            span = self.token_span(index)
            self.pos = span.end
        return Expr(op, (), span, name, clause, guards)

    def _parameter(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        index = self.ahead(TokenType.PLACEHOLDER, TokenType.PARAMETER, TokenType.COLON, TokenType.DOLLAR)
        span = NOWHERE
        if index >= 0:
            last = index
            if self.kind_of(index) is not TokenType.PLACEHOLDER:
                tokens = self.layout.tokens
                while last + 1 < len(tokens) and tokens[last + 1].start == tokens[last].end + 1:
                    if last > index and tokens[last].token_type is not TokenType.PARAMETER:
                        break
                    last += 1
            span = self.token_span(index, last)
            self.pos = span.end
        return Expr("parameter", (), span, node.name, clause, guards, (), True)

    def _name(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        span = placed(node)
        if span.end >= 0:
            self.pos = span.end
        op = "star" if node.__class__ is exp.Star else "name"
        return Expr(op, (), span, "*" if op == "star" else node.name, clause, guards)
