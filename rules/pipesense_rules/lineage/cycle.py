"""Models refer to each other in a circle."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Replace
from pipesense.model.dbt import DbtNode, DbtReference
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import listed

_WHY = "dbt cannot put the models in an order and refuses to run any of them."

META = RuleMeta(
    id="lineage/cycle",
    wants=DbtNode,
    pattern="model-graph",
    since="0.1",
    messages={
        "itself": Message(
            Severity.ERROR,
            "The model {name} refers to itself.",
            _WHY,
            "Write this for the rows that the model has from its last run.",
        ),
        "circle": Message(
            Severity.ERROR,
            "The models {names} refer to each other in a circle.",
            _WHY,
            "Move what they share into a model that both of them read.",
        ),
    },
)


@rule(META)
def cycle(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    """Report a reference that closes a circle, at each model on it."""
    if node.kind not in ("model", "snapshot") or ctx.dbt.enabled(node) is False:
        return
    members = ctx.dbt.cycle(node)
    for reference in node.references:
        if reference.kind != "ref" or reference.group:
            continue
        name = reference.name.lower()
        if name == node.name.lower() and not reference.version:
            yield ctx.finding("itself", at=reference.at, name=node.name, subject=reference)
        elif name in members and len(ctx.dbt.nodes(name)) == 1 == len(ctx.dbt.nodes(node.name)):
            yield ctx.finding("circle", at=reference.at, names=listed(members), subject=reference)


@cycle.fix
def write_this(finding: Finding, reference: DbtReference, ctx: Context) -> Offer | None:
    """``this`` is the model's own table, and the reference could mean nothing else."""
    text = ctx.text(reference.whole)
    if finding.variant != "itself" or not text.startswith("{{") or text.count("(") != 1:
        return None
    return Offer("Write {{ this }}", Replace(reference.whole, "{{ this }}"), Applicability.SAFE)
