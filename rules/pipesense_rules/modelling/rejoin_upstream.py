"""A model is joined with one that was made from it and serves nobody else."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtNode
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import parents

META = RuleMeta(
    id="modelling/rejoin-upstream",
    wants=DbtNode,
    pattern="model-layers",
    since="0.1",
    messages={
        "loop": Message(
            Severity.INFO,
            "{name} reads {first}, and {second}, which is made from {first} and read by nothing else.",
            "A model of its own for one step of one reader is one table more to build and to understand.",
            "Take what {second} does into this model, unless it is tested or stored for a reason.",
        ),
    },
)


@rule(META)
def rejoin_upstream(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    """Report a parent that has this one child, and only parents that this model reads as well."""
    if node.kind != "model" or not ctx.dbt.complete:
        return
    read = {parent.name: (reference, parent) for reference, parent in parents(ctx, node) if parent.kind == "model"}
    for name, (reference, parent) in read.items():
        above = [each for each in parent.references if each.kind == "ref"]
        if len(above) != 1 or above[0].name not in read or parent.opened or len(parent.references) != 1:
            continue
        if ctx.dbt.children(parent) == (node.name,) and not ctx.dbt.exposed_by(parent):
            yield ctx.finding("loop", at=reference.at, name=node.name, first=above[0].name, second=name)
