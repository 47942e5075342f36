"""Why an INSERT that runs twice leaves one copy of its rows."""

from __future__ import annotations

from sqlglot import exp

from pipesense.lang.sql.lift.queries import Queries
from pipesense.model.sql import Block, Expr


def folded(parts: tuple[str, ...]) -> tuple[str, ...]:
    """A name's parts for comparing."""
    return tuple(part.casefold() for part in parts)


def same_table(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two folded names may mean one table: parts that one of them leaves out are no difference."""
    common = min(len(one), len(other))
    return common > 0 and one[-common:] == other[-common:]


def insert_guard(lift: Queries, node: exp.Expr, block: Block | None, target: tuple[str, ...], overwrite: bool) -> str:
    """What in the statement itself keeps a second run from adding the rows again, in words; "" for nothing."""
    conflict = node.args.get("conflict")
    if conflict is not None:
        return "ON DUPLICATE KEY UPDATE" if conflict.args.get("duplicate") else "ON CONFLICT"
    if overwrite:
        return "INSERT OVERWRITE of a partition" if _names_partition(node) else "INSERT OVERWRITE"
    if node.args.get("where") is not None:
        return "REPLACE WHERE"
    alternative = node.args.get("alternative")
    if alternative:
        return f"INSERT OR {str(alternative).upper()}"
    if node.args.get("ignore"):
        return "INSERT IGNORE"
    return _source_guard(lift, block, folded(target))


def _names_partition(node: exp.Expr) -> bool:
    return isinstance(node.args.get("partition") or node.this.args.get("partition"), exp.Expr)


def _source_guard(lift: Queries, block: Block | None, target: tuple[str, ...]) -> str:
    """Why the source leaves out rows that the target already has."""
    for operation in lift.set_operations:
        if operation.kind == "except" and _reads(operation.right, target):
            return "EXCEPT of the target"
    for one in lift.blocks if block is not None else ():
        for part in one.where:
            inner = part.args[0] if part.op == "not" and part.args else part
            if part.op == "not" and inner.op == "exists" and _reads(inner.query, target):
                return "WHERE NOT EXISTS on the target"
            if part.op == "not_in" and any(_reads(arg.query, target) for arg in part.args[1:]):
                return "NOT IN over the target"
            if part.op == "is" and _is_anti_join(one, part, target):
                return "anti-join on the target"
            if _finds_changes(one, part, target):
                return "a comparison with the target's rows"
        if any(join.kind == "anti" and _is_target(join.source.parts, target) for join in one.joins):
            return "anti-join on the target"
    return ""


def _is_target(parts: tuple[str, ...], target: tuple[str, ...]) -> bool:
    return same_table(folded(parts), target)


def _reads(block: Block | None, target: tuple[str, ...]) -> bool:
    if block is None:
        return False
    sources = (*block.sources, *(join.source for join in block.joins))
    return any(_is_target(one.parts, target) or _reads(one.block, target) for one in sources)


def _finds_changes(block: Block, part: Expr, target: tuple[str, ...]) -> bool:
    """``LEFT JOIN target t ... WHERE s.x <> t.x``: what the target has already is equal and left out."""
    if part.op == "or":
        return all(_finds_changes(block, arg, target) for arg in part.args)
    if part.op not in ("neq", "is_distinct"):
        return False
    aliases = {one.path[-2].casefold() for one in part.walk() if one.op == "column" and len(one.path) > 1}
    return any(
        join.side == "left" and join.source.alias.casefold() in aliases and _shows_target(join.source.parts, target)
        for join in block.joins
    )


def _shows_target(parts: tuple[str, ...], target: tuple[str, ...]) -> bool:
    """Whether a name is the target's or that of a view on it (``vw_orders`` on ``orders``)."""
    return _is_target(parts, target) or (bool(parts) and parts[-1].casefold().endswith("_" + target[-1]))


def _is_anti_join(block: Block, part: Expr, target: tuple[str, ...]) -> bool:
    """``LEFT JOIN target t ... WHERE t.key IS NULL``."""
    column = part.args[0]
    if column.op != "column" or len(column.path) < 2 or part.args[1].op != "null":
        return False
    alias = column.path[-2].casefold()
    return any(
        join.side == "left"
        and join.source.alias.casefold() == alias
        and (_is_target(join.source.parts, target) or _reads(join.source.block, target))
        for join in block.joins
    )
