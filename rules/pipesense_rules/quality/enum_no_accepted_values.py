"""A column has a few values that the query spells out, and no test knows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from pipesense.model.dbt import DbtColumn, DbtEntry
from pipesense.model.dbt_change import AddToYaml
from pipesense.model.sql import Expr, Role, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import listed, tests_key, written_test

_MOST = 12
Subject: TypeAlias = tuple[DbtEntry, DbtColumn, tuple[str, ...]]

META = RuleMeta(
    id="quality/enum-no-accepted-values",
    wants=Statement,
    pattern="quality-checks",
    since="0.1",
    messages={
        "untested": Message(
            Severity.HINT,
            "{column} is one of {values}, and no test says so.",
            "Who filters by one of them later has nothing that breaks when a value is added or renamed here.",
            "Add accepted_values with these values.",
        ),
    },
)


@rule(META)
def enum_no_accepted_values(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """Report outputs of a described model whose CASE gives nothing but texts."""
    name = ctx.model_of(statement)
    nodes = ctx.dbt.nodes(name) if name else ()
    entries = ctx.dbt.entries(nodes[0]) if len(nodes) == 1 else ()
    if len(entries) != 1 or not entries[0].whole or statement.facts.error or statement.facts.unsure:
        return
    columns = {column.name.lower(): column for column in entries[0].columns if column.name and not column.is_open}
    for block in statement.facts.blocks:
        if block.role is not Role.STATEMENT or block.branch is not None or block.depth:
            continue
        for output in block.outputs:
            column = columns.get(output.name.lower())
            values = _texts(output.expr)
            if column is None or not 1 < len(values) <= _MOST:
                continue
            if any(each.name == "accepted_values" for each in column.tests):
                continue
            yield ctx.finding(
                *("untested",),
                at=statement.at(output.span),
                column=output.name,
                values=listed(values),
                related=[Related(column.at, "described here")],
                subject=(entries[0], column, values),
            )


@enum_no_accepted_values.fix
def accept_the_values(finding: Finding, subject: Subject, ctx: Context) -> Offer:
    """The values that the query spells out, in the YAML file that describes the column."""
    entry, column, values = subject
    test = written_test("accepted_values", {"values": [*values]}, entry, ctx)
    change = AddToYaml(column.body, (tests_key(entry, ctx),), (test,))
    return Offer(f"Test the values of {column.name}", change, Applicability.UNSAFE)


def _texts(expr: Expr) -> tuple[str, ...]:
    """The values of a CASE whose every branch is a text, the default too; () for anything else."""
    if expr.op != "case" or expr.opaque:
        return ()
    branches = [arg.args[1] for arg in expr.args if arg.op == "when" and len(arg.args) == 2]
    rest = [arg for arg in expr.args if arg.op != "when"]
    defaults = [arg for arg in rest if arg.span.start > expr.args[0].span.start] if expr.args[0].op != "when" else rest
    if not branches or len(defaults) != 1:
        return ()
    every = [*branches, defaults[0]]
    if not all(each.op == "literal" and each.kind == "string" for each in every):
        return ()
    return tuple(dict.fromkeys(each.name for each in every))
