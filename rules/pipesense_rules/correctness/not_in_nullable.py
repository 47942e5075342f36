"""NOT IN over a subquery keeps no row once the subquery gives a NULL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace, Rewrite
from pipesense.model.data import DatasetName
from pipesense.model.sql import Block, Expr, Statement, StatementFacts, Write
from pipesense.model.value import Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import queries

_DO: Final = "Add WHERE {column} IS NOT NULL to the subquery, or write NOT EXISTS."

META = RuleMeta(
    id="correctness/not-in-nullable",
    wants=Statement,
    given=("comparisons",),
    pattern="three-valued-logic",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO, FileRole.TEST},
    messages={
        "nullable": Message(
            Severity.WARNING,
            "NOT IN keeps no row at all as soon as one {column} of the subquery is NULL.",
            "It means unequal to each value, and whether a value differs from NULL is unknown. {column} may be NULL "
            "where it is made, and nothing in the subquery keeps NULL out.",
            _DO,
        ),
        "unknown": Message(
            Severity.INFO,
            "NOT IN would keep no row at all if one {column} of the subquery were NULL.",
            "It means unequal to each value, and whether a value differs from NULL is unknown. Nothing in the "
            "workspace says whether {column} may be NULL.",
            _DO,
        ),
    },
)

_FILTERS = frozenset({*queries.COMPARING, "is_not"})


@rule(META)
def not_in_nullable(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the operator, where the subquery lets NULL through and nothing says that there is none."""
    for comparison in statement.facts.comparisons if not statement.facts.error else ():
        if comparison.op != "not_in" or len(comparison.right) != 1:
            continue
        query = comparison.right[0].query
        if query is None or comparison.right[0].opaque:
            continue
        leaking: list[tuple[Block, Expr]] = []
        certain = False
        for branch in _branches(query, statement.facts):
            column = _column(branch)
            if column is None or branch.holes:
                leaking = []
                break
            if _keeps_null_out(branch, column) or _reads_target(branch, statement.facts.write):
                continue
            nullable = ctx.nullable(column, statement)
            if nullable is not False:
                leaking.append((branch, column))
                certain = certain or (bool(nullable) and not _is_undeclared(branch, statement, ctx))
        if leaking:
            yield ctx.finding(
                "nullable" if certain else "unknown",
                at=statement.at(comparison.operator),
                subject=tuple(leaking),
                column=".".join(leaking[0][1].path),
            )


def _is_undeclared(branch: Block, statement: Statement, ctx: Context) -> bool:
    """Whether the column is a copy of one whose table says of no column that it is never NULL.

    Who writes such definitions leaves NOT NULL out everywhere, so that it is missing tells nothing of this column.
    """
    found = ctx.outputs(statement, branch).columns
    if len(found) != 1 or not found[0].copied or not found[0].origins:
        return False
    tables = [ctx.relation(DatasetName(origin.table)) for origin in found[0].origins]
    return all(
        isinstance(table, Known)
        and not table.value.primary_key
        and all(column.nullable is not False for column in table.value.columns)
        for table in tables
    )


def _branches(query: Block, facts: StatementFacts) -> tuple[Block, ...]:
    """The queries whose rows a subquery gives: itself, or each of its UNION; none where one of them is no SELECT."""
    if query.branch is None:
        return (query,)
    union = next((each for each in facts.set_operations if query in each.branches), None)
    if union is None or union.kind != "union":
        return (query,)
    known = tuple(each for each in union.branches if each is not None)
    return known if len(known) == len(union.branches) else ()


def _reads_target(query: Block, write: Write | None) -> bool:
    """Whether the subquery reads the table that is filled: a NULL is NOT IN nothing, so none was ever let in."""
    if write is None:
        return False
    target = tuple(part.casefold() for part in write.target)
    read = [tuple(part.casefold() for part in source.parts) for source in query.every_source]
    return any(parts and parts[-len(target) :] == target[-len(parts) :] for parts in read)


@not_in_nullable.fix
def leave_nulls_out(finding: Finding, subject: tuple[tuple[Block, Expr], ...], ctx: Context) -> Offer | None:
    """``WHERE c IS NOT NULL`` inside; rows appear where there were none, so it is offered, not applied."""
    parts = [_filter(query, column, finding, ctx) for query, column in subject]
    change = Rewrite(tuple(part for part in parts if part is not None))
    if len(change.parts) != len(parts):
        return None
    each = "the subquery" if len(parts) == 1 else "each query of the UNION"
    return Offer(f"Leave NULLs out of {each}", change, Applicability.UNSAFE)


def _filter(query: Block, column: Expr, finding: Finding, ctx: Context) -> Replace | None:
    if query.group or query.having or query.qualify or any(part.op == "or" for part in query.where):
        return None
    ends = (*(source.span.end for source in query.every_source), *(join.span.end for join in query.joins))
    end = query.where[-1].span.end if query.where else max(ends, default=-1)
    if end < 0 or ctx.text(finding.loc.at(Span(end, query.span.end))).strip(" \n\t\r)"):
        return None
    words = f" {'AND' if query.where else 'WHERE'} {{}} IS NOT NULL"
    words = words.lower() if ctx.text(finding.loc.at(query.keyword)).islower() else words
    return Replace(finding.loc.at(Span(end, end)), words.format(ctx.text(finding.loc.at(column.span))))


def _column(query: Block) -> Expr | None:
    """The one column that the subquery gives, where it is a table's own; None for anything computed."""
    if len(query.outputs) != 1:
        return None
    expr = query.outputs[0].expr
    return expr if expr.op == "column" and not expr.opaque else None


def _keeps_null_out(query: Block, column: Expr) -> bool:
    """Whether the subquery cannot give NULL: a filter or a join on the column drops it, or it names its rows."""
    own = queries.last_name(column)
    if _is_key(own, query):
        return True
    inner = [part for join in query.joins if not join.side for part in join.on]
    conditions = (*query.where, *query.having, *query.qualify, *inner)
    if any(part.op in _FILTERS and _is_about(part, own) for part in conditions):
        return True
    return any(own in (name.casefold() for name in join.using) for join in query.joins)


def _is_about(part: Expr, own: str) -> bool:
    """Whether a condition looks at the column itself, not at a COALESCE of it."""
    if part.op == "is_not" and (len(part.args) < 2 or part.args[1].op != "null"):
        return False
    return any(queries.last_name(side) == own for side in part.args if side.op == "column")


def _is_key(own: str, query: Block) -> bool:
    """Whether the name says that the column names the rows of the table it is read from (``id`` of anything,
    ``order_id`` of ``orders``).
    """
    if own in ("id", "uuid", "key", "pk"):
        return True
    stem = own.removesuffix("_id").removesuffix("_key").removesuffix("_uuid")
    tables = [source.parts[-1].casefold() for source in query.sources if source.parts]
    return stem != own and any(stem in table.replace("ies", "y") for table in tables)
