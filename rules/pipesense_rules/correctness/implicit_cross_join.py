"""Two tables are put side by side and nothing says which rows belong together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import Block, Clause, Expr, Join, Source
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense_rules import queries

_WHY = "Each row of the one meets every row of the other: a thousand times a thousand are a million."
_DO = "Add the condition that makes two rows belong together, or write CROSS JOIN where all pairs are meant."

_NAMES_ROWS: Final = regex(r"(?:^|_)(?:id|uuid|key|address)$", re.IGNORECASE)

META = RuleMeta(
    id="correctness/implicit-cross-join",
    wants=Block,
    pattern="join-conditions",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO, FileRole.TEST},
    scope=Scope.UNIT,
    messages={
        "comma": Message(Severity.WARNING, "A comma joins {table}, and no condition ties it to {others}.", _WHY, _DO),
        "grid": Message(
            Severity.INFO,
            "A comma joins {table} to {others}, and the query has no condition at all.",
            "Each row of the one meets every row of the other. That may be what is meant here, but nothing says so.",
            "Write CROSS JOIN, or add the condition that makes two rows belong together.",
        ),
        "product": Message(
            Severity.INFO,
            "This JOIN of {table} has no condition, and the query has none at all.",
            "Each row of the one meets every row of the other. That may be what is meant here, but nothing says so.",
            "Write CROSS JOIN, or add the condition that makes two rows belong together.",
        ),
        "bare": Message(Severity.WARNING, "This JOIN of {table} has no condition.", _WHY, _DO),
        "constant": Message(
            Severity.INFO, "The condition that joins {table} names no column, so it ties no rows.", _WHY, _DO
        ),
    },
)


@rule(META)
def implicit_cross_join(block: Block, ctx: Context) -> Iterator[Finding]:
    """At the joined table, unless one side has a single row."""
    before = list(block.sources)
    for index, join in enumerate(block.joins):
        variant = _variant(block, join, index)
        if variant is not None and _many(join.source, block) and any(_many(source, block) for source in before):
            others = [source.alias for source in before if source.alias]
            yield ctx.finding(
                variant,
                at=join.source.span,
                table=join.source.alias,
                others=" or ".join(others) or "the other",
            )
        before.append(join.source)


def _variant(block: Block, join: Join, index: int) -> str | None:
    """How the join says nothing; None where it says something or may."""
    source = join.source
    if source.kind not in ("table", "cte", "subquery") or not source.alias or join.using:
        return None
    if join.natural or join.kind not in ("", "inner", "outer") or source.lateral or _is_path_into(block, source):
        return None
    if block.holes & {Clause.FROM, Clause.ON, Clause.WHERE} or _is_tied(block, join, index):
        return None
    if join.comma:
        return "comma" if _has_conditions(block) else "grid"
    if not join.on:
        # Brackets may hold the condition of this join behind those of others.
        if any(other.on for other in block.joins[index + 1 :]):
            return None
        return "bare" if _has_conditions(block) else "product"
    if join.side or any(not _is_constant(part) for part in join.on):
        return None
    return "constant"


def _has_conditions(block: Block) -> bool:
    """A condition that was forgotten is mostly missing among others."""
    return bool(block.where) or any(other.on or other.using for other in block.joins)


def _is_constant(part: Expr) -> bool:
    """TRUE, 1 = 1: neither a column nor anything that may hold one."""
    return all(each.op in ("boolean", "literal", "eq") and not each.opaque for each in part.walk())


def _is_path_into(block: Block, source: Source) -> bool:
    """``FROM orders o, o.lines``: the elements of each row's own array."""
    return len(source.parts) > 1 and source.parts[0].casefold() in queries.aliases(block)


def _is_tied(block: Block, join: Join, index: int) -> bool:
    """Whether some condition may connect the source with another: one of WHERE, or of a later join."""
    names = queries.aliases(block)
    alias = join.source.alias.casefold()
    later = [part for other in block.joins[index + 1 :] for part in other.on]
    return any(_may_connect(part, alias, names) for part in (*block.where, *later))


def _may_connect(part: Expr, alias: str, names: frozenset[str]) -> bool:
    whose = queries.owners([part], names)
    if whose is None:
        # A bare column, a structure's field or a template may be anybody's.
        return any(each.op in ("column", "hole", "subquery", "exists") for each in part.walk())
    return alias in whose and len(whose) > 1


def _many(source: Source, block: Block) -> bool:
    """Whether nothing says that a source has one row at most; a CTE that reads itself may be anything."""
    if _picks_one(block, source.alias.casefold()):
        return False
    if source.kind == "table":
        return True
    inner = source.block
    return inner is not None and not queries.one_row(inner) and not (len(inner.sources) == 1 and _picks_one(inner, ""))


def _picks_one(block: Block, alias: str) -> bool:
    """Whether WHERE says which row is meant: an identifier of the source equals a constant.

    "" stands for the only source of a query, whose columns need no name in front of them.
    """
    names = queries.aliases(block)
    for part in block.where:
        if part.op != "eq" or len(part.args) != 2:
            continue
        for one, other in (part.args, part.args[::-1]):
            named = list(queries.columns(one))
            if (
                len(named) != 1
                or any(True for _ in queries.columns(other))
                or not _NAMES_ROWS.search(named[0].path[-1])
            ):
                continue
            if not alias or queries.owner(named[0], names) == alias:
                return True
    return False
