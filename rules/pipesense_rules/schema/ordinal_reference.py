"""GROUP BY or ORDER BY counts to a column that does not exist, or whose number depends on a table."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.sql import Block, Clause, Expr, Source
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="schema/ordinal-reference",
    wants=Block,
    pattern="names-and-positions",
    since="0.1",
    by_dialect=True,
    roles=PRODUCTION | {FileRole.MACRO},
    scope=Scope.UNIT,
    messages={
        "missing": Message(
            Severity.ERROR,
            "{clause} {number} counts to a column that is not there: the query gives {count}.",
            "The engine refuses the statement.",
            "Name the column, or count again.",
        ),
        "star": Message(
            Severity.WARNING,
            "{clause} {number} counts past a star, so the column that is meant depends on the table.",
            "A column added to the table moves all that stand behind it, and another one is silently used.",
            "Name the column.",
        ),
    },
)


@rule(META)
def ordinal_reference(block: Block, ctx: Context) -> Iterator[Finding]:
    """At the first such number of each clause. Numbers within a list that is written out are a matter of taste."""
    if not (block.group or block.order) or Clause.SELECT in block.holes:
        return
    if any(output.expr.op == "hole" for output in block.outputs):
        return
    by_position = () if ctx.dialect in ("tsql", "fabric", "oracle") else block.group
    for clause, items in (("GROUP BY", by_position), ("ORDER BY", block.order)):
        for item in items:
            number = _number(item)
            variant = _variant(block, number) if number is not None else None
            if variant is not None:
                count = len(block.outputs)
                columns = f"{count} column{'' if count == 1 else 's'}"
                at = item.args[0].span if item.op == "desc" else item.span
                yield ctx.finding(variant, at=at, clause=clause, number=number, count=columns)
                break


def _variant(block: Block, number: int) -> str | None:
    star = next((index for index, output in enumerate(block.outputs) if _is_star(output.expr)), None)
    if star is None:
        return None if 1 <= number <= len(block.outputs) else "missing"
    first = sum(len(join.using) for join in block.joins[:1]) if star == 0 and block.outputs[0].expr.op == "star" else 0
    if number <= first and not block.outputs[0].expr.path:
        # The columns of USING come first (https://www.postgresql.org/docs/17/queries-table-expressions.html).
        return None
    return "star" if number > star + 1 and _may_grow(block, frozenset()) else None


def _is_star(expr: Expr) -> bool:
    """``*``, ``t.*``, and functions that make several columns."""
    return expr.op in ("star", "columns", "explode", "posexplode", "inline")


def _may_grow(block: Block, above: frozenset[int]) -> bool:
    """Whether a star of the query gives columns that no text of the statement lists; ``above``: queries around it."""
    return any(
        _is_star(output.expr) and any(_is_open(each, above | {id(block)}) for each in _spread(output.expr, block))
        for output in block.outputs
    )


def _spread(star: Expr, block: Block) -> tuple[Source, ...]:
    """The sources whose columns a star gives: the one that it is qualified by, else all of them."""
    name = star.path[-1].casefold() if star.op == "star" and star.path else ""
    return tuple(each for each in block.every_source if each.alias.casefold() == name) or block.every_source


def _is_open(source: Source, above: frozenset[int]) -> bool:
    if source.kind not in ("cte", "subquery") or source.reshaped:
        return True
    block = source.block
    return block is not None and id(block) not in above and _may_grow(block, above)


def _number(item: Expr) -> int | None:
    expr = item.args[0] if item.op == "desc" else item
    if expr.op != "literal" or expr.kind != "number" or expr.opaque or not expr.name.isdigit():
        return None
    return int(expr.name)
