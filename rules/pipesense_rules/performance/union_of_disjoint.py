"""UNION looks for duplicates between queries whose rows cannot be equal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipesense.model.change import Replace, Rewrite
from pipesense.model.sql import Block, SetOperation, StatementFacts
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="performance/union-of-disjoint",
    wants=StatementFacts,
    given=("set_operations",),
    pattern="names-and-positions",
    since="0.1",
    roles=PRODUCTION | {FileRole.MACRO},
    scope=Scope.UNIT,
    messages={
        "disjoint": Message(
            Severity.INFO,
            "UNION compares rows that cannot be equal: {column} is {left} in one query and {right} in the other.",
            "It sorts or hashes all rows to find duplicates. Only those within one query can be any.",
            "Write UNION ALL; if one query gives duplicates, add DISTINCT there.",
        ),
    },
)


@rule(META)
def union_of_disjoint(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the first UNION of a chain in which every query has its own constant."""
    chains: dict[int, list[SetOperation]] = {}
    for operation in facts.set_operations:
        if operation.branches:
            chains.setdefault(id(operation.branches), []).append(operation)
    for chain in chains.values():
        distinct = tuple(each for each in chain if each.distinct and each.operator is not None)
        if not distinct or any(each.kind != "union" or each.by_name for each in chain):
            continue
        found = _constants(chain[0].branches)
        if found is not None and distinct[0].operator is not None:
            column, left, right = found
            at = distinct[0].operator
            yield ctx.finding("disjoint", at=at, subject=distinct, column=column, left=left, right=right)


@union_of_disjoint.fix
def write_union_all(finding: Finding, operations: tuple[SetOperation, ...], ctx: Context) -> Offer | None:
    """UNION ALL throughout the chain: rows that one of the queries gives twice then come out twice."""
    parts: list[Replace] = []
    for operation in operations:
        at = finding.loc.at(operation.operator) if operation.operator is not None else finding.loc
        words = ctx.text(at)
        if not re.fullmatch(r"union(\s+distinct)?", words, re.I):
            return None
        parts.append(Replace(at, "union all" if words.islower() else "UNION ALL"))
    return Offer("Write UNION ALL", Rewrite(tuple(parts)), Applicability.UNSAFE)


def _constants(branches: Sequence[Block | None]) -> tuple[str, str, str] | None:
    """A column in which every query gives another constant: its name and the first two of them."""
    blocks = [block for block in branches if block is not None]
    if len(blocks) < len(branches) or len(blocks) < 2:
        return None
    for index in range(min(len(block.outputs) for block in blocks)):
        values = [value for value in (_literal(block, index) for block in blocks) if value is not None]
        if len(values) == len(blocks) == len(set(values)):
            return blocks[0].outputs[index].name or f"column {index + 1}", values[0], values[1]
    return None


def _literal(block: Block, index: int) -> str | None:
    """The constant text or number that a query gives in a column."""
    if len(block.outputs) <= index or any(output.expr.op == "star" for output in block.outputs[:index]):
        return None
    expr = block.outputs[index].expr
    if expr.op != "literal" or expr.opaque:
        return None
    return f"'{expr.name}'" if expr.kind == "string" else expr.name
