"""A fact is joined to a dimension by a column, and nothing tests that the dimension has every value of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from pipesense.model.columns import Found
from pipesense.model.dbt import DbtColumn, DbtEntry, DbtNode
from pipesense.model.dbt_change import AddToYaml
from pipesense.model.sql import Block, Expr, Role, Source, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense_rules.dbt_facts import tests_key, written_test

META = RuleMeta(
    id="quality/fk-no-relationships",
    wants=Statement,
    pattern="quality-checks",
    since="0.1",
    messages={
        "untested": Message(
            Severity.HINT,
            "{column} leads to {dimension}, and no test says that every value of it is there.",
            "An inner join then loses the facts whose dimension is missing; a left join leaves them without a name.",
            "Add a relationships test on {column}.",
        ),
    },
)

Subject: TypeAlias = tuple[DbtEntry, DbtColumn, str, str]
_REF: Final = regex(r"\{\{-?\s*ref\(\s*['\"](?P<name>dim_\w+)['\"]\s*\)\s*-?\}\}")
_FACT: Final = regex(r"^(?:fct|fact)_", re.IGNORECASE)


@rule(META)
def fk_no_relationships(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """Report equal columns of a described fact and a dimension that it joins, once for each column."""
    name = ctx.model_of(statement)
    if not _FACT.match(name) or statement.facts.error or statement.facts.unsure:
        return
    nodes = ctx.dbt.nodes(name)
    entries = ctx.dbt.entries(nodes[0]) if len(nodes) == 1 else ()
    if len(entries) != 1 or not entries[0].whole or entries[0].versions:
        return
    entry = entries[0]
    listed = {column.name.lower(): column for column in entry.columns if column.name and not column.is_open}
    for block in statement.facts.blocks:
        if block.role is not Role.STATEMENT or block.depth:
            continue
        given = {output.name.lower() for output in block.outputs}
        for mine, theirs, dimension in _joined(block):
            column = listed.get(mine.path[-1].lower())
            if column is None or column.name.lower() not in given or _is_tested(column, mine, statement, ctx):
                continue
            del listed[column.name.lower()]
            yield ctx.finding(
                *("untested",),
                at=statement.at(mine.span),
                subject=(entry, column, dimension, theirs.path[-1]),
                column=column.name,
                dimension=dimension,
                related=[Related(column.at, "described here")],
            )


def _joined(block: Block) -> Iterator[tuple[Expr, Expr, str]]:
    """Columns of other sources that equal one of a joined dimension, with that one and the dimension's name."""
    for join in block.joins:
        match = _REF.fullmatch(join.source.parts[0]) if len(join.source.parts) == 1 else None
        if match is None or len(join.on) != 1 or join.on[0].op != "eq":
            continue
        sides = join.on[0].args
        if not all(side.op == "column" and len(side.path) == 2 for side in sides):
            continue
        theirs = [side for side in sides if side.path[0].casefold() == join.source.alias.casefold()]
        if len(theirs) == 1:
            mine = sides[1] if theirs[0] is sides[0] else sides[0]
            yield mine, theirs[0], match["name"]


def _is_tested(column: DbtColumn, mine: Expr, statement: Statement, ctx: Context) -> bool:
    """Whether the column, or the one of a model that it is read from, has a test of that kind."""
    if any("relationships" in test.name or "foreign" in test.name for test in column.tests):
        return True
    if "foreign_key" in column.constraints:
        return True
    use = next((each for each in statement.facts.columns if each.span == mine.span), None)
    bound = ctx.bind(use, statement) if use is not None else None
    source = bound.source if isinstance(bound, Found) else None
    for node in _nodes(source, ctx):
        for entry in ctx.dbt.entries(node):
            for other in entry.columns:
                if other.name.lower() == mine.path[-1].lower() and any("relationships" in t.name for t in other.tests):
                    return True
    return False


def _nodes(source: Source | None, ctx: Context) -> tuple[DbtNode, ...]:
    match = re.search(r"ref\(\s*['\"](\w+)['\"]", source.parts[-1]) if source is not None and source.parts else None
    return ctx.dbt.nodes(match[1]) if match is not None else ()


@fk_no_relationships.fix
def test_the_relationship(finding: Finding, subject: Subject, ctx: Context) -> Offer:
    """In the YAML file that describes the column, in the spelling of the project's version."""
    entry, column, dimension, field = subject
    test = written_test("relationships", {"to": f"ref('{dimension}')", "field": field}, entry, ctx)
    change = AddToYaml(column.body, (tests_key(entry, ctx),), (test,))
    return Offer(f"Test that {dimension} has every {column.name}", change, Applicability.UNSAFE)
