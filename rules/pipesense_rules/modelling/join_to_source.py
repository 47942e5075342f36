"""A model joins a source to other models."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtNode, DbtReference
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_files import read_staging

_STAGING = 1

META = RuleMeta(
    id="modelling/join-to-source",
    wants=DbtNode,
    pattern="model-layers",
    since="0.1",
    messages={
        "joined": Message(
            Severity.WARNING,
            "{name} reads the source {source} beside other models.",
            "What is wrong with the raw table is then repaired here, and again in the next model that reads it.",
            "Read a staging model of {source}.",
        ),
        "habit": Message(
            Severity.INFO,
            "{name} reads the source {source} beside other models, as many models of this project read sources.",
            "What is wrong with the raw table is then repaired here, and again in the next model that reads it.",
            "Read a staging model of {source}.",
        ),
    },
)


@rule(META)
def join_to_source(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    """Report the first source of a model above staging that refers to models as well; in layered projects only."""
    if node.kind != "model" or not ctx.dbt.layered or ctx.dbt.enabled(node) is not True:
        return
    layer = ctx.dbt.layer(node)
    if layer is None or layer <= _STAGING:
        return
    source = next((each for each in node.references if each.kind == "source" and each.names), None)
    if source is None or not any(each.kind == "ref" and not each.hint for each in node.references):
        return
    variant = "habit" if "sources" in ctx.dbt.habits else "joined"
    yield ctx.finding(variant, at=source.at, subject=(node, source), name=node.name, source=".".join(source.names))


@join_to_source.fix
def read_what_was_staged(finding: Finding, subject: tuple[DbtNode, DbtReference], ctx: Context) -> Offer | None:
    """Through the staging model of the table, which is written where there is none."""
    return read_staging(*subject, ctx)
