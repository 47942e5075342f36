"""A ``ref`` names a model that is switched off."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtNode
from pipesense.rule.context import Context
from pipesense.rule.dbt import Found
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="lineage/ref-disabled",
    wants=DbtNode,
    pattern="model-graph",
    since="0.1",
    roles=PRODUCTION | {FileRole.TEST},
    messages={
        "disabled": Message(
            Severity.WARNING,
            "{name} is switched off (enabled: false), and this model reads it.",
            "dbt stops with an error when an enabled model refers to a disabled one.",
            "Enable {name}, or switch this model off as well.",
        ),
    },
)


@rule(META)
def ref_disabled(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    """Report references of an enabled node to nodes that are surely switched off."""
    if node.kind == "analysis" or ctx.dbt.enabled(node) is not True:
        return
    for reference in node.references:
        if reference.kind != "ref" or reference.optional:
            continue
        found = ctx.dbt.ref(reference)
        if isinstance(found, Found) and all(
            each.kind in ("model", "snapshot") and ctx.dbt.enabled(each) is False for each in found.several
        ):
            yield ctx.finding("disabled", at=reference.at, name=reference.name)
