"""Expressions: one pass from the leaves up, collecting columns, comparisons and window calls on the way."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isclass
from typing import Final

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.lift.anchors import call_span, cast_type, is_word, json_path, operator_between, through_bracket
from pipesense.lang.sql.lift.shapes import (
    COMPARISONS,
    GUARDS,
    NEGATED,
    SKIPPED,
    call_kind,
    operation,
)
from pipesense.lang.sql.lift.state import NOWHERE, NamedWindow, State, cover, cover_all, placed, spanned
from pipesense.lang.sql.lift.windows import frame_words, skips_nulls
from pipesense.model.sql import Block, Clause, Comparison, Expr, Hole, Role, WindowCall
from pipesense.text.span import Span

Guards = frozenset[str]
Handler = Callable[["Expressions", exp.Expr, Clause, Guards], Expr]

NO_GUARDS: Final[Guards] = frozenset()
_FAR: Final = 1 << 60
_COLUMN_PARTS: Final = ("catalog", "db", "table", "this")
_SHORT_COLUMN: Final = _COLUMN_PARTS[2:]
_ROLES: Final[dict[type, Role]] = {exp.Array: Role.ARRAY, exp.Any: Role.IN, exp.All: Role.IN}


class Expressions(State):
    """Lifts expressions; ``query`` is given by the class that knows queries."""

    def query(self, node: exp.Expr, role: Role, name: str = "", branch: int | None = None) -> tuple[Block | None, Span]:
        """Lift a query inside an expression: its first SELECT and the range of the whole."""
        raise NotImplementedError

    def lift(self, node: exp.Expr, clause: Clause, guards: Guards = NO_GUARDS) -> Expr:
        """The expression of a node, and everything inside it collected."""
        handler = _HANDLERS.get(node.__class__)
        return self._other(node, clause, guards) if handler is None else handler(self, node, clause, guards)

    def lift_all(self, nodes: object, clause: Clause, guards: Guards = NO_GUARDS) -> tuple[Expr, ...]:
        """The same for a list of nodes, or none."""
        return tuple(self.lift(node, clause, guards) for node in nodes or ()) if isinstance(nodes, list) else ()

    # Leaves

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
            names.append(part.this if part.__class__ is exp.Identifier else "*")
        path = tuple(names)
        span = spanned((start, end)) if end >= 0 else self._dotted(path[-1])
        if span.end >= 0:
            self.pos = span.end
        if self.holes and end >= 0 and (hole := self.hole_in(start, end)) is not None:
            return self._masked_column(node, hole, span, clause, guards)
        if path[-1] == "*" and args["this"].__class__ is exp.Star:
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
        if span.end >= 0:
            self.pos = span.end
            opaque = bool(self.holes) and self.hole_in(span.start, span.end) is not None
        name = self.restored(*span).strip("'\"") if opaque else str(node.this)
        kind = "number" if node.__class__ is exp.Literal and not node.args.get("is_string") else "string"
        return Expr("literal", (), span, name, clause, guards, (), opaque, kind)

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

    # Operators

    def _paren(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        inner = self.lift(node.this, clause, guards)
        return _at(inner, self.in_brackets(inner.span)) if inner.span.end >= 0 else inner

    def _connector(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        """AND and OR: a chain of a thousand is one node with a thousand arguments, lifted without recursion."""
        cls = node.__class__
        chain: list[exp.Expr] = []
        left: exp.Expr = node
        while left.__class__ is cls:
            chain.append(left.args["expression"])
            left = left.this
        args = [self.lift(left, clause, guards)]
        args.extend(self.lift(part, clause, guards) for part in reversed(chain))
        span, opaque = cover_all(NOWHERE, args)
        return Expr("and" if cls is exp.And else "or", tuple(args), span, "", clause, guards, (), opaque)

    def _binary(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        spine: list[exp.Expr] = []
        left: exp.Expr = node
        while _HANDLERS.get(left.__class__) is Expressions._binary:
            spine.append(left)
            left = left.this
        result = self.lift(left, clause, guards)
        for part in reversed(spine):
            right = self.lift(part.args["expression"], clause, guards)
            result = Expr(
                operation(part.__class__),
                (result, right),
                cover(result.span, right.span),
                "",
                clause,
                guards,
                (),
                result.opaque or right.opaque,
            )
        return result

    def _not(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        inner = node.this
        if COMPARISONS.get(inner.__class__) in NEGATED and not inner.args.get("negate"):
            return self._compare(inner, clause, guards, negated=True)
        return self._prefixed(node, clause, guards)

    def _prefixed(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        arg = self.lift(node.this, clause, guards)
        span = arg.span
        before = self.index_before(span.start) if span.end >= 0 else -1
        if self.kind_of(before) in (TokenType.NOT, TokenType.DASH):
            span = Span(self.layout.tokens[before].start, span.end)
        return Expr(operation(node.__class__), (arg,), span, "", clause, guards, (), arg.opaque)

    def _comparison(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        return self._compare(node, clause, guards, negated=bool(node.args.get("negate")))

    def _compare(self, node: exp.Expr, clause: Clause, guards: Guards, negated: bool) -> Expr:
        cls, args = node.__class__, node.args
        op = COMPARISONS[cls]
        if negated:
            op = NEGATED.get(op, op)
        left = self.lift(node.this, clause, guards)
        closing: Span = NOWHERE
        if cls is exp.In:
            right, closing = self._in_list(node, clause, guards)
        elif cls is exp.Between:
            right = (self.lift(args["low"], clause, guards), self.lift(args["high"], clause, guards))
        else:
            right = (self.lift(args["expression"], clause, guards),)
        right_span, opaque = cover_all(NOWHERE, right)
        operator = operator_between(self, left.span, right_span)
        if cls in (exp.EQ, exp.NEQ) and args["expression"].__class__ in (exp.Any, exp.All) and operator.end >= 0:
            # Snowflake's "x NOT IN (SELECT ...)" comes as "x <> ALL (SELECT ...)".
            word = operator.of(self.text)[:3].upper()
            op = "in" if word.startswith("IN") else "not_in" if word == "NOT" else op
            right = right[0].args if op in ("in", "not_in") and right[0].args else right
            right_span, opaque = cover_all(NOWHERE, right)
        span = cover(left.span, operator, closing, right_span)
        before = self.index_before(left.span.start) if negated and left.span.end >= 0 else -1
        if self.kind_of(before) is TokenType.NOT:
            span = cover(self.token_span(before), span)
        # T-SQL's "SELECT @a = b" gives a variable its value.
        assigns = cls is exp.EQ and left.op == "parameter" and node.parent.__class__ is exp.Select
        # sqlglot spells some functions as comparisons (DIV0 as a CASE): without an operator nobody wrote one.
        if operator.end >= 0 and not assigns:
            self.comparisons.append(Comparison(op, left, right, operator, span, clause))
        return Expr(op, (left, *right), span, "", clause, guards, (), left.opaque or opaque)

    def _in_list(self, node: exp.Expr, clause: Clause, guards: Guards) -> tuple[tuple[Expr, ...], Span]:
        args = node.args
        opening = self.ahead(TokenType.IN)
        if opening >= 0:
            self.pos = self.layout.tokens[opening].end + 1
        if args.get("query") is not None:
            self.next_role = Role.IN
            right: tuple[Expr, ...] = (self.lift(args["query"], clause, guards),)
        elif args.get("unnest") is not None:
            right = (self.lift(args["unnest"], clause, guards),)
        elif args.get("field") is not None:
            right = (self.lift(args["field"], clause, guards),)
        else:
            right = self.lift_all(args.get("expressions"), clause, guards)
        closing = self.layout.match.get(opening + 1) if opening >= 0 else None
        return right, self.token_span(closing) if closing is not None else NOWHERE

    # Calls

    def _other(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        """Functions, and every node without a handler: the children and the brackets around them."""
        cls = node.__class__
        start, end = placed(node)
        name = ""
        if end >= 0:
            name = self.text[start:end]
            self.pos = end
        guard = GUARDS.get(cls)
        kind = call_kind(cls)
        if guard is None and kind == "aggregate":
            guard = "aggregate"
        inside = guards | {guard} if guard else guards
        if cls in _ROLES:
            held = node.this if isinstance(node.this, exp.Expr) else next(iter(node.expressions), None)
            self.next_role = _ROLES[cls] if isinstance(held, (exp.Query, exp.Subquery)) else Role.SCALAR
        args = tuple(self._children(node, clause, inside))
        span, opaque = cover_all(spanned((start, end)), args)
        if kind:
            span = call_span(self, node, span, end)
        elif cls is exp.Tuple and span.end >= 0:
            span = self.in_brackets(span)
        elif span.end >= 0 and self.kind_of(self.index_behind(span.end)) is TokenType.R_BRACKET:
            span = through_bracket(self, span)
        if span.end > self.pos:
            self.pos = span.end
        return Expr(operation(cls), args, span, name or node.name, clause, guards, (), opaque, kind)

    def _children(self, node: exp.Expr, clause: Clause, guards: Guards) -> list[Expr]:
        found: list[Expr] = []
        for value in node.args.values():
            for child in value if isinstance(value, list) else (value,):
                if isinstance(child, exp.Expr) and not isinstance(child, SKIPPED):
                    lifted = self.lift(child, clause, guards)
                    if child.__class__ is not exp.Var and child.__class__ is not exp.Identifier:
                        found.append(lifted)
        return found

    def _cast(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        arg = self.lift(node.this, clause, guards)
        kind, span = cast_type(self, arg.span) if arg.span.end >= 0 else ("", arg.span)
        if span.end >= 0:
            self.pos = max(self.pos, span.end)
        return Expr("cast", (arg,), span, "", clause, guards, (), arg.opaque, kind)

    def _case(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        first = self.ahead(TokenType.CASE)
        if first >= 0:
            self.pos = self.layout.tokens[first].end + 1
        inside = guards | {"case"}
        args: list[Expr] = []
        if node.this is not None and isinstance(node.this, exp.Expr):
            args.append(self.lift(node.this, clause, inside))
        for branch in node.args.get("ifs") or ():
            pair = (self.lift(branch.this, clause, inside), self.lift(branch.args["true"], clause, inside))
            opaque = pair[0].opaque or pair[1].opaque
            span = cover(pair[0].span, pair[1].span)
            args.append(Expr("when", pair, span, "", clause, inside, (), opaque))
        default = node.args.get("default")
        if default is not None:
            args.append(self.lift(default, clause, inside))
        span = cover(*(arg.span for arg in args))
        last = self.layout.match.get(first) if first >= 0 else None
        if last is not None:
            span = cover(span, self.token_span(first, last))
            self.pos = span.end
        return Expr("case", tuple(args), span, "", clause, guards, (), any(arg.opaque for arg in args))

    def _window(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        inside = guards | {"window"}
        call = self.lift(node.this, clause, inside)
        span = call.span
        if span.end >= 0:
            over = self.index_behind(span.end)
            stop = over + 12
            while over < stop and self.kind_of(over) not in (TokenType.OVER, None):
                over += 1
            if self.kind_of(over) is TokenType.OVER:
                self.pos = self.layout.tokens[over].end + 1
                closing = self.layout.match.get(over + 1, over + 1)
                span = cover(span, self.token_span(over, min(closing, len(self.layout.tokens) - 1)))
        partition, order, frame = self.window_parts(node, clause, inside)
        named = node.args.get("alias")
        window = named.name if isinstance(named, exp.Expr) else ""
        known = True
        if window:
            base = self.scopes[-1].windows.get(window.casefold()) if self.scopes else None
            known = base is not None
            if base is not None:
                partition, order, frame = base.partition, order or base.order, frame or base.frame
        kind, first, last = frame_words(frame)
        frame_facts = (call, kind, first, last, window, known, skips_nulls(node.this))
        self.windows.append(WindowCall(call.op, partition, order, frame is not None, span, self.alias, *frame_facts))
        if span.end > self.pos:
            self.pos = span.end
        args = (call, *partition, *order)
        opaque = any(arg.opaque for arg in args)
        return Expr("window", args, span, call.name, clause, guards, (), opaque)

    def window_parts(self, node: exp.Expr, clause: Clause, guards: Guards) -> NamedWindow:
        """PARTITION BY, ORDER BY and frame, as they are written in the node itself."""
        partition = self.lift_all(node.args.get("partition_by"), clause, guards)
        order_node = node.args.get("order")
        order = self.lift_all(order_node.expressions, clause, guards) if order_node is not None else ()
        return NamedWindow(partition, order, node.args.get("spec"))

    def _inner(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        """Wrappers that only change how their content is shown or ordered."""
        inner = self.lift(node.this, clause, guards)
        if node.__class__ is exp.Ordered and node.args.get("desc"):
            return Expr("desc", (inner,), inner.span, "", clause, guards, (), inner.opaque)
        return inner

    def _subquery(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        role, self.next_role = self.next_role, Role.SCALAR
        block, span = self.query(node, Role.EXISTS if node.__class__ is exp.Exists else role)
        if node.__class__ is exp.Exists:
            op = "exists"
            before = self.index_before(span.start) if span.end >= 0 else -1
            if self.kind_of(before) is TokenType.L_PAREN and before > 0:
                span = cover(self.in_brackets(span), self.token_span(before - 1))
            elif self.kind_of(before) is TokenType.EXISTS:
                span = cover(span, self.token_span(before))
        else:
            op = "subquery"
            span = self.in_brackets(span) if span.end >= 0 and node.__class__ is not exp.Subquery else span
        if span.end >= 0:
            self.pos = span.end
        opaque = bool(self.holes) and span.end >= 0 and self.hole_in(span.start, span.end) is not None
        return Expr(op, (), span, "", clause, guards, (), opaque, "", block)

    def _interval(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        args = (self.lift(node.this, clause, guards),) if isinstance(node.this, exp.Expr) else ()
        span = cover(*(arg.span for arg in args))
        unit = node.args.get("unit")
        if span.end >= 0:
            before, behind = self.index_before(span.start), self.index_behind(span.end)
            if self.kind_of(before) is TokenType.INTERVAL:
                span = cover(self.token_span(before), span)
            if unit is not None and is_word(self, behind, unit.name.upper(), unit.name.upper() + "S"):
                span = cover(span, self.token_span(behind))
            self.pos = span.end
        name = unit.name if unit is not None else ""
        return Expr("interval", args, span, name, clause, guards, (), any(arg.opaque for arg in args))

    def _json(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        """``a:b.c``, ``a -> 'b'``, ``JSON_EXTRACT(a, 'b')``: the path has no position, so its tokens are taken."""
        if placed(node).end >= 0:
            return self._other(node, clause, guards)
        base = self.lift(node.this, clause, guards)
        span = base.span
        if span.end >= 0:
            span = json_path(self, span)
            self.pos = span.end
        return Expr("json_extract", (base,), span, "", clause, guards, (), base.opaque, "function")


def _at(expr: Expr, span: Span) -> Expr:
    return Expr(
        expr.op,
        expr.args,
        span,
        expr.name,
        expr.clause,
        expr.guards,
        expr.path,
        expr.opaque,
        expr.kind,
        expr.query,
    )


def _table_of_handlers() -> dict[type, Handler]:
    table: dict[type, Handler] = {
        exp.Column: Expressions._column,
        **dict.fromkeys(
            (exp.Literal, exp.National, exp.RawString, exp.Heredoc, exp.UnicodeString), Expressions._literal
        ),
        exp.Null: Expressions._word,
        exp.Boolean: Expressions._word,
        exp.Placeholder: Expressions._parameter,
        exp.Parameter: Expressions._parameter,
        exp.SessionParameter: Expressions._parameter,
        exp.Identifier: Expressions._name,
        exp.Var: Expressions._name,
        exp.Star: Expressions._name,
        exp.Paren: Expressions._paren,
        exp.And: Expressions._connector,
        exp.Or: Expressions._connector,
        exp.Not: Expressions._not,
        exp.Neg: Expressions._prefixed,
        exp.Case: Expressions._case,
        exp.Cast: Expressions._cast,
        exp.TryCast: Expressions._cast,
        exp.Window: Expressions._window,
        exp.IgnoreNulls: Expressions._inner,
        exp.RespectNulls: Expressions._inner,
        exp.Ordered: Expressions._inner,
        exp.Alias: Expressions._inner,
        exp.Subquery: Expressions._subquery,
        exp.Exists: Expressions._subquery,
        exp.Select: Expressions._subquery,
        exp.Interval: Expressions._interval,
        exp.JSONExtract: Expressions._json,
        exp.JSONExtractScalar: Expressions._json,
        **dict.fromkeys(COMPARISONS, Expressions._comparison),
    }
    for found in vars(exp).values():
        if isclass(found) and issubclass(found, exp.Expr):
            if issubclass(found, exp.SetOperation):
                table.setdefault(found, Expressions._subquery)
            elif issubclass(found, exp.Binary) and not issubclass(found, (exp.Func, exp.Kwarg)):
                table.setdefault(found, Expressions._binary)
    return table


_HANDLERS: Final = _table_of_handlers()
