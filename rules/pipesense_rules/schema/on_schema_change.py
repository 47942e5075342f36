"""An incremental model takes all columns of its source and drops new ones without a word."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtNode
from pipesense.model.dbt_change import SetConfig
from pipesense.model.sql import Role, Statement
from pipesense.model.value import Absent
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import constant

META = RuleMeta(
    id="schema/on-schema-change",
    wants=Statement,
    pattern="incremental-model",
    since="0.1",
    messages={
        "ignored": Message(
            Severity.HINT,
            "{name} takes all columns of {source}, and on_schema_change is not set.",
            "dbt ignores columns that appear later: the table keeps those of its first run.",
            "List the columns, or set on_schema_change='append_new_columns' or 'fail'.",
        ),
    },
)


@rule(META)
def on_schema_change(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """Report a star over a table in the outermost query of an incremental model."""
    name = ctx.model_of(statement)
    nodes = ctx.dbt.nodes(name) if name else ()
    if len(nodes) != 1 or constant(ctx, nodes[0], "materialized") != "incremental":
        return
    node = nodes[0]
    if not all(isinstance(ctx.dbt.setting(node, key), Absent) for key in ("on_schema_change", "contract")):
        return
    for block in statement.facts.blocks:
        if block.role is not Role.STATEMENT or block.branch or block.depth:
            continue
        for output in block.outputs:
            if output.name == "*" and len(block.every_source) == 1 and block.every_source[0].kind == "table":
                source = ".".join(block.every_source[0].parts)
                at = statement.at(output.span)
                yield ctx.finding("ignored", at=at, name=name, source=source.strip("{} "), subject=node)
                return


@on_schema_change.fix
def append(finding: Finding, node: object, ctx: Context) -> Offer | None:
    """New columns are added from the next run on."""
    if not isinstance(node, DbtNode) or node.config_at is None:
        return None
    change = SetConfig(node.at, node.config_at, "on_schema_change", "'append_new_columns'")
    return Offer("Set on_schema_change='append_new_columns'", change, Applicability.UNSAFE)
