"""MERGE: its source, its condition, and what each WHEN does."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.lift.queries import Queries
from pipesense.lang.sql.lift.state import NOWHERE, Scope, conjuncts
from pipesense.lang.sql.lift.targets import Target, assignments, target_of
from pipesense.model.sql import Clause, Cte, Expr, Merge, MergeBranch
from pipesense.text.span import Span


def read_merge(lift: Queries, node: exp.Expr) -> tuple[Target, Merge, tuple[Cte, ...]]:
    """The target, what the MERGE says, and the names of the WITH in front of it."""
    args = node.args
    ctes, _ = lift.open_with(node)
    scope = Scope(derived=True, at=_verb(lift))
    lift.scopes.append(scope)
    target = target_of(lift, node.this)
    alias = target.alias or (target.parts[-1] if target.parts else "")
    scope.sources[alias.casefold()] = alias
    using = lift.ahead(TokenType.USING)
    if using >= 0:
        lift.pos = lift.layout.tokens[using].end + 1
    source = lift.read_source(args["using"], scope)
    on = lift.lift(args["on"], Clause.ON) if isinstance(args.get("on"), exp.Expr) else None
    whens = args.get("whens")
    nodes = whens.expressions if whens is not None else []
    places = _places(lift, len(nodes))
    branches = tuple(_branch(lift, when, place) for when, place in zip(nodes, places, strict=True))
    lift.close_scope()
    lift.close_with(ctes)
    whole = lift.token_span(0, len(lift.layout.tokens) - 1)
    return target, Merge(source, conjuncts(on), branches, whole), ctes or ()


def merge_guard(merge: Merge) -> str:
    """Why a second run leaves one copy of the rows; "" for a MERGE that can only ever insert."""
    never = len(merge.on) == 1 and merge.on[0].op == "boolean" and merge.on[0].name == "FALSE"
    replaces = any(one.match == "not matched by source" and one.action == "delete" for one in merge.branches)
    return "" if never and not replaces else "MERGE"


def _verb(lift: Queries) -> int:
    return next((one.start for one in lift.layout.tokens if one.token_type is TokenType.MERGE), -1)


def _places(lift: Queries, count: int) -> list[Span]:
    """The ranges of the WHENs; those of CASE are none."""
    tokens = lift.layout.tokens
    starts: list[int] = []
    index = 0
    while index < len(tokens):
        if tokens[index].token_type is TokenType.WHEN:
            starts.append(index)
        elif index in lift.layout.match:
            index = max(index, lift.layout.match[index])
        index += 1
    if len(starts) != count:
        return [NOWHERE] * count
    return [lift.token_span(first, last - 1) for first, last in zip(starts, [*starts[1:], len(tokens)], strict=True)]


def _branch(lift: Queries, when: exp.Expr, place: Span) -> MergeBranch:
    args = when.args
    match = "matched" if args.get("matched") else "not matched by source" if args.get("source") else "not matched"
    if place.end >= 0:
        lift.pos = place.start
    condition = lift.lift(args["condition"], Clause.ON) if isinstance(args.get("condition"), exp.Expr) else None
    then = args.get("then")
    columns: tuple[str, ...] = ()
    values: tuple[Expr, ...] = ()
    star = False
    action = "nothing"
    if isinstance(then, exp.Update):
        action = "update"
        assigned, _ = assignments(lift, then.expressions)
        columns, values = tuple(name for name, _ in assigned), tuple(value for _, value in assigned)
        star = not assigned
    elif isinstance(then, exp.Insert):
        action = "insert"
        columns, values, star = _inserted(lift, then)
    elif isinstance(then, exp.Expr) and then.name.upper() == "DELETE":
        action = "delete"
    return MergeBranch(match, condition, action, columns, values, star, place)


def _inserted(lift: Queries, then: exp.Expr) -> tuple[tuple[str, ...], tuple[Expr, ...], bool]:
    listed, given = then.this, then.args.get("expression")
    columns = tuple(column.name for column in listed.expressions) if isinstance(listed, exp.Tuple) else ()
    if not isinstance(given, exp.Expr):
        return columns, (), not columns
    if isinstance(listed, exp.Expr):
        lift.pos = max(lift.pos, lift.covers(listed).end)
    row = lift.lift(given, Clause.VALUES)
    return columns, row.args if row.op == "tuple" else (row,), False
