"""Statements that change rows: INSERT, UPDATE, DELETE, MERGE, TRUNCATE, COPY."""

from __future__ import annotations

import re
from typing import Final

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.lift.guards import folded, insert_guard, same_table
from pipesense.lang.sql.lift.queries import Queries
from pipesense.lang.sql.lift.state import NOWHERE, Scope, conjuncts
from pipesense.model.sql import Block, Clause, Expr, Write
from pipesense.text.span import Span

_VERBS: Final = {
    "insert": (TokenType.INSERT,),
    "update": (TokenType.UPDATE,),
    "delete": (TokenType.DELETE,),
    "merge": (TokenType.MERGE,),
    "truncate": (TokenType.TRUNCATE,),
    "copy": (TokenType.COPY,),
}
_KEYWORDS: Final = (
    "where",
    "using",
    "set",
    "from",
    "values",
    "select",
    "returning",
    "limit",
    "order",
    "group",
)
_RUN_DATE: Final = re.compile(
    r"(?<![a-z])(?:ds|ds_nodash|ts|ts_nodash|data_interval_(?:start|end)|(?:next_|prev_|yesterday_|tomorrow_)ds"
    r"|(?:logical|execution|run|start|end|submission|process(?:ing)?|partition|target|batch)_?(?:date|day|time)"
    r"|date|dt|day)(?![a-z])",
    re.IGNORECASE,
)
_LONG_VALUES: Final = 200
_PREDICATES: Final = frozenset({Clause.WHERE, Clause.ON, Clause.HAVING, Clause.QUALIFY})


def read_write(lift: Queries, node: exp.Expr) -> Write | None:
    """The write that a statement's tree is, or None for a statement that writes no table's rows."""
    if isinstance(node, exp.Insert):
        return _insert(lift, node)
    if isinstance(node, exp.Update):
        return _update(lift, node)
    if isinstance(node, exp.Delete):
        return _delete(lift, node)
    if isinstance(node, exp.Merge):
        return _merge(lift, node)
    if isinstance(node, exp.TruncateTable):
        return _truncate(lift, node)
    if isinstance(node, exp.Copy):
        return _copy(lift, node)
    return None


def _keyword(lift: Queries, verb: str) -> Span:
    kinds = _VERBS[verb]
    for index, token in enumerate(lift.layout.tokens):
        if token.token_type in kinds:
            return lift.token_span(index)
    return lift.token_span(0)


def _build(
    lift: Queries,
    verb: str,
    target: tuple[tuple[str, ...], Span],
    *,
    filtered: bool,
    guard: str,
    columns: tuple[str, ...] = (),
    overwrite: bool = False,
    where: tuple[Expr, ...] = (),
    alias_like_keyword: str = "",
    holes: frozenset[Clause] | None = None,
) -> Write:
    parts, place = target
    if place.end < 0:
        place = lift.token_span(0, len(lift.layout.tokens) - 1)
    name = folded(parts)
    return Write(
        verb,
        parts,
        place,
        _keyword(lift, verb),
        filtered,
        guard,
        columns,
        overwrite,
        bool(parts) and parts[-1].startswith("#"),
        where,
        lift.clause_holes(lift.layout.regions[0]) if holes is None else holes,
        alias_like_keyword,
        any(same_table(name, folded(read)) for read, _ in lift.reads),
        _run_dates(lift),
    )


def _run_dates(lift: Queries) -> tuple[Span, ...]:
    """Holes and parameters in predicates that are named like the date of a run."""
    found: list[Span] = []
    for hole in lift.holes:
        index = lift.layout.index_at(hole.span.start)
        is_date = index >= 0 and _RUN_DATE.search(hole.text) is not None
        if is_date and lift.layout.region_at(index).clause_at(index) in _PREDICATES:
            found.append(hole.span)
    for comparison in lift.comparisons:
        for side in (comparison.left, *comparison.right):
            found.extend(
                part.span
                for part in side.walk()
                if part.op == "parameter" and comparison.clause in _PREDICATES and _RUN_DATE.search(part.name)
            )
    return tuple(dict.fromkeys(found))


def _target(lift: Queries, node: exp.Expr) -> tuple[tuple[tuple[str, ...], Span], tuple[str, ...]]:
    """A target table's name and the column list behind it."""
    columns: tuple[str, ...] = ()
    if isinstance(node, exp.Schema):
        columns = tuple(
            lift.name_of(part) if isinstance(part, exp.Identifier) else part.name for part in node.expressions
        )
        place = lift.covers(node)
        node = node.this
        lift.pos = max(lift.pos, place.end)
    if not isinstance(node, exp.Table):
        return ((), lift.covers(node)), columns
    name = lift.table_name(node)
    lift.pos = max(lift.pos, name[1].end)
    return name, columns


def _insert(lift: Queries, node: exp.Expr) -> Write:
    args = node.args
    ctes, _ = lift.open_with(node)
    target, columns = _target(lift, node.this)
    partition = node.this.args.get("partition") or args.get("partition")
    if isinstance(partition, exp.Expr):
        lift.pos = max(lift.pos, lift.covers(partition).end)
    block, where = _insert_source(lift, args.get("expression"))
    condition = args.get("where")
    if isinstance(condition, exp.Where):
        where = (*where, *conjuncts(lift.lift(condition.this, Clause.WHERE)))
    lift.close_with(ctes)
    overwrite = bool(args.get("overwrite"))
    guard = insert_guard(lift, node, block, target[0], overwrite)
    holes = block.holes if block is not None else frozenset()
    return _build(
        lift,
        "insert",
        target,
        filtered=bool(where),
        guard=guard,
        columns=columns,
        overwrite=overwrite,
        where=where,
        holes=holes | lift.clause_holes(lift.layout.regions[0]),
    )


def _insert_source(lift: Queries, source: object) -> tuple[Block | None, tuple[Expr, ...]]:
    if isinstance(source, exp.Values):
        if len(source.expressions) <= _LONG_VALUES:
            lift.lift_all(source.expressions, Clause.VALUES)
        return None, ()
    if isinstance(source, exp.Expr):
        _to_query(lift)
        block, _ = lift.query(source, derived=True)
        return block, block.where if block is not None else ()
    return None, ()


def _to_query(lift: Queries) -> None:
    """Move the reading position to the first SELECT or WITH behind it."""
    tokens = lift.layout.tokens
    for index in range(lift.index_behind(lift.pos) if lift.pos else 0, len(tokens)):
        if tokens[index].token_type in (TokenType.SELECT, TokenType.WITH):
            lift.pos = tokens[index].start
            return


def _sources(lift: Queries, scope: Scope, node: exp.Expr) -> None:
    """FROM and USING of UPDATE and DELETE, and the target's own joins."""
    target = node.this
    if isinstance(target, exp.Table):
        parts, place = lift.table_name(target)
        alias = target.alias or (parts[-1] if parts else "")
        scope.sources[alias.casefold()] = alias
        lift.pos = max(lift.pos, place.end)
        lift.nested_joins(target, scope)
    clause = node.args.get("from_")
    if clause is not None:
        lift.read_source(clause.this, scope)
        lift.nested_joins(clause.this, scope)
    using = node.args.get("using")
    for source in using if isinstance(using, list) else ():
        lift.read_source(source, scope)
        lift.nested_joins(source, scope)


def _where(lift: Queries, node: exp.Expr) -> tuple[Expr, ...]:
    clause = node.args.get("where")
    if clause is None:
        return ()
    mark = lift.layout.regions[0].mark(Clause.WHERE)
    if mark is not None:
        lift.pos = lift.layout.tokens[mark].end + 1
    return conjuncts(lift.lift(clause.this, Clause.WHERE))


def _assign(lift: Queries, nodes: list[exp.Expr]) -> tuple[tuple[str, ...], bool]:
    """The columns that SET assigns, and whether a new value is made from the column's old one."""
    names: list[str] = []
    from_itself = False
    for node in nodes:
        left, right = node.this, node.args.get("expression")
        if not isinstance(node, (exp.EQ, exp.PropertyEQ)) or not isinstance(right, exp.Expr):
            continue
        name = left.name if isinstance(left, exp.Column) else ""
        lift.pos = max(lift.pos, lift.covers(left).end)
        value = lift.lift(right, Clause.SET)
        names.append(name)
        from_itself = from_itself or any(
            part.op == "column" and len(part.path) == 1 and part.name.casefold() == name.casefold()
            for part in value.walk()
        )
    return tuple(names), from_itself


def _update(lift: Queries, node: exp.Expr) -> Write:
    ctes, _ = lift.open_with(node)
    scope = Scope(derived=True)
    lift.scopes.append(scope)
    _sources(lift, scope, node)
    mark = lift.layout.regions[0].mark(Clause.SET)
    if mark is not None:
        lift.pos = lift.layout.tokens[mark].end + 1
    columns, from_itself = _assign(lift, node.expressions)
    where = _where(lift, node)
    lift.close_scope()
    lift.close_with(ctes)
    target, _ = _target(lift, node.this)
    guard = "" if from_itself else "UPDATE"
    return _build(lift, "update", target, filtered=bool(where), guard=guard, columns=columns, where=where)


def _delete(lift: Queries, node: exp.Expr) -> Write:
    ctes, _ = lift.open_with(node)
    scope = Scope(derived=True)
    lift.scopes.append(scope)
    _sources(lift, scope, node)
    where = _where(lift, node)
    lift.close_scope()
    lift.close_with(ctes)
    target, _ = _target(lift, node.this)
    alias = node.this.alias if isinstance(node.this, exp.Table) else ""
    typed = alias if _is_half_typed(alias) else ""
    return _build(lift, "delete", target, filtered=bool(where), guard="DELETE", where=where, alias_like_keyword=typed)


def _is_half_typed(alias: str) -> bool:
    return bool(alias) and any(word.startswith(alias.casefold()) for word in _KEYWORDS)


def _merge(lift: Queries, node: exp.Expr) -> Write:
    args = node.args
    ctes, _ = lift.open_with(node)
    scope = Scope(derived=True)
    lift.scopes.append(scope)
    target, _ = _target(lift, node.this)
    alias = node.this.alias or (target[0][-1] if target[0] else "")
    scope.sources[alias.casefold()] = alias
    _to_using(lift)
    lift.read_source(args["using"], scope)
    on = lift.lift(args["on"], Clause.ON) if isinstance(args.get("on"), exp.Expr) else None
    columns: list[str] = []
    whens = args.get("whens")
    never = on is not None and on.op == "boolean" and on.name == "FALSE"
    deletes = False
    for when in whens.expressions if whens is not None else ():
        deletes = deletes or (bool(when.args.get("source")) and "DELETE" in str(when.args.get("then")).upper())
        columns += _merge_branch(lift, when)
    lift.close_scope()
    lift.close_with(ctes)
    guard = "" if never and not deletes else "MERGE"
    where = conjuncts(on)
    unique = tuple(dict.fromkeys(columns))
    return _build(lift, "merge", target, filtered=True, guard=guard, columns=unique, where=where)


def _to_using(lift: Queries) -> None:
    index = lift.ahead(TokenType.USING)
    if index >= 0:
        lift.pos = lift.layout.tokens[index].end + 1


def _merge_branch(lift: Queries, when: exp.Expr) -> list[str]:
    condition = when.args.get("condition")
    if isinstance(condition, exp.Expr):
        lift.lift(condition, Clause.ON)
    then = when.args.get("then")
    if isinstance(then, exp.Update):
        names, _ = _assign(lift, then.expressions)
        return list(names)
    if isinstance(then, exp.Insert):
        columns = then.this.expressions if isinstance(then.this, exp.Tuple) else []
        values = then.args.get("expression")
        if isinstance(values, exp.Expr):
            lift.pos = max(lift.pos, lift.covers(then.this).end if isinstance(then.this, exp.Expr) else 0)
            lift.lift(values, Clause.VALUES)
        return [column.name for column in columns]
    return []


def _truncate(lift: Queries, node: exp.Expr) -> Write:
    tables = [table for table in node.expressions if isinstance(table, exp.Table)]
    target = lift.table_name(tables[0]) if tables else ((), NOWHERE)
    return _build(lift, "truncate", target, filtered=False, guard="TRUNCATE")


def _copy(lift: Queries, node: exp.Expr) -> Write | None:
    """COPY brings rows in unless it says TO; a target that is a stage or a path is an unload."""
    if not node.args.get("kind") or not isinstance(node.this, (exp.Table, exp.Schema)):
        return None
    target, columns = _target(lift, node.this)
    if not target[0] or target[0][0].startswith("@"):
        return None
    words = {token.text.upper() for token in lift.layout.tokens[:2]}
    # Snowflake and Databricks remember which files a table has loaded, FORCE = TRUE switches that off.
    remembers = "INTO" in words and "FORCE" not in {token.text.upper() for token in lift.layout.tokens}
    guard = "COPY INTO loads a file once" if remembers else ""
    return _build(lift, "copy", target, filtered=False, guard=guard, columns=columns)
