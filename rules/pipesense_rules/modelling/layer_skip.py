"""A mart reads raw data directly."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtNode
from pipesense.model.flow import Pipeline
from pipesense.model.sql import Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import parents
from pipesense_rules.dbt_files import read_staging
from pipesense_rules.layers import edges

_RAW, _MIDDLE, _MART = 0, 2, 3

META = RuleMeta(
    id="modelling/layer-skip",
    wants=(DbtNode, Statement, Pipeline),
    pattern="model-layers",
    since="0.1",
    messages={
        "mart": Message(
            Severity.WARNING,
            "The mart {name} reads {what} without a layer between.",
            "Names, types and junk of the raw table then reach those who use the mart.",
            "Read a staging model of it.",
        ),
        "habit": Message(
            Severity.INFO,
            "The mart {name} reads {what} without a layer between, as many models of this project do.",
            "Names, types and junk of the raw table then reach those who use the mart.",
            "Read a staging model of it.",
        ),
        "middle": Message(
            Severity.INFO,
            "{name} reads {what} without a staging model between.",
            "Names and types of the raw table are then decided in several places.",
            "Read a staging model of it.",
        ),
        "table": Message(
            Severity.HINT,
            "{target} lies in gold and is made from {source}, which lies in bronze.",
            "Names, types and junk of the raw rows then reach those who use it.",
            "Read the silver table of it.",
        ),
    },
)


@rule(META)
def layer_skip(fact: DbtNode | Statement | Pipeline, ctx: Context) -> Iterator[Finding]:
    """Report the first edge from raw data to a mart or the middle; in layered projects only."""
    if isinstance(fact, DbtNode):
        yield from _of_model(fact, ctx)
        return
    for edge in edges(fact, ctx):
        if (edge.low.word, edge.high.word) == ("bronze", "gold"):
            yield ctx.finding("table", at=edge.read.loc, target=edge.write.dataset, source=edge.read.dataset)


def _of_model(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    if node.kind != "model" or not ctx.dbt.layered or ctx.dbt.enabled(node) is not True:
        return
    layer = ctx.dbt.layer(node)
    if layer not in (_MIDDLE, _MART):
        return
    variant = "middle"
    if layer == _MART:
        variant = "habit" if "sources" in ctx.dbt.habits else "mart"
    has_models = any(each.kind == "ref" and not each.hint for each in node.references)
    for reference in node.references:
        if reference.kind == "source" and reference.names and not has_models:
            what = f"the source {'.'.join(reference.names)}"
            yield ctx.finding(variant, at=reference.at, subject=(node, reference), name=node.name, what=what)
            return
    if layer == _MART:
        for reference, parent in parents(ctx, node):
            if parent.kind == "model" and ctx.dbt.layer(parent) == _RAW and not reference.hint:
                what = f"the raw model {parent.name}"
                variant = "habit" if "raw" in ctx.dbt.habits else variant
                yield ctx.finding(variant, at=reference.at, subject=(node, reference), name=node.name, what=what)
                return


@layer_skip.fix
def read_what_was_staged(finding: Finding, subject: object, ctx: Context) -> Offer | None:
    """Through the staging model of the table, which is written where there is none."""
    if not isinstance(subject, tuple):
        return None
    node, reference = subject
    return read_staging(node, reference, ctx) if reference.kind == "source" else None
