"""Many models at the end of the graph hang on one."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtNode
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, Option, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import listed

_MIDDLE = 2

META = RuleMeta(
    id="modelling/model-fanout",
    wants=DbtNode,
    pattern="model-layers",
    since="0.1",
    messages={
        "many": Message(
            Severity.HINT,
            "{count} models that nothing reads are made from {name}: {children}.",
            "The same columns, filters and sums are then written once for each.",
            "See whether what they share belongs into a model between.",
        ),
    },
    options={"max_leaves": Option(int, 6, "How many models without readers may be made from one.")},
)


@rule(META)
def model_fanout(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    """Report marts and models in the middle; staging models are made to be read by many."""
    layer = ctx.dbt.layer(node) if node.kind == "model" and ctx.dbt.layered and ctx.dbt.complete else None
    if layer is None or layer < _MIDDLE:
        return
    leaves = [
        child.name
        for name in ctx.dbt.children(node)
        for child in ctx.dbt.nodes(name)
        if child.kind == "model" and not ctx.dbt.children(child)
    ]
    limit = ctx.option("max_leaves")
    if isinstance(limit, int) and len(leaves) > limit:
        yield ctx.finding("many", at=node.at, name=node.name, count=len(leaves), children=listed(leaves[:limit]))
