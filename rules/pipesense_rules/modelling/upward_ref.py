"""A lower layer reads a higher one."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtNode
from pipesense.model.flow import Pipeline
from pipesense.model.sql import Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import parents
from pipesense_rules.layers import edges

_STAGING = 1
_NAMES = ("raw", "staging", "intermediate", "mart")

META = RuleMeta(
    id="modelling/upward-ref",
    wants=(DbtNode, Statement, Pipeline),
    pattern="model-layers",
    since="0.1",
    messages={
        "up": Message(
            Severity.WARNING,
            "The {low} model {name} reads the {high} model {parent}.",
            "Data flows up and down then: what is changed in the marts comes back into what they are made from.",
            "Read what {parent} is made from, or move this model up.",
        ),
        "habit": Message(
            Severity.INFO,
            "The {low} model {name} reads the {high} model {parent}, as many {low} models of this project read what is "
            "made from them.",
            "Data flows up and down then: what is changed in the marts comes back into what they are made from.",
            "Read what {parent} is made from, or move this model up.",
        ),
        "table": Message(
            Severity.HINT,
            "{target} lies in {low} and is filled from {source}, which lies in {high}.",
            "Data flows up and down then: what is changed in {high} comes back into what it is made from.",
            "Read what {source} is made from.",
        ),
    },
)


@rule(META)
def upward_ref(fact: DbtNode | Statement | Pipeline, ctx: Context) -> Iterator[Finding]:
    """Report edges from the middle or the marts to staging or raw; in layered projects only."""
    if isinstance(fact, DbtNode):
        yield from _of_model(fact, ctx)
        return
    for edge in edges(fact, ctx):
        if edge.low.rank > edge.high.rank:
            target, source = edge.write.dataset, edge.read.dataset
            yield ctx.finding(
                "table", at=edge.read.loc, target=target, source=source, low=edge.high.word, high=edge.low.word
            )


def _of_model(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    layer = ctx.dbt.layer(node) if node.kind == "model" and ctx.dbt.layered else None
    if layer is None or layer > _STAGING or ctx.dbt.enabled(node) is not True:
        return
    variant = "habit" if "upward" in ctx.dbt.habits else "up"
    for reference, parent in parents(ctx, node):
        high = ctx.dbt.layer(parent) if parent.kind == "model" and parent.folder == node.folder else None
        if high is not None and high > _STAGING and not reference.hint:
            yield ctx.finding(
                variant,
                at=reference.at,
                name=node.name,
                parent=parent.name,
                low=_NAMES[layer],
                high=_NAMES[high],
            )
