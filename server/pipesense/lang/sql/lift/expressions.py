"""Expressions: one pass from the leaves up, collecting columns, comparisons and window calls on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from inspect import isclass
from typing import Final

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.lift.anchors import (
    call_span,
    case_span,
    cast_type,
    enclosing_call,
    indexed,
    is_word,
    json_path,
    operator_between,
    through_bracket,
    through_within,
    type_text,
)
from pipesense.lang.sql.lift.calls import CALLED, GUARDED, extracted, is_pattern, unit_word
from pipesense.lang.sql.lift.leaves import NO_GUARDS, Guards, Leaves
from pipesense.lang.sql.lift.shapes import (
    COMPARISONS,
    FUNCTION_BINARIES,
    GUARDS,
    NEGATED,
    call_kind,
    is_lifted,
    operation,
)
from pipesense.lang.sql.lift.state import NOWHERE, NamedWindow, cover, cover_all, placed, spanned
from pipesense.lang.sql.lift.windows import frame_words, skips_nulls
from pipesense.model.sql import Block, Clause, Comparison, Expr, Role, WindowCall
from pipesense.text.span import Span

Handler = Callable[["Expressions", exp.Expr, Clause, Guards], Expr]

_ROLES: Final[dict[type, Role]] = {exp.Array: Role.ARRAY, exp.Any: Role.IN, exp.All: Role.IN}


class Expressions(Leaves):
    """Lifts expressions; ``query`` is given by the class that knows queries."""

    def query(self, node: exp.Expr, role: Role, name: str = "", branch: int | None = None) -> tuple[Block | None, Span]:
        """Lift a query inside an expression: its first SELECT and the range of the whole."""
        raise NotImplementedError

    def lift(self, node: exp.Expr | None, clause: Clause, guards: Guards = NO_GUARDS) -> Expr:
        """The expression of a node, and everything inside it collected; a hole for what is not written yet."""
        if node is None:
            return Expr("hole", (), NOWHERE, "", clause, guards, (), True)
        handler = _HANDLERS.get(node.__class__)
        return self._other(node, clause, guards) if handler is None else handler(self, node, clause, guards)

    def lift_all(self, nodes: object, clause: Clause, guards: Guards = NO_GUARDS) -> tuple[Expr, ...]:
        """The same for a list of nodes, or none."""
        return tuple(self.lift(node, clause, guards) for node in nodes or ()) if isinstance(nodes, list) else ()

    # Operators

    def _paren(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        inner = self.lift(node.this, clause, guards)
        return _at(inner, self.in_brackets(inner.span)) if inner.span.end >= 0 else inner

    def _connector(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        """AND and OR: a chain of a thousand is one node with a thousand arguments, lifted without recursion."""
        cls = node.__class__
        chain: list[exp.Expr | None] = []
        left: exp.Expr = node
        while left.__class__ is cls:
            chain.append(left.args.get("expression"))
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
            right = self.lift(part.args.get("expression"), clause, guards)
            span = cover(result.span, right.span)
            if (
                part.__class__ in FUNCTION_BINARIES
                and self.kind_of(self.index_behind(result.span.end)) is TokenType.COMMA
            ):
                span = call_span(self, part, span, -1)
            result = Expr(
                operation(part.__class__),
                (result, right),
                span,
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
            right = (self.lift(args.get("low"), clause, guards), self.lift(args.get("high"), clause, guards))
        else:
            right = (self.lift(args.get("expression"), clause, guards),)
        right_span, opaque = cover_all(NOWHERE, right)
        operator = operator_between(self, left.span, right_span)
        if cls in (exp.EQ, exp.NEQ) and args.get("expression").__class__ in (exp.Any, exp.All) and operator.end >= 0:
            # Snowflake's "x NOT IN (SELECT ...)" comes as "x <> ALL (SELECT ...)".
            word = operator.of(self.text)[:3].upper()
            op = "in" if word.startswith("IN") else "not_in" if word == "NOT" else op
            right = right[0].args if op in ("in", "not_in") and right[0].args else right
            right_span, opaque = cover_all(NOWHERE, right)
        span = cover(left.span, operator, closing, right_span)
        if operator.end < 0 and call_kind(cls):
            # REGEXP_LIKE(a, b) is a comparison that is written as a call.
            name = placed(node)
            span = call_span(self, node, cover(span, name), name.end)
        elif operator.end < 0 and left.span.end >= 0:
            # Nobody wrote it (DIV0 is read as a CASE): what stands to the right of it may be anywhere.
            span = left.span
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
            right = (self._set_or_value(args["field"], clause, guards),)
        else:
            right = self.lift_all(args.get("expressions"), clause, guards)
        closing = self.layout.match.get(opening + 1) if opening >= 0 else None
        return right, self.token_span(closing) if closing is not None else NOWHERE

    def _set_or_value(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        """What stands behind IN without brackets. ClickHouse has tables and CTEs there, and never a column
        (https://clickhouse.com/docs/sql-reference/operators/in).
        """
        named = isinstance(node, exp.Column) and any(node.name.casefold() in names for names in self.cte_names)
        if not named and (self.dialect != "clickhouse" or not isinstance(node, exp.Column)):
            return self.lift(node, clause, guards)
        span = self.covers(node)
        return Expr("table", (), span, node.name, clause, guards, (), True)

    # Calls

    def _other(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        """Functions, and every node without a handler: the children and the brackets around them."""
        cls = node.__class__
        start, end = placed(node)
        name = ""
        if end >= 0:
            name = self.text[start:end]
            self.pos = end
        op, kind = operation(cls), call_kind(cls)
        if op == "function":
            op = CALLED.get(name.lower(), op)
            # A schema in front or another dialect hides that it aggregates.
            kind = "aggregate" if op == "string_agg" else kind
        if op == "extract":
            op = "regexp_extract" if is_pattern(node) else extracted(node)
        guard = GUARDS.get(cls) or GUARDED.get(op) or ("aggregate" if kind == "aggregate" else None)
        inside = guards | {guard} if guard else guards
        if cls in _ROLES:
            held = node.this if isinstance(node.this, exp.Expr) else next(iter(node.expressions), None)
            self.next_role = _ROLES[cls] if isinstance(held, (exp.Query, exp.Subquery)) else Role.SCALAR
        args = tuple(self._children(node, clause, inside, unit_word(op, node)))
        span, opaque = cover_all(spanned((start, end)), args)
        if cls is exp.Array and span.end < 0:
            span = self._empty_array()
        elif kind:
            span = call_span(self, node, span, end)
        elif cls is exp.WithinGroup or cls is exp.Filter:
            span = through_within(self, span)
        elif cls is exp.Bracket and args:
            span = indexed(self, args[0].span)
        elif cls is exp.Tuple and span.end >= 0:
            span = self.in_brackets(span)
        elif span.end >= 0 and self.kind_of(self.index_behind(span.end)) is TokenType.R_BRACKET:
            span = through_bracket(self, span)
        if span.end > self.pos:
            self.pos = span.end
        if kind == "function" and end < 0 and len(args) == 1 and span == args[0].span:
            # Nobody wrote this call: the parser says LOWER(a) for a CONTAINS_SUBSTR that ignores case.
            return args[0]
        return Expr(op, args, span, name or self._name_in(span) or node.name, clause, guards, (), opaque, kind)

    def _empty_array(self) -> Span:
        index = self.ahead(TokenType.L_BRACKET)
        closing = self.layout.match.get(index) if index >= 0 else None
        return self.token_span(index, closing) if closing == index + 1 else NOWHERE

    def _property(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        """``STRUCT(x AS name)``: the name may stand behind the value, so it says nothing of where that is."""
        start = self.pos
        left = self.lift(node.this, clause, guards)
        behind, self.pos = self.pos, start
        right = self.lift(node.args.get("expression"), clause, guards)
        self.pos = max(behind, self.pos)
        args = (right,) if left.op == "name" else (left, right)
        return Expr("propertyeq", args, cover(left.span, right.span), left.name, clause, guards, (), right.opaque)

    def _name_in(self, span: Span) -> str:
        """The word that a call starts with."""
        index = self.layout.starting_at(span.start)
        return "" if index < 0 or self.kind_of(index + 1) is not TokenType.L_PAREN else self.layout.tokens[index].text

    def _children(self, node: exp.Expr, clause: Clause, guards: Guards, unit: exp.Expr | None = None) -> list[Expr]:
        found: list[Expr] = []
        for value in node.args.values():
            if value is None or value is True or value is False:
                continue
            for child in value if value.__class__ is list else (value,):
                cls = child.__class__
                if cls is exp.Var or cls is exp.Identifier:
                    end = placed(child).end if child is not unit else -1
                    self.pos = end if end >= 0 else self.pos
                elif child is not unit and is_lifted(cls):
                    found.append(self.lift(child, clause, guards))
        return found

    def _cast(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        arg = self.lift(node.this, clause, guards)
        kind, span = cast_type(self, arg.span) if arg.span.end >= 0 else ("", arg.span)
        if span.end >= 0:
            self.pos = max(self.pos, span.end)
        return Expr("cast", (arg,), span, "", clause, guards, (), arg.opaque, kind)

    def _convert(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        """T-SQL's ``CONVERT(type, x, style)``."""
        arg = self.lift(node.args.get("expression"), clause, guards)
        before = self.index_before(arg.span.start) - 1 if arg.span.end >= 0 else -1
        found = enclosing_call(self, before, "CONVERT", "TRY_CONVERT")
        if found is None:
            return Expr("cast", (arg,), arg.span, "", clause, guards, (), arg.opaque)
        written, span = found
        self.pos = max(self.pos, span.end)
        return Expr("cast", (arg,), span, "", clause, guards, (), arg.opaque, type_text(written.of(self.text)))

    def _case(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        first = self.ahead(TokenType.CASE)
        if first >= 0:
            self.pos = self.layout.tokens[first].end + 1
        inside = guards | {"case"}
        args: list[Expr] = []
        if node.this is not None and isinstance(node.this, exp.Expr):
            args.append(self.lift(node.this, clause, inside))
        for branch in node.args.get("ifs") or ():
            pair = (self.lift(branch.this, clause, inside), self.lift(branch.args.get("true"), clause, inside))
            opaque = pair[0].opaque or pair[1].opaque
            span = cover(pair[0].span, pair[1].span)
            args.append(Expr("when", pair, span, "", clause, inside, (), opaque))
        default = node.args.get("default")
        if default is not None:
            args.append(self.lift(default, clause, inside))
        span = cover(*(arg.span for arg in args))
        whole = case_span(self, first, span)
        if whole.end >= 0:
            span = whole
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

    def _dot(self, node: exp.Expr, clause: Clause, guards: Guards) -> Expr:
        """A function with a schema in front; a longer path than a column has."""
        step = node.args.get("expression")
        if isinstance(step, exp.Func):
            place = self.covers(node.this)
            path = tuple(part.name for part in node.this.find_all(exp.Identifier, bfs=False))
            call = self.lift(step, clause, guards)
            return replace(call, span=cover(place, call.span), path=path)
        left, right = self.lift(node.this, clause, guards), self.lift(step, clause, guards)
        span = cover(left.span, right.span)
        return Expr("dot", (left, right), span, "", clause, guards, (), left.opaque or right.opaque)

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
        word = self.ahead(TokenType.INTERVAL)
        args = (self.lift(node.this, clause, guards),) if isinstance(node.this, exp.Expr) else ()
        span = cover(*(arg.span for arg in args))
        unit = node.args.get("unit")
        if span.end < 0 and word >= 0 and len(args) == 1:
            # The parser makes a new literal of ``1`` and of ``'1 day'``.
            value = word + 2 if self.kind_of(word + 1) is TokenType.DASH else word + 1
            span = self.token_span(word + 1, min(value, len(self.layout.tokens) - 1))
            args = (_at(args[0], span),)
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
        exp.DateStrToDate: Expressions._cast,
        exp.Convert: Expressions._convert,
        exp.Dot: Expressions._dot,
        exp.PropertyEQ: Expressions._property,
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
        exp.JSONBExtract: Expressions._json,
        exp.JSONBExtractScalar: Expressions._json,
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
