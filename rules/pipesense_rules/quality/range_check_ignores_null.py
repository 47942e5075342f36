"""A check counts values out of range and lets missing ones through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.data import CheckKind, DatasetName
from pipesense.model.sql import Block, Expr, Script, Statement
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import EVERYWHERE, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span

META = RuleMeta(
    id="quality/range-check-ignores-null",
    wants=Script,
    pattern="three-valued-logic",
    since="0.1",
    roles=EVERYWHERE - {FileRole.GENERATED},
    messages={
        "passes": Message(
            Severity.INFO,
            "This check does not see rows without {column}: NULL compared with a bound is unknown.",
            "{column} may be NULL in {table}. A load that loses all its values passes this check.",
            "Add OR {column} IS NULL, or count missing values in a check of their own.",
        ),
    },
)

_BOUNDS: Final = frozenset({"lt", "gt", "lte", "gte", "not_between"})


@dataclass(frozen=True, slots=True)
class Bounded:
    """The whole condition of a check, at ``end``; ``column`` is the column as written."""

    end: Loc
    column: str


@rule(META)
def range_check_ignores_null(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the condition, where the column surely may be NULL and no other check asks for its values."""
    for statement in script.statements:
        facts = statement.facts
        if facts.error or facts.kind != "select" or len(facts.blocks) != 1:
            continue
        column = _bounded(facts.blocks[0])
        if column is None or not ctx.checks_in(statement) or ctx.nullable(column, statement) is not True:
            continue
        source = facts.blocks[0].sources[0]
        dataset = DatasetName(tuple(part.lower() for part in source.parts))
        if any(
            CheckKind.NOT_NULL in check.kinds and column.name.lower() in map(str.lower, check.columns)
            for check in ctx.checks_on(dataset)
        ):
            continue
        yield _finding(facts.blocks[0].where[0], column, dataset, statement, ctx)


def _finding(condition: Expr, column: Expr, dataset: DatasetName, statement: Statement, ctx: Context) -> Finding:
    written = ctx.text(statement.at(column.span))
    end = statement.at(Span(condition.span.end, condition.span.end))
    return ctx.finding(
        "passes",
        at=statement.at(condition.span),
        column=written,
        table=dataset,
        subject=Bounded(end, written),
    )


def _bounded(block: Block) -> Expr | None:
    """The one column whose range is all that a query of one table asks about."""
    plain = len(block.sources) == 1 and block.sources[0].kind == "table" and not block.sources[0].opaque
    if not plain or block.joins or block.group or block.having or block.holes or len(block.where) != 1:
        return None
    condition = block.where[0]
    parts = condition.args if condition.op == "or" else (condition,)
    columns = [_column(part) for part in parts]
    first = columns[0]
    if first is None or any(each is None or each.path[-1] != first.path[-1] for each in columns):
        return None
    return first


def _column(part: Expr) -> Expr | None:
    """The column of a comparison with numbers."""
    if part.op not in _BOUNDS or part.opaque or not part.args:
        return None
    named = [each for each in part.args if each.op == "column"]
    others = [each for each in part.args if each.op != "column"]
    numbers = all(
        (each.op == "literal" and each.kind == "number") or (each.op == "neg" and each.args[0].op == "literal")
        for each in others
    )
    return named[0] if len(named) == 1 and numbers else None


@range_check_ignores_null.fix
def count_missing_too(finding: Finding, bounded: Bounded, ctx: Context) -> Offer:
    """The missing values belong to the wrong ones."""
    change = Replace(bounded.end, f" OR {bounded.column} IS NULL")
    return Offer(f"Add OR {bounded.column} IS NULL", change, Applicability.UNSAFE)
