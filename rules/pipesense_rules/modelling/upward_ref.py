"""A lower layer reads a higher one."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtNode
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import parents

_STAGING = 1
_NAMES = ("raw", "staging", "intermediate", "mart")

META = RuleMeta(
    id="modelling/upward-ref",
    wants=DbtNode,
    pattern="model-layers",
    since="0.1",
    messages={
        "up": Message(
            Severity.WARNING,
            "The {low} model {name} reads the {high} model {parent}.",
            "Data flows up and down then: what is changed in the marts comes back into what they are made from.",
            "Read what {parent} is made from, or move this model up.",
        ),
    },
)


@rule(META)
def upward_ref(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    """Report edges from the middle or the marts to staging or raw; in layered projects only."""
    layer = ctx.dbt.layer(node) if node.kind == "model" and ctx.dbt.layered else None
    if layer is None or layer > _STAGING or ctx.dbt.enabled(node) is not True:
        return
    for reference, parent in parents(ctx, node):
        high = ctx.dbt.layer(parent) if parent.kind == "model" and parent.folder == node.folder else None
        if high is not None and high > _STAGING and not reference.hint:
            yield ctx.finding(
                *("up",),
                at=reference.at,
                name=node.name,
                parent=parent.name,
                low=_NAMES[layer],
                high=_NAMES[high],
            )
