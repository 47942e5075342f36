"""Statements that change rows: INSERT, UPDATE, DELETE, MERGE, TRUNCATE, COPY."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.lift.guards import folded, insert_guard, same_table
from pipesense.lang.sql.lift.merge import merge_guard, read_merge
from pipesense.lang.sql.lift.queries import Queries
from pipesense.lang.sql.lift.state import NOWHERE, Scope, conjuncts
from pipesense.lang.sql.lift.targets import Target, assignments, named_by_alias, other_sources, target_of
from pipesense.model.sql import Block, Clause, Cte, Expr, Join, Merge, Role, Source, Write
from pipesense.text.regex import regex
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
_RUN_DATE: Final = regex(
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


class _More(NamedTuple):
    """What only some statements say; the names are those of ``Write``."""

    merge: Merge | None = None
    source: Block | None = None
    values: int = 0
    width: int = 0
    by_name: bool = False
    partition: tuple[tuple[str, Expr | None], ...] = ()
    conflict: str = ""
    conflict_columns: tuple[str, ...] = ()
    assignments: tuple[tuple[str, Expr], ...] = ()
    sources: tuple[Source, ...] = ()
    joins: tuple[Join, ...] = ()
    ctes: tuple[Cte, ...] = ()


_NOTHING_MORE: Final = _More()


def _keyword(lift: Queries, verb: str) -> Span:
    kinds = _VERBS[verb]
    for index, token in enumerate(lift.layout.tokens):
        if token.token_type in kinds:
            return lift.token_span(index)
    return lift.token_span(0)


def _build(
    lift: Queries,
    verb: str,
    target: Target,
    *,
    filtered: bool,
    guard: str,
    columns: tuple[str, ...] = (),
    overwrite: bool = False,
    where: tuple[Expr, ...] = (),
    alias_like_keyword: str = "",
    holes: frozenset[Clause] | None = None,
    more: _More = _NOTHING_MORE,
) -> Write:
    parts, place = target.parts, target.place
    opaque = bool(lift.holes) and place.end >= 0 and lift.hole_in(*place) is not None
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
        bool(parts) and (parts[-1].startswith("#") or target.variable),
        where,
        lift.clause_holes(lift.layout.regions[0]) if holes is None else holes,
        alias_like_keyword,
        any(same_table(name, folded(read)) for read, _ in lift.reads),
        _run_dates(lift),
        target.alias,
        opaque,
        columns_span=target.columns_span,
        **more._asdict(),
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


def _insert(lift: Queries, node: exp.Expr) -> Write:
    args = node.args
    ctes, _ = lift.open_with(node)
    target = target_of(lift, node.this)
    partition = _partition(lift, node.this.args.get("partition") or args.get("partition"))
    source = args.get("expression")
    block, where = _insert_source(lift, source)
    rows = source.expressions if isinstance(source, exp.Values) else []
    condition = args.get("where")
    if isinstance(condition, exp.Where):
        where = (*where, *conjuncts(lift.lift(condition.this, Clause.WHERE)))
    conflict, keys, assigned = _conflict(lift, node, target)
    lift.close_with(ctes)
    overwrite = bool(args.get("overwrite"))
    guard = insert_guard(lift, node, block, target.parts, overwrite)
    holes = block.holes if block is not None else frozenset()
    return _build(
        lift,
        "insert",
        target,
        filtered=bool(where),
        guard=guard,
        columns=target.columns,
        overwrite=overwrite,
        where=where,
        holes=holes | lift.clause_holes(lift.layout.regions[0]),
        more=_More(
            source=block,
            values=len(rows),
            width=_width(rows),
            by_name=bool(args.get("by_name")),
            partition=partition,
            conflict=conflict,
            conflict_columns=keys,
            assignments=assigned,
            ctes=ctes or (),
        ),
    )


def _width(rows: list[exp.Expr]) -> int:
    """How many values every row has; 0 where they differ."""
    widths = {len(row.expressions) if isinstance(row, exp.Tuple) else 1 for row in rows}
    return widths.pop() if len(widths) == 1 else 0


def _partition(lift: Queries, node: object) -> tuple[tuple[str, Expr | None], ...]:
    """``PARTITION (day = '2024-01-01', country)``."""
    if not isinstance(node, exp.Expr):
        return ()
    found: list[tuple[str, Expr | None]] = []
    for part in node.expressions:
        value = part.args.get("expression")
        named = part.this if isinstance(part, exp.EQ) else part
        lift.pos = max(lift.pos, lift.covers(named).end)
        given = lift.lift(value, Clause.OTHER) if isinstance(part, exp.EQ) and isinstance(value, exp.Expr) else None
        found.append((named.name, given))
    lift.pos = max(lift.pos, lift.covers(node).end)
    return tuple(found)


def _conflict(
    lift: Queries, node: exp.Expr, target: Target
) -> tuple[str, tuple[str, ...], tuple[tuple[str, Expr], ...]]:
    """What happens to a row that is there already, the columns it is found by, what is assigned to it."""
    args = node.args
    conflict = args.get("conflict")
    if isinstance(conflict, exp.Expr):
        keys = tuple(part.this.name if isinstance(part, exp.Ordered) else part.name for part in _keys(conflict))
        scope = Scope(derived=True, at=_keyword(lift, "insert").start)
        for name in (target.alias or (target.parts[-1] if target.parts else ""), "excluded"):
            scope.sources[name.casefold()] = name
        lift.scopes.append(scope)
        assigned, _ = assignments(lift, conflict.expressions)
        condition = conflict.args.get("where")
        if isinstance(condition, exp.Where):
            lift.lift(condition.this, Clause.WHERE)
        lift.close_scope()
        action = conflict.args.get("action")
        word = action.name.upper() if isinstance(action, exp.Expr) else ""
        updates = assigned or conflict.args.get("duplicate") or "UPDATE" in word
        return "update" if updates else "nothing", keys, assigned
    if args.get("alternative"):
        return str(args["alternative"]).lower(), (), ()
    return "ignore" if args.get("ignore") else "", (), ()


def _keys(conflict: exp.Expr) -> list[exp.Expr]:
    keys = conflict.args.get("conflict_keys")
    return keys if isinstance(keys, list) else []


def _insert_source(lift: Queries, source: object) -> tuple[Block | None, tuple[Expr, ...]]:
    if isinstance(source, exp.Values):
        if len(source.expressions) <= _LONG_VALUES:
            lift.lift_all(source.expressions, Clause.VALUES)
        return None, ()
    if isinstance(source, exp.Expr):
        _to_query(lift)
        block, _ = lift.query(source, Role.STATEMENT)
        return block, block.where if block is not None else ()
    return None, ()


def _to_query(lift: Queries) -> None:
    """Move the reading position to the first SELECT or WITH behind it."""
    tokens = lift.layout.tokens
    for index in range(lift.index_behind(lift.pos) if lift.pos else 0, len(tokens)):
        if tokens[index].token_type in (TokenType.SELECT, TokenType.WITH):
            lift.pos = tokens[index].start
            return


def _where(lift: Queries, node: exp.Expr) -> tuple[Expr, ...]:
    clause = node.args.get("where")
    if clause is None:
        return ()
    mark = lift.layout.regions[0].mark(Clause.WHERE)
    if mark is not None:
        lift.pos = lift.layout.tokens[mark].end + 1
    return conjuncts(lift.lift(clause.this, Clause.WHERE))


def _update(lift: Queries, node: exp.Expr) -> Write:
    ctes, _ = lift.open_with(node)
    scope = Scope(derived=True, at=_keyword(lift, "update").start)
    lift.scopes.append(scope)
    sources, joins = other_sources(lift, scope, node)
    mark = lift.layout.regions[0].mark(Clause.SET)
    if mark is not None:
        lift.pos = lift.layout.tokens[mark].end + 1
    assigned, from_itself = assignments(lift, node.expressions)
    where = _where(lift, node)
    lift.close_scope()
    lift.close_with(ctes)
    return _build(
        lift,
        "update",
        named_by_alias(target_of(lift, node.this), sources, joins),
        filtered=bool(where),
        guard="" if from_itself else "UPDATE",
        columns=tuple(name for name, _ in assigned),
        where=where,
        more=_More(assignments=assigned, sources=sources, joins=joins, ctes=ctes or ()),
    )


def _delete(lift: Queries, node: exp.Expr) -> Write:
    ctes, _ = lift.open_with(node)
    scope = Scope(derived=True, at=_keyword(lift, "delete").start)
    lift.scopes.append(scope)
    sources, joins = other_sources(lift, scope, node)
    where = _where(lift, node)
    lift.close_scope()
    lift.close_with(ctes)
    target = target_of(lift, node.this)
    half_typed = target.alias if _is_half_typed(target.alias) else ""
    return _build(
        lift,
        "delete",
        named_by_alias(target, sources, joins),
        filtered=bool(where),
        guard="DELETE",
        where=where,
        alias_like_keyword=half_typed,
        more=_More(sources=sources, joins=joins, ctes=ctes or ()),
    )


def _is_half_typed(alias: str) -> bool:
    return bool(alias) and any(word.startswith(alias.casefold()) for word in _KEYWORDS)


def _merge(lift: Queries, node: exp.Expr) -> Write:
    target, merge, ctes = read_merge(lift, node)
    columns = tuple(dict.fromkeys(name for one in merge.branches for name in one.columns))
    guard = merge_guard(merge)
    return _build(
        lift,
        "merge",
        target,
        filtered=True,
        guard=guard,
        columns=columns,
        where=merge.on,
        more=_More(merge=merge, ctes=ctes),
    )


def _truncate(lift: Queries, node: exp.Expr) -> Write:
    tables = [table for table in node.expressions if isinstance(table, exp.Table)]
    target = Target(*lift.table_name(tables[0])) if tables else Target((), NOWHERE)
    return _build(lift, "truncate", target, filtered=False, guard="TRUNCATE")


def _copy(lift: Queries, node: exp.Expr) -> Write | None:
    """COPY brings rows in unless it says TO; a target that is a stage or a path is an unload."""
    if not node.args.get("kind") or not isinstance(node.this, (exp.Table, exp.Schema)):
        return None
    target = target_of(lift, node.this)
    if not target.parts or target.parts[0].startswith("@"):
        return None
    words = {token.text.upper() for token in lift.layout.tokens[:2]}
    # Snowflake and Databricks remember which files a table has loaded, FORCE = TRUE switches that off.
    remembers = "INTO" in words and "FORCE" not in {token.text.upper() for token in lift.layout.tokens}
    guard = "COPY INTO loads a file once" if remembers else ""
    return _build(lift, "copy", target, filtered=False, guard=guard, columns=target.columns)
