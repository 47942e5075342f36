"""Two models of a project have one name."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtNode
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="lineage/duplicate-name",
    wants=DbtNode,
    pattern="model-graph",
    since="0.1",
    messages={
        "twice": Message(
            Severity.ERROR,
            "The name {name} is also that of {other}.",
            "dbt refuses a project in which a ref could mean two things.",
            "Give one of them another name, or switch it off where the other is on.",
        ),
        "seed": Message(
            Severity.WARNING,
            "The name {name} is also that of a seed ({other}).",
            "A ref could mean either, and both would be built as one table.",
            "Give one of them another name.",
        ),
    },
)


@rule(META)
def duplicate_name(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    """Report a node whose name another one of the same project has, if both surely take part."""
    if node.kind not in ("model", "snapshot") or ctx.dbt.enabled(node) is not True:
        return
    for other in ctx.dbt.nodes(node.name):
        if (other.path, other.at.span) == (node.path, node.at.span) or ctx.dbt.enabled(other) is not True:
            continue
        if other.name != node.name or not ctx.dbt.complete:
            continue
        place = other.path.removeprefix(node.folder + "/")
        variant = "seed" if other.kind == "seed" else "twice"
        related = [Related(other.at, "the other one")] if other.kind != "seed" else []
        yield ctx.finding(variant, at=node.at, name=node.name, other=place, related=related)
        return
